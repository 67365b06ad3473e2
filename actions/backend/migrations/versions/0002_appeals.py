"""Infractions, appeals, evidence"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[Any]:
    kind = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    return sa.Column(name, kind, nullable=nullable, server_default=sa.text(default) if default else None)


def _table(name: str, *columns: Any) -> None:
    op.create_table(name, _text("id"), *columns, sa.PrimaryKeyConstraint("id", name=f"pk_{name}"))


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    _table(
        "infractions",
        *(_text("seller_id"), _text("type")),
        *(_instant("issued_at", nullable=True), _instant("notified_at", nullable=True)),
        *(_text("order_id", nullable=True), _text("listing", nullable=True), _text("title")),
        *(_instant("updated_at"), _text("status")),
        *(_instant("reversed_at", nullable=True), _text("reversed_by", nullable=True)),
    )
    _index("ix_infractions_seller_id", "infractions", "seller_id")
    _index("ix_infractions_order_id", "infractions", "order_id")
    _table(
        "appeals",
        *(_text(name) for name in ("seller_id", "type", "claim", "claim_id", "subject_kind", "subject_id")),
        *(_text("order_id", nullable=True), _text("infraction_id", nullable=True)),
        *(_text("title"), _text("ground"), _text("tracking_number", nullable=True)),
        *(_text("status"), _number("version"), _instant("created_at")),
        *(_instant("filed_at", nullable=True), _instant("closes_at", nullable=True)),
        *(_number("attempt", nullable=True), _instant("warned_at", nullable=True)),
        *(_instant("ended_at", nullable=True), _text("decision_reason", nullable=True)),
    )
    open_status = "status IN ('draft', 'submitted')"
    _index("uq_appeals_one_open", "appeals", "seller_id", "claim", "claim_id", unique=True, where=open_status)
    _index("ix_appeals_closing", "appeals", "closes_at", "id", where="status = 'submitted'")
    for column in ("seller_id", "order_id", "infraction_id"):
        _index(f"ix_appeals_{column}", "appeals", column)
    _table(
        "evidence",
        *(_text("appeal_id"), _number("number"), _text("kind"), _text("url", nullable=True)),
        sa.Column("carrier_listed", sa.Boolean(), nullable=False),
        *(_text("digest", nullable=True), _text("media_type", nullable=True), _number("size", nullable=True)),
        _instant("added_at"),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name="fk_evidence_appeal_id"),
    )
    _index("ix_evidence_appeal_id_number", "evidence", "appeal_id", "number", unique=True)
    _table(
        "appeal_proposals",
        *(_text("conversation_id"), _text("actor_role"), _text("actor_id"), _text("command")),
        *(_json("items"), _json("left_out")),
        *(_instant("expires_at"), _instant("real_expires_at")),
        *(_text("status"), _text("confirmed_by", nullable=True), _json("outcomes", nullable=True)),
    )
    _index("ix_appeal_proposals_conversation_id", "appeal_proposals", "conversation_id")
    op.add_column("orders", _json("moved_refunds", default="'[]'"))
    for table in ("events", "outbox", "conversations"):
        op.add_column(table, _text("appeal_id", nullable=True))
    _index("ix_events_appeal_id_seq", "events", "appeal_id", "seq", where="appeal_id IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_events_appeal_id_seq", "events")
    for table in ("events", "outbox", "conversations"):
        op.drop_column(table, "appeal_id")
    op.drop_column("orders", "moved_refunds")
    for table in ("appeal_proposals", "evidence", "appeals", "infractions"):
        op.drop_table(table)
