"""What the backend and the handlers count, for Prometheus. Labels are words of ours, never people, orders or texts."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

#: Seconds, from a quick answer to what a person would call broken.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

COMMANDS = Counter("lotse_commands_total", "Commands that were carried out", ("command", "origin"))
REFUSALS = Counter("lotse_refusals_total", "Reasons why a command was refused", ("command", "rule", "code", "origin"))
UNDETERMINED = Counter("lotse_undetermined_total", "Commands that missing facts left undecided", ("command", "origin"))
UNDERSTOOD = Counter(
    "lotse_messages_understood_total",
    "Messages by how they were understood: pressed (a button), sure, unsure (below the threshold), missed (a fallback)",
    ("language", "outcome"),
)
DATABASE_ERRORS = Counter("lotse_database_errors_total", "Writes and reads for which the database did not answer")
ACTION_SECONDS = Histogram("lotse_action_seconds", "Time of one action, by its intent", ("action",), buckets=SECONDS)


def carried_out(command: str, origin: str, *, done: bool) -> None:
    """Count a command that was carried out just now; not `done`, or only repeated, is not counted."""
    if done:
        COMMANDS.labels(command, origin).inc()
