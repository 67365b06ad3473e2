"""Entities order_id, infraction_id, tracking_number and url.

Order numbers are normalised the way the marketplace writes them ("fo 48213", "#FO48213" -> FO-48213). What a
number looks like can be configured; a date, a price or a phone number is never one. Digits alone count where the word
before them says what they are ("Auftrag 48213"), and are left as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe

from actions.backend.tracking_numbers import is_tracking_number
from bot.nlu.carriers import find_tracking_numbers, find_urls
from bot.nlu.spans import Span, SpanExtractor, without_overlaps

PATTERN_VARIABLE = "LOTSE_ORDER_ID_PATTERN"

_SEPARATOR = r"(?:\s?[-–—_#.:/]\s?|\s)"
_EDGE = r"(?![\w]|[-/.,:]\w)"
# Letters before digits that are a currency, a norm, a week, a unit or the word "number" rather than an order.
_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SFR")
_NUMBERED = ("NR", "NO", "NUM", "ID", "TEL", "FAX", "FON", "MOB", "PLZ", "POS", "ART", "SKU", "IBAN", "VAT", "UST")
_NO_ORDER = frozenset((*_CURRENCIES, *_NUMBERED, "DIN", "ISO", "EN", "KW", "CW", "UTC", "GMT", "HTTP"))
_GENERIC = re.compile(
    rf"(?<![\w@/-])#?(?P<letters>[A-Za-z]{{2,4}})(?P<hyphen>[-–—]?)(?P<digits>\d{{3,14}}){_EDGE}", re.ASCII
)
# "Auftrag 48213", "order no. 48213": digits alone, named by the word before them; no year, and nothing that is counted.
_NAME = (
    r"(?:[\s-]?(?:nr|no|num|id|nummer|number)\b\.?|s?(?:nr|no|nummer)\b\.?)?"
    r"(?:\s(?:ist|lautet|is|mit\sder\snummer))?\s?[:#=]?\s?#?\s?"
)
_COUNTED = (
    r"(?!\s\d)(?!\s?(?:€|\$|£|%|euros?\b|eur\b|chf\b|usd\b|gbp\b|franken\b|dollars?\b|pounds?\b|uhr\b|stück\b|stk\b|x\b|mal\b"
    r"|tagen?\b|days?\b|stunden\b|hours?\b|pieces\b|items\b))"
)
_DIGITS = rf"(?P<digits>(?!(?:19|20)\d\d(?!\d))\d{{4,14}}){_EDGE}{_COUNTED}"
_NAMED_ORDER = re.compile(
    rf"(?<!\w)(?:auftr[aä]g(?:es|s|e|en)?|bestellung(?:en)?|bestell|bstellig|uuftrag|orders?|gig|job|purchase){_NAME}{_DIGITS}",
    re.IGNORECASE,
)
_NAMED_INFRACTION = re.compile(
    rf"(?<!\w)(?:versto(?:ß|ss)(?:es)?|strafe|infraction|violation|penalty){_NAME}{_DIGITS}", re.IGNORECASE
)
_LOOSE = re.compile(r"(?<![\w@])#?[A-Za-z0-9]+(?:[-–—_#./ ]{1,2}[A-Za-z0-9]+)*", re.ASCII)
_JOINT = re.compile(r"[-–—_#./ ]+|(?<=[A-Za-z])(?=\d)")


class NumberFinder:
    """Finds the numbers of one marketplace.

    ``order_prefixes`` and ``infraction_prefixes``: letters that a number begins with, written with a hyphen after them;
    only these are recognised with a blank, or nothing, in place of the hyphen. ``order_pattern``: a regular expression
    for another marketplace's order numbers; it then replaces prefixes and the general form.
    """

    def __init__(
        self,
        order_prefixes: Sequence[str] = ("FO", "WO", "BK"),
        infraction_prefixes: Sequence[str] = ("VS", "V"),
        order_pattern: str | None = None,
    ) -> None:
        self._infraction = _prefixed(infraction_prefixes)
        self._order = _prefixed(order_prefixes)
        self._infraction_prefixes = frozenset(prefix.upper() for prefix in infraction_prefixes)
        self._pattern = re.compile(order_pattern) if order_pattern else None

    def find(self, text: str) -> list[Span]:
        """Links, tracking numbers, infractions, orders; a stretch belongs to the first of these that claims it.

        A tracking number with a wrong check digit comes last: another marketplace's orders may look like it.
        """
        tracking_numbers = list(find_tracking_numbers(text))
        found = [*find_urls(text), *(span for span in tracking_numbers if is_tracking_number(span.value))]
        found += _normalised(self._infraction, text, "infraction_id")
        found += self._configured(text) if self._pattern else self._default(text)
        found += tracking_numbers
        return without_overlaps(found)

    def _default(self, text: str) -> Iterator[Span]:
        yield from _normalised(self._order, text, "order_id")
        for match in _GENERIC.finditer(text):
            letters, digits = match["letters"].upper(), match["digits"]
            if letters in _NO_ORDER or letters in self._infraction_prefixes:
                continue
            if not match["hyphen"] and len(digits) < 5:
                continue  # "iPhone 12", "WM2026": only longer ones go without a hyphen
            value = f"{letters}-{digits}" if match["hyphen"] else letters + digits
            yield Span(match.start(), match.end(), "order_id", value)
        for pattern, entity in ((_NAMED_ORDER, "order_id"), (_NAMED_INFRACTION, "infraction_id")):
            for match in pattern.finditer(text):
                yield Span(match.start("digits"), match.end("digits"), entity, match["digits"])

    def _configured(self, text: str) -> Iterator[Span]:
        assert self._pattern is not None
        for match in _LOOSE.finditer(text):
            yield from self._spelled(match.group(), match.start())

    def _spelled(self, chunk: str, offset: int) -> Iterator[Span]:
        """The spellings of each run of up to three parts of ``chunk``, longest first."""
        assert self._pattern is not None
        parts = list(re.finditer(r"[A-Za-z0-9]+", chunk))
        for size in (3, 2, 1):
            for first in range(len(parts) - size + 1):
                start, end = parts[first].start(), parts[first + size - 1].end()
                typed = chunk[start:end].upper()
                bits = [bit for bit in _JOINT.split(typed) if bit]
                for spelling in (typed, "-".join(bits), "".join(bits)):
                    if any(c.isdigit() for c in spelling) and self._pattern.fullmatch(spelling):
                        hash_sign = chunk[start - 1 : start] == "#"
                        yield Span(offset + start - hash_sign, offset + end, "order_id", spelling)
                        break


def _prefixed(prefixes: Sequence[str]) -> re.Pattern[str]:
    letters = "|".join(sorted((re.escape(prefix) for prefix in prefixes), key=len, reverse=True))
    return re.compile(
        rf"(?<![\w@/-])(?:\#\s?)?(?P<letters>{letters})(?:(?P<loose>{_SEPARATOR}?)(?P<digits>\d{{3,14}})){_EDGE}",
        re.IGNORECASE | re.ASCII,
    )


def _normalised(pattern: re.Pattern[str], text: str, entity: str) -> Iterator[Span]:
    for match in pattern.finditer(text):
        yield Span(match.start(), match.end(), entity, f"{match['letters'].upper()}-{match['digits']}")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class OrderNumbers(SpanExtractor):
    """Entities order_id, infraction_id, tracking_number, url.

    Configuration: ``order_prefixes``, ``infraction_prefixes`` and ``order_pattern`` as in `NumberFinder`. The variable
    LOTSE_ORDER_ID_PATTERN, where set, is the ``order_pattern``.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._finder = finder_from(config)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Prefixes of the two marketplaces whose policies Lotse was made for."""
        return {"order_prefixes": ["FO", "WO", "BK"], "infraction_prefixes": ["VS", "V"], "order_pattern": None}

    def find(self, text: str) -> list[Span]:
        return self._finder.find(text)


def finder_from(config: dict[str, Any]) -> NumberFinder:
    """The finder that a component's configuration and the environment ask for."""
    pattern = os.environ.get(PATTERN_VARIABLE) or config.get("order_pattern") or None
    set_up = {**OrderNumbers.get_default_config(), **config}
    return NumberFinder(set_up["order_prefixes"], set_up["infraction_prefixes"], pattern)
