"""Webhooks"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]


def _instant(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        *_text("id", "url"),
        _json("types"),
        *_text("description"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        *_text("disabled_reason", nullable=True),
        _json("secrets"),
        *_instant("created_at"),
        _number("position"),
        sa.Column("failures", sa.Integer(), nullable=False),
        *_instant("rest_until", nullable=True),
        *_text("lease_owner", nullable=True),
        *_instant("lease_until", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_url", "webhooks", ["url"], unique=True)
    op.create_table(
        "webhook_deliveries",
        *_text("webhook_id"),
        _number("seq"),
        *_text("type", "status"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _json("tries"),
        *_instant("since", "next_at", "settled_at", nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name="fk_webhook_deliveries_webhook_id"),
        sa.PrimaryKeyConstraint("webhook_id", "seq", name="pk_webhook_deliveries"),
    )
    waiting = sa.text("status = 'waiting'")
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["webhook_id", "next_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_id_status_seq", "webhook_deliveries", ["webhook_id", "status", "seq"]
    )
    op.create_index("ix_webhook_deliveries_settled_at", "webhook_deliveries", ["settled_at"])


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
