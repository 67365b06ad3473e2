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
    # In groups as labels have them; the letters of the first as on the label.
    r"(?<![\w+/-])(?:(?P<s10>[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2})"
    r"|1[Zz](?: ?[A-Za-z0-9]{3}){2} ?\d{2}(?: ?\d{4}){2}"
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
    """Tracking numbers, as given, upper case and without blanks.

    Also what is one but for its check digit (`is_tracking_number` tells): the person is asked to look at it again.
    """
    about_parcels = bool(_ABOUT_PARCELS.search(text))
    for match in _TOKEN.finditer(text):
        typed = match.group()
        number = re.sub(r"[ .]", "", typed).upper()
        # "Rufen Sie AN 030 123 456 IN Berlin": words in capitals around a number may only look like a label.
        by_chance = match["s10"] and " " in typed and not about_parcels and typed != text.strip()
        is_one = is_tracking_number if by_chance else looks_like_one
        if is_one(number, about_parcels=about_parcels):
            yield Span(match.start(), match.end(), "tracking_number", number)
