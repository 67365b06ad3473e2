"""What the intent classifier sees of a message: without numbers and links, in one spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.nlu.spans import Span

#: What stands in a sentence for an entity, so that its kind counts and its digits do not.
_STAND_INS = {
    "order_id": "FO-1",
    "infraction_id": "V-1",
    "tracking_number": "trackingnumber",
    "url": "weblink",
}
_MASKS = {"FO-1": "xorderx", "V-1": "xcasex", "trackingnumber": "xparcelx", "weblink": "xlinkx"}
#: The stand-ins themselves, the way they are written.
STAND_INS = tuple(_STAND_INS.values())

_FOLDED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": "'", "´": "'", "`": "'", "„": '"', "“": '"', "”": '"'}
)
_REPEATED = re.compile(r"([^\W\d])\1{2,}")
_DIGITS = re.compile(r"\d+")
_BLANKS = re.compile(r"\s+")
_MASKED = re.compile("|".join(sorted(map(re.escape, _MASKS), key=len, reverse=True)))


def masked(text: str, spans: Sequence[Span]) -> str:
    """The message with numbers and links replaced by one example of their kind; for the sentence encoder."""
    for span in sorted(spans, key=lambda span: span.start, reverse=True):
        stand_in = _STAND_INS.get(span.entity)
        if stand_in:
            text = f"{text[: span.start]}{stand_in}{text[span.end :]}"
    return _BLANKS.sub(" ", text).strip()


def folded(masked_text: str) -> str:
    """The masked message in lower case, umlauts spelled out, digits as 0, no letter thrice; for letter n-grams."""
    text = _MASKED.sub(lambda match: _MASKS[match.group()], masked_text)
    text = unicodedata.normalize("NFKC", text).lower().translate(_FOLDED)
    text = _REPEATED.sub(r"\1\1", text)
    return _BLANKS.sub(" ", _DIGITS.sub("0", text)).strip()
