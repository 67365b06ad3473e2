"""Rasa's events by the names that stand in what is stored and sent."""

from __future__ import annotations

from functools import cache

from rasa.shared.core.events import Event


@cache
def event_class(type_name: str) -> type[Event]:
    """Rasa looks through all classes of events for each event that it reads: a quarter of a turn."""
    return Event.resolve_by_type(type_name)
