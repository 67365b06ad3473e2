"""Entity appeal_type: which of the 13 types of penalties a message means, in any wording.

Where a wording fits a metric as well as an infraction ("Stornierungsverstoß", Q20), ``candidates`` has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA
from rasa.engine.recipes.default_recipe import DefaultV1Recipe

from bot.nlu.appeal_words import ABOUT_APPEALS, COMBINATIONS, IDEAS, Combination
from bot.nlu.sentence_vectors import is_common_word
from bot.nlu.spans import Span, SpanExtractor, without_overlaps

ENTITY = "appeal_type"

_WORD = re.compile(r"[^\W\d_]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_COMPOUNDS = {"rate": re.compile(r"rat\w{0,2}$|quote$"), "speed": re.compile(r"ge?sch?w|schnell|k[ei]+t$")}
_BRIEF = 4  # words: a message of so few says nothing beside the type

_Word = tuple[int, int, frozenset[str]]


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word).replace(r"\*", r"\w*") for word in words.split()))


_IDEAS = {idea: _pattern(words) for idea, words in IDEAS.items()}
_ABOUT_APPEALS = _pattern(ABOUT_APPEALS)
# Misspellings are recognised of longer words, and of the stem where any ending may follow.
_STEMS = {
    idea: [(stem, word.endswith("*")) for word in words.split() if len(stem := word.strip("*")) >= 6]
    for idea, words in IDEAS.items()
}


@lru_cache(maxsize=8192)
def ideas_of(word: str) -> frozenset[str]:
    """The ideas that a word in lower case stands for; none of most words."""
    plain = word.translate(_UMLAUTS)
    found = {idea for idea, pattern in _IDEAS.items() if pattern.fullmatch(plain)}
    if not found - {"rate"} and len(plain) >= 6 and not is_common_word(word):
        found |= _nearest(plain)
    if "fulfil" in found:  # the second half of a compound may be misspelled as well
        found |= {idea for idea, ending in _COMPOUNDS.items() if ending.search(plain)}
    return frozenset(found) - {"none"}


def _nearest(plain: str) -> set[str]:
    """The idea of the stem that a misspelled word comes nearest to."""
    best: tuple[int, str] | None = None
    for idea, stems in _STEMS.items():
        for stem, open_ended in stems:
            reach = 2 if len(stem) >= 9 else 1
            lengths = {len(plain), len(stem) - 1, len(stem), len(stem) + 1} if open_ended else {len(plain)}
            for length in sorted(n for n in lengths if len(stem) - 2 <= n <= len(plain)):
                distance = OSA.distance(plain[:length], stem, score_cutoff=reach)
                if distance <= reach and (best is None or distance < best[0]):
                    best = distance, idea
    return {best[1]} if best else set()


def find_appeal_types(text: str) -> list[Span]:
    """The types that a text names, in reading order."""
    words: list[_Word] = [(m.start(), m.end(), ideas_of(m.group().lower())) for m in _WORD.finditer(text)]
    named = [word for word in words if word[2]]
    if not named:
        return []
    plain = [m.group().lower().translate(_UMLAUTS) for m in _WORD.finditer(text)]
    brief = len(words) <= _BRIEF
    unmistakable = [span for c in COMBINATIONS if not c.about_appeals for span in _matches(c, words)]
    about_appeals = bool(unmistakable) or any(_ABOUT_APPEALS.fullmatch(word) for word in plain)
    found: list[Span] = []
    for combination in COMBINATIONS:
        if not combination.about_appeals or about_appeals or (brief and combination.brief_too):
            found += _matches(combination, words)
    return without_overlaps(found)


def _matches(combination: Combination, words: list[_Word]) -> Iterator[Span]:
    """The shortest stretches of words that hold all ideas of the combination."""
    wanted = frozenset(combination.ideas)
    for first, (start, _, ideas) in enumerate(words):
        missing = wanted - ideas
        if missing == wanted:
            continue
        for last in range(first, min(first + combination.reach, len(words))):
            missing = missing - words[last][2]
            if not missing:
                value, *others = combination.types
                extra: dict[str, Any] = {"candidates": list(combination.types)} if others else {}
                yield Span(start, words[last][1], ENTITY, value, extra)
                break


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class AppealTypes(SpanExtractor):
    """Entity appeal_type. No configuration."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to configure."""
        return {}

    def find(self, text: str) -> list[Span]:
        return find_appeal_types(text)
