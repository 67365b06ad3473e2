"""The n-grams of one sentence, weighed as by scikit-learn's TfidfVectorizer, without its detours.

For a single sentence most of the vectorizer's time goes into making, checking and multiplying matrices of one row:
five views took 2 ms a message. Counting in a dictionary and weighing one array gives the same numbers in a fifth of it.
Letters are counted word by word, and which n-grams a word has is remembered: most words come again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

Places = NDArray[np.int64]
Weights = NDArray[np.float32]

_REMEMBERED = 20_000  # words, and not those longer than
_LONGEST = 30  # letters


@dataclass(frozen=True, slots=True)
class CountedView:
    """One view's learned n-grams. ``read`` makes the view's text; ``weight`` is the length of its part of the row.

    ``parts`` are what of the text is counted by itself, ``places_of`` where the n-grams of a part stand.
    """

    read: Callable[[str], str]
    parts: Callable[[str], Sequence[str]]
    places_of: Callable[[str], Sequence[int]]
    places: dict[str, int]
    rarity: Weights
    weight: float

    @classmethod
    def of(cls, read: Callable[[str], str], vectorizer: TfidfVectorizer, weight: float) -> CountedView:
        """The view of a fitted vectorizer with sublinear counts and unit rows, as `bot.nlu.sentences` makes them."""
        assert vectorizer.sublinear_tf and vectorizer.norm == "l2" and vectorizer.use_idf
        places, grams_of = vectorizer.vocabulary_, vectorizer.build_analyzer()
        rarity = np.asarray(vectorizer.idf_, np.float32)

        def places_of(part: str) -> list[int]:
            return [place for gram in grams_of(part) if (place := places.get(gram)) is not None]

        if vectorizer.analyzer == "char_wb":
            return cls(read, str.split, _remembered(places_of), places, rarity, weight)
        return cls(read, lambda text: (text,), places_of, places, rarity, weight)

    def counted(self, sentence: str) -> dict[int, int]:
        """How often each n-gram occurs in the sentence, by its place."""
        return Counter(chain.from_iterable(map(self.places_of, self.parts(self.read(sentence)))))

    def count(self, sentence: str) -> tuple[Places, Weights]:
        """The places of the n-grams in the sentence, and their weights."""
        counts = self.counted(sentence)
        found = np.fromiter(counts, np.int64, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.rarity[found]
        length = float(np.sqrt(weights @ weights))
        return found, weights * np.float32(self.weight / length) if length else weights


def _remembered(places_of: Callable[[str], list[int]]) -> Callable[[str], Sequence[int]]:
    kept = lru_cache(maxsize=_REMEMBERED)(lambda word: tuple(places_of(word)))
    return lambda word: kept(word) if len(word) <= _LONGEST else places_of(word)


class CountedViews:
    """All views side by side."""

    def __init__(self, views: Sequence[CountedView]) -> None:
        self._views = tuple(views)
        self._starts = np.cumsum([0, *(len(view.rarity) for view in views)])
        self._rarity = np.concatenate([view.rarity for view in views])

    def count(self, sentence: str) -> tuple[Places, Weights]:
        """The columns that the sentence has, and their weights."""
        found = [view.counted(sentence) for view in self._views]
        sizes = [len(counts) for counts in found]
        total = sum(sizes)
        columns = np.fromiter(chain.from_iterable(found), np.int64, total) + np.repeat(self._starts[:-1], sizes)
        counts = np.fromiter(chain.from_iterable(counts.values() for counts in found), np.float32, total)
        weights = (1 + np.log(counts)) * self._rarity[columns]
        start = 0
        for view, size in zip(self._views, sizes, strict=True):
            part = weights[start : start + size]
            start += size
            if size and (length := float(np.sqrt(part @ part))):
                part *= np.float32(view.weight / length)
        return columns, weights

    def row(self, sentence: str) -> csr_matrix:
        """The same as a matrix of one row."""
        columns, data = self.count(sentence)
        return csr_matrix((data, columns, [0, len(data)]), shape=(1, int(self._starts[-1])))
