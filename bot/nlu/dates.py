"""Entity date: the day that a message means, unresolved (``+3d``, ``next:friday``, ``12-14``), in German and English.

Both grammars read every message, since people mix the languages. Of two readings the longer holds.
"""

# ruff: noqa: E501 - a rule is easier to read on one line

from __future__ import annotations

import re
from collections.abc import Iterator

from rasa.engine.recipes.default_recipe import DefaultV1Recipe

from bot.nlu import dates_de, dates_en
from bot.nlu.carriers import find_tracking_numbers, find_urls
from bot.nlu.date_grammar import step
from bot.nlu.date_words import words_of
from bot.nlu.spans import Span, SpanExtractor

# Never a date, whatever the grammar sees inside: versions, prices, network addresses, telephone numbers, ratios.
_NEVER = re.compile(
    r"\b(?:version|v\.?|ver\.)\s?\d[\d.]*"
    r"|[$€£]\s?\d[\d.,]*|\d[\d.,]*\s?(?:€|\$|£|euros?\b|eur\b|chf\b|usd\b|gbp\b|franken\b|dollars?\b|pounds?\b|%)"
    r"|\d{1,3}(?:\.\d{1,3}){3}"
    r"|\+?\d[\d/ -]{0,5}\d{5,}"
    r"|\b[A-Za-z]{1,4}[-–]\d+\b"
    r"|\b24/7\b|\bsunday best\b",
    re.IGNORECASE,
)
# Without any of these there is no date, and no need to try the rules.
_PERHAPS = re.compile(
    r"(?<!N)\d|[WMUO]|heute?|morgen|today|tonight|tomorrow|jahres?|year|weihnacht|christmas|xmas|heilig|silvester|nye|neujahr"
    r"|nikolaus|monatsende|fortnight|eo[dmy]|eow|close of business"
    r"|\b(?:mo|di|mi|do|fr|sa|so|mon|tue|weds?|sat|sun)\b"
)
# Read with the date, and no part of it.
_PREPOSITION = re.compile(
    r"(?:(?:(?:bis|ab|auf|by|until|till?|before)\s+)?(?:zum|am|an|den|dem|der|on|the)\s+|"
    r"(?:bis|ab|auf|vor|by|until|till?|before|for|to)\s+)?",
    re.IGNORECASE,
)
# The whole message is a stretch of time: an answer to "how much longer?".
_ONLY_DURATION = re.compile(
    r"^\W*(?:(?:so|etwa|circa|ca|ungefähr|about|around|maybe|vielleicht)\W+)?"
    r"(?:N(?P<n>\d{1,2})|(?P<digits>\d{1,3}))\s?U(?P<unit>[dwmh])\b\W*(?:(?:bitte|please|pls|plz|wären gut|reichen|reicht)\W*)?$"
)


def find_dates(text: str) -> list[Span]:
    """The dates of a message in reading order."""
    words = words_of(text)
    if not _PERHAPS.search(words.text):
        return []
    barred = [(m.start(), m.end()) for m in _NEVER.finditer(text)]
    barred += [(s.start, s.end) for s in (*find_urls(text), *find_tracking_numbers(text))]
    found: list[Span] = []
    for start, end, value in sorted(_readings(words.text), key=lambda r: r[0] - r[1]):
        first, last = words.original(start, end)
        stretch = text[first:last]
        first += len(stretch) - len(stretch.lstrip(" ,"))
        if not value.startswith("+"):
            preposition = _PREPOSITION.match(text[first:last])
            first += preposition.end() if preposition else 0
        last -= len(stretch) - len(stretch.rstrip(" ,"))
        span = Span(first, last, "date", value)
        if any(a < last and first < b for a, b in barred) or any(span.touches(other) for other in found):
            continue
        found.append(span)
    return _told_once(sorted(found, key=lambda span: span.start), text)


def _readings(text: str) -> Iterator[tuple[int, int, str]]:
    for language in (dates_de, dates_en):
        for rule in language.RULES:
            for match in rule.pattern.finditer(text):
                value = rule.value(match)
                before = text[: match.start()]
                if value is None or dates_de.PAST.search(before) or dates_en.PAST.search(before):
                    continue
                start, end = match.span("what" if "what" in rule.pattern.groupindex else 0)
                if rule.timed:
                    if after := dates_de.time_after(text, end) or dates_en.time_after(text, end):
                        value, end = value + after[0], after[1]
                    elif early := dates_en.time_before(text, start):
                        value, start = value + early[0], early[1]
                yield start, end, value
    if match := _ONLY_DURATION.match(text):
        value = step("+")(match)
        if value is not None:
            yield match.start(), match.end(), value


def _told_once(spans: list[Span], text: str) -> list[Span]:
    """A weekday beside a full date ("Freitag, den 4. Dezember") only repeats it: the full date takes its place."""
    kept: list[Span] = []
    for span in spans:
        if kept and kept[-1].value.startswith("next:") and span.value[0].isdigit():
            between = text[kept[-1].end : span.start]
            if re.fullmatch(r"[\s,.]*(?:(?:de[nmr]|the|am|on|dem)\s+)?", between, re.IGNORECASE):
                kept[-1] = Span(kept[-1].start, span.end, "date", span.value)
                continue
        kept.append(span)
    return kept


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Dates(SpanExtractor):
    """Entity date. No configuration."""

    @staticmethod
    def get_default_config() -> dict[str, object]:
        """Nothing to configure."""
        return {}

    def find(self, text: str) -> list[Span]:
        return find_dates(text)
