"""Start-up and shutdown hooks for the action server."""

from __future__ import annotations

from actions.handlers.resources import holder


async def startup() -> None:
    """Open the backend and read the texts before the first message."""
    await holder.get()


async def shutdown() -> None:
    """Close the database connections."""
    await holder.close()
