"""Whether it helped (M-40): asked once a case, under the reply that settles it; words only where they are asked for."""

from __future__ import annotations

import re

from actions.backend import Rating, Settled, SettledCase
from actions.handlers import case as asking
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.orders import meant_by_title, my_orders
from actions.handlers.own_words import tidy
from actions.handlers.reading import SHORT, SURE
from actions.handlers.turn import UNSURE, Turn
from actions.policy import Accept, AnswerUpdate, Command, Decline, ForceCancel, Withdraw

_OUTCOMES = {
    Accept: Settled.ACCEPTED,
    Decline: Settled.DECLINED,
    Withdraw: Settled.WITHDRAWN,
    AnswerUpdate: Settled.ANSWERED,
}
_NO_WISH = frozenset({"inform", "correct", "goodbye", "bot_challenge", "greet", "out_of_scope", "thank", UNSURE})
_BARE = SHORT // 3  # words of a bare yes, no or thanks
_SUBJECTS = ("order_id", "infraction_id", "appeal_type")
_WANTS = re.compile(
    r"\b(?:ich|wir) (?:will|wollen|möchten?|brauchen?|würden?|muss|müssen|kann|können|hätten?)\b"
    r"|\b(?:i|we) (?:want|need|would|must|can)\b"
    r"|\b(?:bitte|please)\b"
    r"|^(?:storn|zeig|sag|frag|zieh|verläng|verbind|fecht|hilf|cancel|show|tell|ask|withdraw|extend|connect|appeal|help)",
    re.IGNORECASE,
)


def settled_by(command: Command, order_id: str) -> SettledCase | None:
    """The case that a command on an order has settled; None for one that opens a dispute."""
    if isinstance(command, ForceCancel):
        return SettledCase("order", order_id, Settled.FORCED, order_id)
    if isinstance(command, Accept | Decline | Withdraw | AnswerUpdate):
        return SettledCase("dispute", command.dispute_id, _OUTCOMES[type(command)], order_id)
    return None


def show(turn: Turn, asked: str | None) -> None:
    """Two thumbs at the end of the reply for the question of this id; None: this case was asked about before."""
    if asked is None:
        return
    turn.say("feedback_ask")
    before = len(turn.buttons)
    turn.offer("button_thumb_up", "inform", feedback_id=asked, rating=Rating.UP.value)
    turn.offer("button_thumb_down", "inform", feedback_id=asked, rating=Rating.DOWN.value)
    turn.custom["feedback"] = {"id": asked, "first_button": before}


async def rate(turn: Turn) -> None:
    """A thumb was pressed. Words are asked for only if nothing else is open."""
    rating = Rating.UP if turn.value("rating") == Rating.UP else Rating.DOWN
    feedback_id = turn.value("feedback_id") or ""
    given = await turn.backend.feedback.rate(feedback_id, turn.actor, rating)
    if given is None:
        turn.say("proposal_unknown")
    elif (turn.case is not None and turn.case.flow != FeedbackComment.name) or given.comment is not None:
        turn.say("feedback_kept")
    else:
        turn.say("feedback_up" if rating is Rating.UP else "feedback_down")
        turn.case = Case(flow=FeedbackComment.name, asked=asking.COMMENT, feedback_id=feedback_id, seen_seq=turn.seq)


async def comment(turn: Turn, case: Case) -> bool:
    """The message after a thumb: words about it, unless it is a wish. Either way nothing is asked again."""
    turn.case = None
    bare = len(turn.text.split()) <= _BARE
    if turn.pressed or not turn.text or turn.text.endswith("?") or (bare and turn.intent == "thank"):
        return False
    if turn.intent == "deny" and bare:
        turn.say("feedback_comment_none")
        return True
    if turn.intent == "affirm" and bare:
        turn.case = case
        turn.say("feedback_comment_go_on")
        return True
    if await _wishes(turn):
        return False
    kept = await turn.backend.feedback.comment(case.feedback_id or "", turn.actor, tidy(turn.text))
    turn.say("feedback_comment_kept" if kept else "proposal_unknown")
    return True


async def _wishes(turn: Turn) -> bool:
    """Whether a message says what to do. What people tell about a case sounds like one of its wishes to the classifier,
    so that the intent alone does not count: somebody wants something, or names what it is about.
    """
    if turn.intent in (*_NO_WISH, "affirm", "deny") or turn.confidence < SURE:
        return False
    if len(turn.text.split()) <= _BARE or _WANTS.search(turn.text) or any(turn.value(name) for name in _SUBJECTS):
        return True
    return bool(meant_by_title(turn.text, await my_orders(turn)))


class FeedbackComment(Flow):
    """The question for words, as far as a flow: nothing is proposed, and nobody insists."""

    name = "feedback"

    async def run(self, turn: Turn, case: Case) -> None:
        turn.case = None

    async def again(self, turn: Turn, case: Case) -> None:
        turn.case = None

    async def confirm(self, turn: Turn, proposal_id: str) -> None:
        turn.case = None

    async def discard(self, turn: Turn, proposal_id: str) -> None:
        turn.case = None
