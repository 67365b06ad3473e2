"""What must be in the database after a conversation about appeals: these appeals, each with its trail, and no other."""

from __future__ import annotations

from typing import Any

from tests.conversation.play import Play, same_instant
from tests.conversation.script import instant

_APPEAL = frozenset(
    {"type", "status", "ground", "evidence", "attempt", "filed", "last_day", "tracking", "reason", "warned"}
)
_INFRACTION = frozenset({"status", "appeals"})
_TRAIL = {
    "draft": [],
    "submitted": ["submit"],
    "approved": ["submit", "decide"],
    "rejected": ["submit", "decide"],
    "withdrawn": ["submit", "withdraw"],
    "lapsed": ["submit", "lapse"],
}
_PREPARING = frozenset({"draft", "edit", "attach_evidence", "attach"})


def score_appeals(play: Play, feed: list[dict[str, Any]]) -> set[str]:
    """Compare all infractions and appeals with what the conversation expects; the ids of the appeals."""
    for key in play.penalties.ids:
        expected = dict(play.conversation.then.get(key) or {})
        assert not set(expected) - _INFRACTION, f"unknown in then.{key}: {sorted(set(expected) - _INFRACTION)}"
        status = play.market.infraction(play.penalties.ids[key])["status"]
        assert status == expected.get("status", "active"), f"{key} is {status}"
    mine: set[str] = set()
    for key in (*play.penalties.ids, *play.order_ids):
        appeals = play.penalties.appeals(key)
        wanted = (play.conversation.then.get(key) or {}).get("appeals") or []
        assert len(appeals) == len(wanted), f"{key}: {[(a['type'], a['status']) for a in appeals]}"
        for appeal, want in zip(appeals, wanted, strict=True):
            mine.add(appeal["id"])
            _score_appeal(play, appeal, want)
            _score_trail([event for event in feed if of_appeal(event) == appeal["id"]], appeal, want)
    for person in play.people.values():
        beside = {appeal["id"] for appeal in play.market.appeals(person.id)} - mine
        assert not beside, f"appeals on something else: {beside}"
    return mine


def of_appeal(event: dict[str, Any]) -> str | None:
    """The appeal that a change or a notice is about."""
    if event["kind"] == "notice":
        return event["params"].get("appeal_id")
    subject = event.get("subject") or {}
    return str(subject["id"]) if subject.get("kind") == "appeal" else None


def _score_appeal(play: Play, appeal: dict[str, Any], want: dict[str, Any]) -> None:
    assert not set(want) - _APPEAL, f"unknown of an appeal: {sorted(set(want) - _APPEAL)}"
    got = {"type": appeal["type"], "status": appeal["status"]}
    assert got == {name: want[name] for name in got}, f"{got}, expected {want}"
    if appeal["status"] != "draft":
        assert appeal["ground"], "an appeal without a ground (W-01)"
    found = {
        "ground": appeal["ground"],
        "evidence": [item["kind"] for item in appeal["evidence"]],
        "attempt": appeal["attempt"],
        "last_day": appeal["last_day"],
        "tracking": appeal["tracking_number"],
        "reason": appeal["decision_reason"],
    }
    expected = {"evidence": [], "attempt": 1, "tracking": None, **want}
    for name, value in found.items():
        if name in expected:
            assert value == play.fill(_text(expected[name])), f"{name}: {value!r}, expected {expected[name]!r}"
    if "filed" in want:
        assert same_instant(appeal["filed_at"], instant(want["filed"], play.conversation.now)), appeal["filed_at"]


def _score_trail(events: list[dict[str, Any]], appeal: dict[str, Any], want: dict[str, Any]) -> None:
    changes = [event for event in events if event["kind"] == "change" and event["command"] not in _PREPARING]
    expected = list(_TRAIL[appeal["status"]])
    if appeal["status"] == "withdrawn" and appeal["filed_at"] is None:
        expected = ["withdraw"]
    if want.get("warned"):
        expected.insert(1, "warn")
    assert [event["command"] for event in changes] == expected, f"{appeal['id']}: {changes}"
    for event in changes:
        assert event["rules"] and event["policy_version"], f"a change without its rules: {event}"


def _text(value: Any) -> Any:
    """YAML reads a day as a date."""
    return value.isoformat() if hasattr(value, "isoformat") else value
