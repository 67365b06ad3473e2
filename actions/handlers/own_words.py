"""Taking what a person wrote as words for the other side: the part of a message that is meant for them."""

from __future__ import annotations

import re

# „Storniere bitte, weil ich umziehe": the reason is theirs, the rest is for us.
_BECAUSE = re.compile(
    r"\b(?P<said>(?:weil|wegen|denn|da (?:ich|er|sie|es|wir|der|die|das|mein\w*|mir|uns)\b"
    r"|because|since (?:i|he|she|it|we|the|my)\b|due to|as (?:i|we) ).+)$",
    re.IGNORECASE | re.DOTALL,
)
# „Sag dem Kunden, das Logo ist fast fertig": what follows is the message.
_TELL = re.compile(
    r"(?:\b(?:sag|sage|sagen|schreib|schreibe|schreiben|richte|richten|teil|teile|teilen|melde|frag|frage|fragen"
    r"|tell|ask|let|write|say)\b[^,:]{0,40}?"
    r"(?:,\s*(?:dass|daß|ob)?|:|\bthat\b|\bto say\b|\bknow(?: that)?\b|\bif\b|\bwhether\b|\b(?:aus|mit),?\s*dass\b))"
    r"\s*(?P<said>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_LABEL = re.compile(
    r"\b(?:nachricht|kommentar|begr[uü]e?ndung|grund|antwort|update|message|comment|reason|answer|note)\w*\s*:\s*(?P<said>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(r"[„“\"»](?P<said>[^„“”\"«»]{4,})[“”\"«]")
# Talk about answering rather than an answer: „Ich möchte die Nachfrage beantworten".
_ABOUT_ANSWERING = re.compile(
    r"antwort|update|meldung|bescheid|nachricht|anfrage|nachfrage|\bkund|\brepl|\brespon|\banswer|\bcustomer|\bclient"
    r"|\bbuyer|\brequest",
    re.IGNORECASE,
)
_WORDS_OF_AN_ANSWER = 4
MAX_LENGTH = 2000


def reason_in(text: str) -> str:
    """The reason or comment that a command carries, or an empty string."""
    for pattern in (_LABEL, _QUOTED, _BECAUSE):
        if found := pattern.search(text):
            return tidy(found["said"])
    return ""


def message_in(text: str) -> str:
    """The words that are to be passed on, or an empty string."""
    for pattern in (_LABEL, _QUOTED, _TELL):
        if found := pattern.search(text):
            return tidy(found["said"])
    return ""


def answer_in(text: str) -> str:
    """The answer to a request for an update, to be passed on or said straight out, or an empty string."""
    if said := message_in(text):
        return said
    straight = len(text.split()) >= _WORDS_OF_AN_ANSWER and not text.endswith("?")
    return tidy(text) if straight and not _ABOUT_ANSWERING.search(text) else ""


def tidy(text: str) -> str:
    """White space folded, control characters removed, cut to what a notice carries."""
    printable = "".join(ch if ch.isprintable() or ch.isspace() else "" for ch in text)
    return re.sub(r"\s+", " ", printable).strip(" ,;:-")[:MAX_LENGTH]
