"""What the Rasa process counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from actions.backend.metrics import SECONDS

TURNS = Counter(
    "lotse_rasa_turns_total",
    "Messages by what became of them: answered, failed (an action or a store, it is sent again), broken (our mistake)",
    ("outcome",),
)
TURN_SECONDS = Histogram("lotse_rasa_turn_seconds", "Time of a message in Rasa, actions included", buckets=SECONDS)
ACTION_CALL_SECONDS = Histogram("lotse_rasa_action_call_seconds", "Time of a call of an action", buckets=SECONDS)
