"""Links and tracking numbers in texts; what a tracking number looks like is in actions.backend.tracking_numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actions.backend.tracking_numbers import is_tracking_number, looks_like_one
from bot.nlu.spans import Span

_URL = re.compile(
    r"(?<![\w@.-])(?:https?://[^\s<>\"„“”»«]+|www\.[^\s<>\"„“”»«]+"
    r"|(?:[a-z0-9-]+\.)+(?:de|com|net|org|at|ch|eu|io|uk|co|info|shop|fr|us|cn|app)(?:/[^\s<>\"„“”»«]*)?(?![\w@.-]))",
    re.IGNORECASE,
)
_HOST = re.compile(r"^(?:https?://)?(?:[^/@\s]+@)?((?:[\w-]+\.)+[^\W\d_]{2,})(?::\d{1,5})?(?:[/?#]|$)", re.IGNORECASE)
_CLOSING = ".,;:!?)]}'\"“”»«>*"

_TOKEN = re.compile(
    r"(?<![\w+/-])(?:[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}"  # in groups as the label has it, letters as on the label
    r"|[A-Za-z0-9](?:[A-Za-z0-9]|(?<=\d)[ .](?=\d))*)(?![\w-])"
)
_ABOUT_PARCELS = re.compile(r"track|sendung|paket|parcel|shipment|packstation|label|carrier|versand", re.IGNORECASE)


def find_urls(text: str) -> Iterator[Span]:
    """Links, as given, without the punctuation of the sentence around them."""
    for match in _URL.finditer(text):
        url = match.group().rstrip(_CLOSING)
        if url.count("(") > url.count(")") and text[match.start() + len(url) :].startswith(")"):
            url += ")"
        if _HOST.match(url):
            yield Span(match.start(), match.start() + len(url), "url", url)


def find_tracking_numbers(text: str) -> Iterator[Span]:
    """Tracking numbers, as given, upper case and without blanks, whose check digit is right (if they have one)."""
    return (span for span in _numbers(text) if is_tracking_number(span.value))


def find_mistyped_tracking_numbers(text: str) -> Iterator[Span]:
    """What is a tracking number but for its check digit: the person is asked to look at it again."""
    return (span for span in _numbers(text) if not is_tracking_number(span.value))


def _numbers(text: str) -> Iterator[Span]:
    about_parcels = bool(_ABOUT_PARCELS.search(text))
    for match in _TOKEN.finditer(text):
        number = re.sub(r"[ .]", "", match.group()).upper()
        if looks_like_one(number, about_parcels=about_parcels):
            yield Span(match.start(), match.end(), "tracking_number", number)
