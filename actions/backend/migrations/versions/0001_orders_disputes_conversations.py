"""Orders, disputes, conversations"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, nullable: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable, primary_key=key)


def _number(name: str, *, nullable: bool = False, key: bool = False, big: bool = False) -> sa.Column[Any]:
    return sa.Column(name, NUMBER if big else sa.Integer(), nullable=nullable, primary_key=key, autoincrement=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=nullable)


def _table(name: str, *columns: Any, **options: Any) -> None:
    key = [column.name for column in columns if isinstance(column, sa.Column) and column.primary_key]
    plain = [_unkeyed(column) for column in columns]
    op.create_table(name, *plain, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"), **options)


def _unkeyed(column: Any) -> Any:
    if isinstance(column, sa.Column):
        column.primary_key = False
    return column


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    _table("test_clock", _number("id", key=True), _instant("instant"))
    _table("counters", _text("name", key=True), _number("value", big=True))
    _table(
        "people",
        *(_text("role", key=True), _text("id", key=True)),
        *(_text(name, nullable=True) for name in ("locale", "zoneinfo", "name")),
        *(_text(name, nullable=True) for name in ("token_locale", "token_zoneinfo", "token_name")),
    )
    _table(
        "orders",
        *(_text("id", key=True), _text("customer_id"), _text("seller_id"), _text("title"), _text("state")),
        *(_number("version"), _instant("updated_at")),
        *(_instant(name, nullable=True) for name in ("expected_delivery_at", "agreed_delivery_at", "delivered_at")),
        *(_instant(name, nullable=True) for name in ("released_at", "confirmed_fulfilled_at")),
        *(_text("cancelled_by", nullable=True), sa.Column("cancelled_by_us", sa.Boolean(), nullable=False)),
        *(_json("tracking", nullable=True), _json("refunds")),
    )
    _index("ix_orders_customer_id", "orders", "customer_id")
    _index("ix_orders_seller_id", "orders", "seller_id")
    _table(
        "disputes",
        *(
            _text("id", key=True),
            _text("order_id"),
            _number("number"),
            _text("kind"),
            _text("filed_by"),
            _text("status"),
        ),
        *(_instant("opened_at"), _instant("due_at", nullable=True), _instant("closed_at", nullable=True)),
        *(_text("text"), _text("reason", nullable=True), _text("answer", nullable=True)),
        _instant("new_delivery_at", nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_disputes_order_id"),
    )
    _index("uq_disputes_one_open", "disputes", "order_id", unique=True, where="status = 'open'")
    _index("ix_disputes_due", "disputes", "due_at", where="status = 'open'")
    _index("ix_disputes_order_id_number", "disputes", "order_id", "number", unique=True)
    _table(
        "events",
        *(_number("seq", key=True, big=True), _instant("at"), _instant("recorded_at")),
        *(_text("kind"), _text("order_id", nullable=True), _json("data")),
    )
    _index("ix_events_order_id_seq", "events", "order_id", "seq")
    _table(
        "idempotency",
        *(_text("value", key=True), _text("command", key=True), _text("subject", key=True)),
        *(_text("fingerprint"), _json("outcome"), _instant("recorded_at")),
    )
    _index("ix_idempotency_recorded_at", "idempotency", "recorded_at")
    _table(
        "proposals",
        *(_text("id", key=True), _text("conversation_id"), _text("order_id"), _text("actor_role"), _text("actor_id")),
        *(_json("command"), _json("effects"), _number("order_version")),
        *(_instant("made_at"), _instant("expires_at"), _instant("real_expires_at")),
        *(_text("status"), _text("confirmed_by", nullable=True), _json("outcome", nullable=True)),
    )
    _index("ix_proposals_conversation_id_order_id", "proposals", "conversation_id", "order_id")
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, nullable=False),
        *(_text("recipient_role"), _text("recipient_id"), _text("code"), _json("params")),
        *(_text("order_id", nullable=True), _text("dispute_id", nullable=True)),
        *(_instant("created_at"), _number("attempts"), _instant("retry_at", nullable=True)),
        _instant("delivered_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    _index("ix_outbox_waiting", "outbox", "id", where="delivered_at IS NULL")
    _table(
        "conversations",
        *(_text("id", key=True), _text("iss", nullable=True), _text("role"), _text("sub")),
        *(_number(name) for name in ("last_seq", "delivered_seq", "seen_seq", "pending")),
        *(_text("lease_owner", nullable=True), _instant("lease_until", nullable=True)),
        *(_instant("retry_at", nullable=True), _instant("used_at")),
    )
    _index("uq_conversations_identity", "conversations", "role", "sub", "iss", unique=True)
    _index("uq_conversations_unclaimed", "conversations", "role", "sub", unique=True, where="iss IS NULL")
    _index("ix_conversations_unanswered", "conversations", "retry_at", where="pending > 0")
    _table(
        "messages",
        *(_text("conversation_id", key=True), _number("seq", key=True), _text("id"), _text("author"), _text("state")),
        *(_text("text"), _instant("at"), _text("client_id", nullable=True)),
        *(_text("payload", nullable=True), _text("action", nullable=True), _text("in_reply_to", nullable=True)),
        *(sa.Column("waiting", sa.Boolean(), nullable=False), _json("buttons"), _json("custom")),
        *(_number("last_seen_seq"), _number("attempts"), _number("outbox_id", nullable=True, big=True)),
        *(_text(name, nullable=True) for name in ("code", "order_id", "dispute_id")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id"),
    )
    _index("uq_messages_client_id", "messages", "conversation_id", "client_id", unique=True)
    _index("uq_messages_outbox_id", "messages", "outbox_id", unique=True)
    _index("ix_messages_unanswered", "messages", "conversation_id", "seq", where="state = 'pending'")


def downgrade() -> None:
    for table in ("messages", "conversations", "outbox", "proposals", "idempotency", "events", "disputes", "orders"):
        op.drop_table(table)
    for table in ("people", "counters", "test_clock"):
        op.drop_table(table)
