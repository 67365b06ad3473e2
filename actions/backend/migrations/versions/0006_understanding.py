"""What was refused and what was understood, for review"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_refusals"),
    )
    op.create_index("ix_refusals_at", "refusals", ["at"])
    op.create_table(
        "understood",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("ranking", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("next_kind", sa.String(), nullable=True),
        sa.Column("next_intent", sa.String(), nullable=True),
        sa.Column("next_text", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_understood"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_understood_message_id", "understood", ["message_id"], unique=True)
    op.create_index("ix_understood_conversation_id_id", "understood", ["conversation_id", "id"])
    op.create_index("ix_understood_at", "understood", ["at"])


def downgrade() -> None:
    op.drop_table("understood")
    op.drop_table("refusals")
