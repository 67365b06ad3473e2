"""Repairs slips of the keyboard: a word that nobody knows becomes the nearest word of the training sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

_WORD = re.compile(r"[^\W\d_]+")
_BATCH = 2048
_CACHE = 50_000


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def count_words(texts: Iterable[str]) -> dict[str, int]:
    """How often each word occurs; the knowledge of a `Speller`."""
    return dict(Counter(word for text in texts for word in words(text)))


class Speller:
    """Knows words by how often they were seen.

    ``counts``: words in lower case; those seen once may be slips themselves, and are suggested only if ``common``.
    ``common``: says of a word whether it is one of the language at large and so must not be touched.
    """

    def __init__(self, counts: Mapping[str, int], common: Callable[[str], bool]) -> None:
        self._counts = counts
        self._common = common
        self._repaired: dict[str, str] = {}
        self._suggested: dict[int, list[str]] = {}
        for word in sorted(counts):
            if len(word) >= 3 and (counts[word] >= 2 or common(word)):
                self._suggested.setdefault(len(word), []).append(word)

    def repair(self, text: str) -> str:
        """The text in lower case with unknown words replaced by known ones that are near enough."""
        return self.repair_all([text])[0]

    def repair_all(self, texts: list[str]) -> list[str]:
        """The same for many texts, much faster than one by one."""
        lowered = [text.lower() for text in texts]
        unknown = {word for text in lowered for word in _WORD.findall(text) if word not in self._repaired}
        if len(self._repaired) + len(unknown) > _CACHE:
            self._repaired.clear()
            unknown = {word for text in lowered for word in _WORD.findall(text)}
        self._look_up(unknown)
        return [_WORD.sub(lambda match: self._repaired[match.group()], text) for text in lowered]

    def _look_up(self, unknown: set[str]) -> None:
        by_length: dict[int, list[str]] = {}
        for word in sorted(unknown):
            self._repaired[word] = word
            if len(word) >= 3 and self._counts.get(word, 0) < 2 and not self._common(word):
                by_length.setdefault(len(word), []).append(word)
        for length, slips in by_length.items():
            for first in range(0, len(slips), _BATCH):
                self._match(slips[first : first + _BATCH], length)

    def _match(self, slips: list[str], length: int) -> None:
        reach = 1 if length <= 5 else 2 if length <= 10 else 3
        near = [w for n in range(length - reach, length + reach + 1) for w in self._suggested.get(n, ())]
        if not near:
            return
        distances = cdist(slips, near, scorer=OSA.distance, score_cutoff=reach, dtype=np.uint8, workers=1)
        for slip, row in zip(slips, distances, strict=True):
            candidates = np.flatnonzero(row <= reach)
            if candidates.size:
                best = min(candidates, key=lambda i: self._cost(slip, near[i], int(row[i])))
                self._repaired[slip] = near[best]

    def _cost(self, slip: str, word: str, distance: int) -> tuple[float, int, str]:
        """Fewer changes first; the first letter is seldom wrong; then the more frequent word."""
        return distance + 0.5 * (slip[0] != word[0]), -self._counts[word], word
