"""How messages are read while a question is open: digressions, other wishes, giving up."""

from __future__ import annotations

from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.turn import UNSURE, Turn

# Intents that are answered in between without giving up what was asked.
DIGRESSIONS = frozenset(
    {
        "ask_resolution_center",
        "ask_response_deadline",
        "ask_forced_cancellation",
        "ask_dispute_visibility",
        "ask_appeal_steps",
        "ask_appeal_deadline",
        "appeal_status",
        "list_disputes",
        "list_infractions",
        "greet",
        "thank",
        "help",
        "contact_support",
        "bot_challenge",
        "switch_language",
    }
)
SURE = 0.7  # from here a message is believed to be a digression although words for the other side were asked for
SHORT = 6  # words; longer messages without a question mark are taken as the text that was asked for
_NO_WISH = ("inform", "affirm", "deny", "correct", UNSURE)


async def drop(turn: Turn, case: Case) -> bool:
    """Give the case up; nothing was written."""
    if case.proposal_id:
        await Flow.known[case.flow].discard(turn, case.proposal_id)
    turn.case = None
    if case.appeal_id and case.flow == "submit_appeal":
        turn.say("appeal_dropped", appeal_id=case.appeal_id)  # the draft stays, and is not sent by itself
    else:
        turn.say("dropped", what=turn.phrase(f"what_{case.flow}"))
    return True


async def rerun(turn: Turn, case: Case) -> bool:
    case.asked = None
    await Flow.known[case.flow].run(turn, case)
    return True


def digresses(turn: Turn) -> bool:
    """A question in between, rather than the words that were asked for."""
    short = len(turn.text.split()) <= SHORT or turn.text.endswith("?")
    return turn.intent in DIGRESSIONS and turn.confidence >= SURE and short


def elsewhere(turn: Turn, case: Case) -> bool:
    """Whether a message is no answer to a choice, a number or a date that was asked for, but has a wish of its own."""
    if turn.pressed:
        return True
    return turn.intent not in (*_NO_WISH, case.flow) and (turn.intent != "out_of_scope" or turn.confidence >= SURE)
