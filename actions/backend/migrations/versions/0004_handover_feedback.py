"""Handover to a desk, feedback"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]


def _instant(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=only, postgresql_where=only)


def _of_a_conversation(table: str) -> tuple[sa.ForeignKeyConstraint, sa.PrimaryKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=f"fk_{table}_conversation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "handovers",
        *(*_text("id"), _number("number")),
        *_text("conversation_id", "actor_role", "actor_id", "status", "scope", "locale", "sentence"),
        sa.Column("material", json, nullable=False),
        *_instant("offered_at", "expires_at"),
        *(*_text("confirmed_by", nullable=True), sa.Column("started_seq", sa.Integer(), nullable=True)),
        *_instant("requested_at", "answered_at", "heard_at", nullable=True),
        *_text("agent_name", nullable=True),
        *(*_instant("closed_at", nullable=True), *_text("closed_by", nullable=True)),
        *_of_a_conversation("handovers"),
    )
    is_open = "status IN ('waiting', 'active')"
    _index("uq_handovers_one_open", "handovers", "conversation_id", unique=True, where=is_open)
    _index("ix_handovers_conversation_id", "handovers", "conversation_id")
    _index("ix_handovers_actor_role_actor_id", "handovers", "actor_role", "actor_id")
    _index("ix_handovers_number", "handovers", "number", unique=True)
    _index("ix_handovers_heard_at", "handovers", "heard_at", where=is_open)
    op.create_table(
        "feedback",
        *(*_text("id"), _number("number")),
        *_text("conversation_id", "actor_role", "actor_id", "case_kind", "case_id"),
        *_text("order_id", nullable=True),
        *(*_text("outcome", "asked_by"), *_instant("asked_at")),
        *(*_text("rating", nullable=True), *_instant("rated_at", nullable=True)),
        *(*_text("comment", nullable=True), *_instant("commented_at", nullable=True)),
        *_of_a_conversation("feedback"),
    )
    _index("uq_feedback_once", "feedback", "actor_role", "actor_id", "case_kind", "case_id", unique=True)
    _index("ix_feedback_number", "feedback", "number", unique=True)
    _index("ix_feedback_conversation_id", "feedback", "conversation_id")
    for table in ("conversations", "messages"):
        op.add_column(table, *_text("handover_id", nullable=True))
    _index("ix_messages_handover_id_seq", "messages", "handover_id", "seq", where="handover_id IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_messages_handover_id_seq", "messages")
    for table in ("messages", "conversations"):
        op.drop_column(table, "handover_id")
    for table in ("feedback", "handovers"):
        op.drop_table(table)
