"""What must be in the database after a conversation: what was agreed on, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.conversation.appeal_scoring import of_appeal, score_appeals
from tests.conversation.desk_scoring import score_desk, score_feedback
from tests.conversation.play import Play, same_instant
from tests.conversation.script import instant

_DISPUTE = frozenset({"kind", "by", "status", "text", "reason", "answer", "due", "new"})
_ORDER = frozenset({"state", "agreed", "disputes", "events", "refunds", "appeals"})

_PUSHES = frozenset({"put_order", "put_infraction"})


def score(play: Play) -> None:
    """Compare every order, infraction and appeal, their trails and notices with what the conversation expects."""
    play.market.clock(play.now)  # returns when every notice has been delivered
    told: dict[str, list[str]] = {"customer": [], "seller": []}
    for key, order_id in play.order_ids.items():
        _score_order(play, key, play.market.events(order_id))
    feed = play.market.feed(play.began)
    appeals = score_appeals(play, feed)
    mine = set(play.order_ids.values())
    notices = [e for e in feed if e["kind"] == "notice" and (e["order_id"] in mine or of_appeal(e) in appeals)]
    for notice in notices:
        _only_the_parties(play, notice)
        told[notice["recipient"]["role"]].append(notice["code"])
    expected = {"customer": [], "seller": [], **play.conversation.told}
    assert told == expected, f"told {told}, expected {expected}"
    _each_once(play, notices)
    score_desk(play)
    score_feedback(play)


def _score_order(play: Play, key: str, events: list[dict[str, Any]]) -> None:
    expected = dict(play.conversation.then.get(key) or {})
    assert not set(expected) - _ORDER, f"unknown in then.{key}: {sorted(set(expected) - _ORDER)}"
    order = play.market.order(play.order_ids[key])
    start = play.conversation.now
    assert order["state"] == expected.get("state", play.pushed[key]["state"]), f"{key} is {order['state']}"
    agreed: datetime | None = instant(expected["agreed"], start) if expected.get("agreed") else None
    assert same_instant(order["agreed_delivery_at"], agreed), f"{key}: agreed {order['agreed_delivery_at']}"
    disputes, wanted = order["disputes"], expected.get("disputes") or []
    assert len(disputes) == len(wanted), f"{key}: {[(d['kind'], d['filed_by'], d['status']) for d in disputes]}"
    for dispute, want in zip(disputes, wanted, strict=True):
        _score_dispute(play, dispute, want)
    if "refunds" in expected:
        assert [refund["responsibility"] for refund in order["refunds"]] == expected["refunds"], f"{key}: refunds"
    changes = [
        event
        for event in events
        if event["kind"] == "change" and event["command"] not in _PUSHES and of_appeal(event) is None
    ]
    done = [event["command"] for event in changes]
    assert done == (expected.get("events") or []), f"{key}: {done}"
    for event in changes:
        assert event["rules"] and event["policy_version"], f"a change without its rules: {event}"


def _score_dispute(play: Play, dispute: dict[str, Any], want: dict[str, Any]) -> None:
    assert not set(want) - _DISPUTE, f"unknown of a dispute: {sorted(set(want) - _DISPUTE)}"
    got = {"kind": dispute["kind"], "by": dispute["filed_by"], "status": dispute["status"]}
    assert got == {name: want[name] for name in got}, f"{got}, expected {want}"
    for name in ("text", "reason", "answer"):
        if name in want:
            assert (dispute[name] or "") == (want[name] or ""), f"{name}: {dispute[name]!r}"
    for name, stored in (("due", "due_at"), ("new", "new_delivery_at")):
        if name in want:
            expected = instant(want[name], play.conversation.now) if want[name] else None
            assert same_instant(dispute[stored], expected), f"{name}: {dispute[stored]}"


def _only_the_parties(play: Play, notice: dict[str, Any]) -> None:
    """Nobody but the two parties, of an appeal only the merchant, hears of anything, least of all support (M-21)."""
    parties = {("customer", play.people["customer"].id), ("seller", play.people["seller"].id)}
    recipient = (notice["recipient"]["role"], notice["recipient"]["id"])
    if of_appeal(notice):
        parties = {("seller", play.people["seller"].id)}
    assert recipient in parties, f"{recipient} was told {notice['code']}"


def _each_once(play: Play, notices: list[dict[str, Any]]) -> None:
    """Each notice stands in its recipient's conversation exactly once, in the words that the feed gives."""
    about = [(n["order_id"], n["params"].get("dispute_id"), of_appeal(n)) for n in notices]
    seen = [(n["recipient"]["role"], n["code"], *which) for n, which in zip(notices, about, strict=True)]
    assert len(seen) == len(set(seen)), f"a notice went out twice: {seen}"
    for key in ("customer", "seller"):
        person = play.people[key]
        shown = [message["text"] for message in person.reloads() if message["author"] == "notice"]
        assert sorted(shown) == sorted(n["text"] for n in notices if n["recipient"]["role"] == key)
