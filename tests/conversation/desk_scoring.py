"""What the support desk must have after a conversation, and must not; and what was said about settled cases."""

from __future__ import annotations

from typing import Any

from tests.conversation.checks import as_list
from tests.conversation.play import Play

_HANDOVER = frozenset({"by", "scope", "closed", "talk", "sees", "not see"})
_RATING = frozenset({"by", "outcome", "rating", "comment"})


def score_desk(play: Play) -> None:
    """Compare every handover of everybody with what the conversation expects; default: there is none (M-21)."""
    wanted: dict[str, list[Any]] = {key: [] for key in play.people}
    for want in play.conversation.handed:
        assert not set(want) - _HANDOVER, f"unknown of a handover: {sorted(set(want) - _HANDOVER)}"
        wanted[want["by"]].append(want)
    for key, person in play.people.items():
        found = play.market.handovers(person.id)
        assert len(found) == len(wanted[key]), f"{key} was handed over: {found}"
        for handover, want in zip(found, wanted[key], strict=True):
            _score_handover(play, handover, want)


def _score_handover(play: Play, handover: dict[str, Any], want: dict[str, Any]) -> None:
    got = (handover["scope"], handover["closed_by"])
    assert got == (want.get("scope", "summary"), want.get("closed")), f"{got}, expected {want}"
    everything = play.market.handover(handover["id"])
    talk = [f"{message['agent'] or message['author']}: {message['text']}" for message in everything["messages"]]
    assert talk == play.fill(want.get("talk") or []), talk
    for words in as_list(play.fill(want.get("sees"))):
        assert words in str(everything), f"the desk does not see {words!r}: {everything}"
    for words in as_list(play.fill(want.get("not see"))):
        assert words not in str(everything), f"the desk sees {words!r}: {everything}"


def score_feedback(play: Play) -> None:
    """Compare every rating with what the conversation expects; default: there is none."""
    roles = {person.id: key for key, person in play.people.items()}
    found = [
        {"by": roles[given["person"]["id"]], **{name: given[name] for name in ("outcome", "rating", "comment")}}
        for given in play.market.feedback(set(roles))
    ]
    for want in play.conversation.rated:
        assert not set(want) - _RATING, f"unknown of a rating: {sorted(set(want) - _RATING)}"
    assert found == [{"comment": None, **want} for want in play.conversation.rated], found
