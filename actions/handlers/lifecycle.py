"""Start-up and shutdown hooks for the process that runs the actions."""

from __future__ import annotations

from actions.handlers.resources import holder, texts


def prepare() -> None:
    """Read the texts: what processes that are forked from this one can share."""
    texts()


async def startup() -> None:
    """Open the backend before the first message."""
    await holder.get()


async def shutdown() -> None:
    """Close the database connections."""
    await holder.close()
