"""What an event of the feed is called outside, and what it is about. These names are stable: receivers filter by them.

docs/webhooks.md lists them; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from actions.backend import events
from actions.backend.views import Event

PREFIX = "lotse"
ANY = "*"
TEST = f"{PREFIX}.webhook.test"
GROUPS = ("order", "dispute", "infraction", "appeal", "notice", "handover", "feedback", "person", "webhook")

#: Commands of audit rows; those on an order's disputes and those on an appeal share the name `withdraw`.
ORDER_COMMANDS: Mapping[str, str] = {
    "put_order": "order.updated",
    "force_cancel": "order.force_cancelled",
    "request_update": "dispute.opened",
    "request_cancellation": "dispute.opened",
    "request_extension": "dispute.opened",
    "answer_update": "dispute.answered",
    "accept": "dispute.accepted",
    "decline": "dispute.declined",
    "withdraw": "dispute.withdrawn",
    "expire": "dispute.expired",
}
APPEAL_COMMANDS: Mapping[str, str] = {
    "draft": "appeal.drafted",
    "edit": "appeal.edited",
    "attach_evidence": "appeal.evidence_attached",
    "submit": "appeal.submitted",
    "withdraw": "appeal.withdrawn",
    "decide": "appeal.decided",
    "lapse": "appeal.lapsed",
    "warn": "appeal.deadline_near",
}
OTHER_COMMANDS: Mapping[tuple[str, str], str] = {
    ("infraction", "put_infraction"): "infraction.updated",
    ("webhook", "create_webhook"): "webhook.created",
    ("webhook", "change_webhook"): "webhook.changed",
    ("webhook", "rotate_webhook_secret"): "webhook.secret_rotated",
    ("webhook", "disable_webhook"): "webhook.disabled",
    ("webhook", "delete_webhook"): "webhook.deleted",
}


def type_of(event: Event) -> str:
    """The event's type, e.g. `lotse.dispute.opened`; a notice's ends with its code, e.g. `lotse.notice.withdrawn`."""
    data = event.data
    if event.kind == events.NOTICE:
        return f"{PREFIX}.notice.{data.get('code')}"
    if event.kind != events.CHANGE:
        return f"{PREFIX}.{data.get('type') or event.kind}"  # handovers and feedback bring their type along
    command = str(data.get("command"))
    about = data.get("subject")
    kind = str(about["kind"]) if isinstance(about, Mapping) else "order"
    known = {"order": ORDER_COMMANDS, "appeal": APPEAL_COMMANDS}.get(kind, {}).get(command)
    return f"{PREFIX}.{known or OTHER_COMMANDS.get((kind, command)) or f'{kind}.{command}'}"


def subject_of(event: Event) -> str | None:
    """What the event is about, as the API names it: orders/FO-1, appeals/A-…, handovers/H-…; None for nothing."""
    data = event.data
    about = data.get("subject")
    appeal_id = (data.get("params") or {}).get("appeal_id")
    if isinstance(about, Mapping):
        return f"{about['kind']}s/{about['id']}"
    if appeal_id:
        return f"appeals/{appeal_id}"
    if event.order_id:
        return f"orders/{event.order_id}"
    for name, path in (("handover_id", "handovers"), ("feedback_id", "feedback")):
        if data.get(name):
            return f"{path}/{data[name]}"
    return None


def wanted(event: Event, patterns: Iterable[str]) -> bool:
    """Whether a receiver with these patterns wants this event: `*`, its type, or all below one (`lotse.dispute.*`)."""
    type_ = type_of(event)
    return any(
        pattern in (ANY, type_) or (pattern.endswith(".*") and type_.startswith(pattern[:-1])) for pattern in patterns
    )


def message_id(seq: int) -> str:
    """The id by which receivers recognise a repeat: the same at every try and every re-sending of this event."""
    return f"evt_{seq}"


def as_cloud_event(event: Event, source: str) -> dict[str, Any]:
    """The event as CloudEvents 1.0 in structured mode; `data` is the entry of `GET /v1/events`.

    `sequence` is the feed's number as CloudEvents' extension of that name wants it: ordered as a text.
    """
    subject = subject_of(event)
    return {
        "specversion": "1.0",
        "id": message_id(event.seq),
        "source": source,
        "type": type_of(event),
        **({"subject": subject} if subject else {}),
        "time": event.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": f"{event.seq:020d}",
        "data": event.to_json(),
    }
