"""Reading a message as the answer to what was asked last. Each reader says whether it took the message."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from rapidfuzz import fuzz, process

from actions.handlers import case as asking
from actions.handlers import choices, feedback
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.notices import ask_which, newer_notices, question_seen
from actions.handlers.orders import meant_by_title, my_orders
from actions.handlers.own_words import message_in, reason_in, tidy
from actions.handlers.reading import DIGRESSIONS, SHORT, SURE, digresses, drop, rerun
from actions.handlers.reasons import reason_title
from actions.handlers.turn import UNSURE, Turn

_REASON_MATCH = 80
_DOUBTFUL = re.compile(
    r"\b(?:wenn|falls|sofern|würden?|wuerden?|angenommen|gesetzt|nicht|nein|nie|niemals|kein\w*|jein|not|never|no|nope|if"
    r"|unless|suppose\w*|would|\w+n['’]t|dont|wont)\b|[„“”\"»«]",
    re.IGNORECASE,
)
# Denials that agree.
_HARMLESS = re.compile(
    r"\b(?:(?:warum|wieso|why) (?:nicht|not)|kein(?:e)? (?:problem|thema|frage|ding|einwände?)|no (?:problem|worries)"
    r"|no objections?|not a problem|nichts dagegen|wenn['’]?s (?:sein muss|recht ist|geht)|if you (?:would|please)"
    r"|wouldn['’]?t mind|don['’]?t mind)\b",
    re.IGNORECASE,
)
_CERTAIN = 0.6  # confidence from which a typed yes executes what was shown
_BUT = re.compile(r"\b(?:aber|nur wenn|falls|sofern|but|only if|unless)\b", re.IGNORECASE)
_ATTACHED = ("url", "tracking_number")
_YES = ("ja", "jo", "jep", "jap", "yes", "yep", "yeah", "ok", "okay", "klar", "gerne", "sure", "bitte ja", "genau")


async def answer(turn: Turn, case: Case) -> bool:
    """Try the message as the answer to ``case.asked``; ``False`` hands it to its intent."""
    if case.flow not in Flow.known:
        turn.case = None
        return False
    if turn.intent == "stop" and (turn.pressed or len(turn.text.split()) <= SHORT):
        return await drop(turn, case)
    if turn.intent in ("affirm", "deny") and not turn.pressed and (others := await newer_notices(turn, case)):
        ask_which(turn, case, others)
        return True
    reader = _READERS.get(case.asked or "")
    return bool(reader and await reader(turn, case))


async def _confirmation(turn: Turn, case: Case) -> bool:
    flow = Flow.known[case.flow]
    if turn.pressed:
        if turn.intent in ("affirm", "deny"):
            return False  # a button names its proposal; the intent's own action acts on just that one
        return Flow.known[case.flow].give(turn, case) and await rerun(turn, case)
    if turn.intent == "affirm" or (_says_yes(turn.text) and _likeliest(turn) in ("affirm", case.flow)):
        carried_out = _agrees(turn) and not await _means_another(turn, case)
        return await (_yes if carried_out else rerun)(turn, case)
    if turn.intent == "deny":
        return await drop(turn, case)
    if turn.intent == "correct" and not _may_be_words(turn, flow):
        return await correct(turn, case)
    if turn.intent == case.flow:
        await _other_order(turn, case)
        flow.reword(turn, case)
        flow.give(turn, case)
        return await rerun(turn, case)
    if _may_be_words(turn, flow):
        if Flow.known[case.flow].give(turn, case):
            return await rerun(turn, case)
        question = turn.text.endswith("?") and not flow.questions_are_text
        if flow.optional_text and len(turn.text.split()) > 1 and not question:
            case.text = tidy(turn.text)
            return await rerun(turn, case)
    return False


def _may_be_words(turn: Turn, flow: Flow) -> bool:
    """Whether a message at the confirmation is meant for the other side, as far as its intent goes.

    What is sent on is often about things that no intent knows („Welche Farbe wird es?").
    """
    if turn.intent in ("inform", UNSURE):
        return True
    if turn.intent == "out_of_scope":
        return flow.questions_are_text or turn.confidence < SURE
    if turn.intent == "correct":  # a whole sentence that need not correct anything but the words
        long = len(turn.text.split()) > SHORT // 2
        return flow.optional_text and long and turn.confidence < SURE and not _named_fields(turn.text)
    if turn.intent == "provide_update":  # said straight out („Das Logo ist fast fertig"), not as a wish of its own
        return not turn.value("order_id") and not message_in(turn.text)
    return turn.intent in DIGRESSIONS and turn.confidence < SURE


async def _other_order(turn: Turn, case: Case) -> None:
    """„Und wie weit ist die Website?" while the logo was asked about: the wish is about the order it names."""
    if case.order_id is None or turn.value("order_id") or case.infraction_id or case.appeal_type:
        return
    named = meant_by_title(turn.text, await my_orders(turn))
    if len(named) == 1 and named[0].id != case.order_id:
        case.order_id, case.dispute_id = named[0].id, None


async def _means_another(turn: Turn, case: Case) -> bool:
    """„Ja, storniere FO-2", „ja, aber …", „ja, weil …": a yes to more than was asked, which is shown first."""
    before, flow = case.dump(), Flow.known[case.flow]
    await _other_order(turn, case)
    flow.give(turn, case)
    if flow.optional_text and (said := reason_in(turn.text)):
        case.text = said
    return case.dump() != before or bool(_BUT.search(turn.text)) or any(turn.value(name) for name in _ATTACHED)


async def _yes(turn: Turn, case: Case) -> bool:
    if turn.seq and not await question_seen(turn, case):
        await Flow.known[case.flow].run(turn, case)
        return True
    await Flow.known[case.flow].confirm(turn, case.proposal_id or "")
    return True


def _likeliest(turn: Turn) -> str:
    """The intent, or where it is unsure the first guess: „Ja, bitte zurückziehen" is a yes and a wish, and both fit."""
    return (
        next((name for name, _ in turn.ranking if name != UNSURE), turn.intent)
        if turn.intent == UNSURE
        else turn.intent
    )


def _agrees(turn: Turn) -> bool:
    """Whether a yes is beyond doubt: no guess, question, condition, denial or quotation (else it is asked again)."""
    if turn.text.rstrip().endswith("?") or _DOUBTFUL.search(_HARMLESS.sub("", turn.text)):
        return False
    return turn.confidence >= _CERTAIN or _says_yes(turn.text)


def _says_yes(text: str) -> bool:
    lowered = text.lower().lstrip()
    return any(lowered == word or lowered.startswith((f"{word} ", f"{word},", f"{word}!", f"{word}.")) for word in _YES)


async def _text(turn: Turn, case: Case) -> bool:
    if turn.value("evidence_id") or _only_a_link(turn):  # attached first; the words are asked for again
        return await rerun(turn, case)
    if turn.pressed or digresses(turn) or _takes_back(turn, case):
        return False
    if turn.intent == "deny" and len(turn.text.split()) <= SHORT // 2:
        return await drop(turn, case)
    case.text = tidy(turn.text)
    return await rerun(turn, case)


def _takes_back(turn: Turn, case: Case) -> bool:
    """Nobody gives the withdrawal of an appeal as its ground."""
    other_wish = turn.intent == "withdraw_appeal" and turn.intent != case.flow
    return other_wish and turn.confidence >= SURE and len(turn.text.split()) <= SHORT


def _only_a_link(turn: Turn) -> bool:
    url = turn.value("url")
    return bool(url) and len(turn.text.replace(url or "", "").split()) <= SHORT // 2


async def _reason(turn: Turn, case: Case) -> bool:
    if not turn.pressed:
        if digresses(turn):
            return False
        if turn.intent == "deny" and len(turn.text.split()) <= SHORT // 2:
            return await drop(turn, case)
        reasons = {key: reason_title(turn, key) for key in turn.backend.limits.seller_reasons}
        found = process.extractOne(turn.text, reasons, scorer=fuzz.token_set_ratio, score_cutoff=_REASON_MATCH)
        if found is not None and len(turn.text.split()) <= SHORT:
            case.reason = str(found[2])
        elif "other" in reasons:  # their own words are a reason too, and the explanation with it
            case.reason, case.text = "other", case.text or tidy(turn.text)
        else:
            turn.missed = True
    elif not (turn.intent == "inform" and turn.value("reason")):
        return False
    else:
        case.reason = turn.value("reason")
    return await rerun(turn, case)


async def _desk(turn: Turn, case: Case) -> bool:
    """„Wenn du willst, verbinde ich dich …": a yes, or the wish once more; what is handed over is shown first."""
    wants = turn.value("handover") == "ask" if turn.pressed else turn.intent in ("affirm", case.flow)
    if wants:
        return await rerun(turn, case)
    turn.case = None
    return False


async def _guess(turn: Turn, case: Case) -> bool:
    """„Meintest du …?" was answered with yes: the likeliest guess begins; anything else is read by itself."""
    turn.case = None
    if turn.intent != "affirm" or turn.pressed:
        return False
    case.asked = None
    await Flow.known[case.flow].run(turn, case)
    return True


async def correct(turn: Turn, case: Case) -> bool:
    """„Nein, ich meinte …": take the new value, or ask again for what it replaces."""
    if not Flow.known[case.flow].give(turn, case):
        if turn.text and case.flow == "request_extension" and "order" not in _named_fields(turn.text):
            case.date = None
        elif Flow.known[case.flow].optional_text and "text" in _named_fields(turn.text):
            case.text, case.asked = None, asking.TEXT
            turn.say("ask_new_text")
            return True
        else:
            case.not_order, case.order_id, case.dispute_id, turn.topic = case.order_id, None, None, None
            case.infraction_id, case.appeal_type, case.appeal_id, turn.penalty = None, None, None, {}
            case.proposal_id = None
    return await rerun(turn, case)


def _named_fields(text: str) -> set[str]:
    lowered = text.lower()
    fields = {
        "order": ("auftrag", "bestellung", "order", "nummer", "andere", "other", "number"),
        "text": ("text", "nachricht", "kommentar", "grund", "begründung", "message", "comment", "reason", "formulier"),
    }
    return {name for name, words in fields.items() if any(word in lowered for word in words)}


_READERS: dict[str, Callable[[Turn, Case], Awaitable[bool]]] = {
    asking.CONFIRM: _confirmation,
    asking.TEXT: _text,
    asking.REASON: _reason,
    asking.DATE: choices.date,
    asking.ORDER: choices.subject,
    asking.DISPUTE: choices.subject,
    asking.GUESS: _guess,
    asking.PENALTY: choices.penalty,
    asking.TRACKING: choices.tracking,
    asking.PROOF: choices.proof,
    asking.DESK: _desk,
    asking.COMMENT: feedback.comment,
}
