"""Export, deletion, retention"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("pseudonym", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    running = "finished_at IS NULL"
    _index("uq_erasures_running", "erasures", "role", "person_id", unique=True, where=running)
    _index("ix_erasures_tried_at", "erasures", "tried_at", where=running)
    op.create_table(
        "forgotten_conversations",
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_forgotten_conversations"),
    )
    _index("ix_forgotten_conversations_at", "forgotten_conversations", "at")
    # What a deletion asks for, and retention every minute.
    _index("ix_outbox_order_id", "outbox", "order_id")
    _index("ix_idempotency_subject", "idempotency", "subject")
    _index("ix_conversations_used_at", "conversations", "used_at")
    _index("ix_outbox_delivered_at", "outbox", "delivered_at", where="delivered_at IS NOT NULL")
    _index("ix_events_recorded_at", "events", "recorded_at")
    _index("ix_proposals_real_expires_at", "proposals", "real_expires_at")
    _index("ix_appeal_proposals_real_expires_at", "appeal_proposals", "real_expires_at")
    _index("ix_disputes_closed_at", "disputes", "closed_at", where="closed_at IS NOT NULL")
    _index("ix_appeals_ended_at", "appeals", "ended_at", where="ended_at IS NOT NULL")
    _index("ix_evidence_digest", "evidence", "digest")


def downgrade() -> None:
    for name, table in (
        ("ix_evidence_digest", "evidence"),
        ("ix_appeals_ended_at", "appeals"),
        ("ix_disputes_closed_at", "disputes"),
        ("ix_appeal_proposals_real_expires_at", "appeal_proposals"),
        ("ix_proposals_real_expires_at", "proposals"),
        ("ix_events_recorded_at", "events"),
        ("ix_outbox_delivered_at", "outbox"),
        ("ix_conversations_used_at", "conversations"),
        ("ix_idempotency_subject", "idempotency"),
        ("ix_outbox_order_id", "outbox"),
    ):
        op.drop_index(name, table)
    for table in ("forgotten_conversations", "erasures"):
        op.drop_table(table)
