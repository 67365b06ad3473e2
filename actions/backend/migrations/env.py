"""Alembic's environment: it runs on the connection that actions.backend.migrate opened."""

from alembic import context

from actions.backend import (  # noqa: F401 - their tables belong to the metadata
    appeal_tables,
    chat_tables,
    handover_tables,
    ops_tables,
    review_tables,
    rights_tables,
    webhook_tables,
)
from actions.backend.tables import Base

connection = context.config.attributes["connection"]
if connection is None:
    raise SystemExit("use: python -m actions.backend.migrate [url]")
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
