"""What the gateway counts, for Prometheus. Routes are patterns, never paths: no label names a person or an order."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from actions.backend.metrics import SECONDS

REQUESTS = Counter("lotse_http_requests_total", "Requests by route and status", ("method", "route", "status"))
REQUEST_SECONDS = Histogram("lotse_http_request_seconds", "Time until the answer", ("route",), buckets=SECONDS)
RATE_LIMITED = Counter("lotse_rate_limited_total", "Requests refused because there were too many", ("limit",))
FAILED_AUTHENTICATIONS = Counter("lotse_failed_authentications_total", "Keys and tokens that were not valid")
TURNS = Counter(
    "lotse_turns_total",
    "Tries to answer a message: answered, later (a part is down), given_up, broken (our mistake)",
    ("outcome",),
)
TURN_SECONDS = Histogram("lotse_turn_seconds", "From a stored message to its stored answer", buckets=SECONDS)
ENGINE_SECONDS = Histogram("lotse_engine_seconds", "Time that Rasa and the actions took", buckets=SECONDS)
SOCKETS = Gauge("lotse_open_sockets", "Live connections")
NOTICES = Counter("lotse_notices_total", "Notices by what became of them: delivered or failed", ("outcome",))
WEBHOOK_TRIES = Counter(
    "lotse_webhook_tries_total", "Events sent, by what came of it: delivered, again (later), given_up", ("outcome",)
)
WEBHOOK_SECONDS = Histogram("lotse_webhook_seconds", "Time until a receiver answered", buckets=(*SECONDS, 20.0))
LOOP_LAG = Gauge("lotse_loop_lag_seconds", "Since background work last succeeded", ("loop",))

# Read from the database when asked for, and so the same from every gateway: use max, not sum.
OUTBOX_WAITING = Gauge("lotse_outbox_waiting", "Notices not delivered yet")
OUTBOX_AGE = Gauge("lotse_outbox_oldest_seconds", "Age of the oldest notice that is not delivered yet")
PENDING_MESSAGES = Gauge("lotse_pending_messages", "Messages that are owed an answer")
PENDING_AGE = Gauge("lotse_pending_oldest_seconds", "Age of the oldest message that is owed an answer")
SWEEPER_LAG = Gauge("lotse_sweeper_lag_seconds", "Since the oldest instant that passed and was not swept yet")
OPEN_DISPUTES = Gauge("lotse_open_disputes", "Open disputes", ("kind",))
OPEN_APPEALS = Gauge("lotse_open_appeals", "Appeals that wait for a decision")
WEBHOOKS = Gauge("lotse_webhooks", "Receivers of events: enabled or disabled", ("state",))
WEBHOOK_WAITING = Gauge("lotse_webhook_waiting", "Events that enabled receivers have not got yet")
WEBHOOK_FAILING = Gauge("lotse_webhook_failing", "Of these, tried in vain at least once")
WEBHOOK_AGE = Gauge("lotse_webhook_oldest_seconds", "Age of the oldest of these")
