"""Repairs slips of the fingers: of all readings of a sentence the likeliest (a noisy channel with a bigram model).

How likely a word is where it stands is learned from the training sentences; how likely it is at large, from the
sentence encoder's vocabulary; how likely a slip is, from `bot.nlu.slips`. A sentence full of slips is read with less
trust in its letters than one without, so that careful writers are left alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from bot.nlu.slips import log_likelihood

_WORD = re.compile(r"[^\W\d_]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
#: How often a letter is mistyped, by careful and by hasty writers, and how many of them there are.
_WRITERS = ((0.01, 0.9), (0.1, 0.1))
_START = "^"
_BATCH, _CACHE = 1024, 100_000
_FAMILIAR = 3  # a word seen as often is questioned only for one slip
_NEAREST, _READINGS = 20, 6  # candidates that are weighed, and kept, for a word
_AT_LARGE = 0.05  # share of words that are not of this domain
_RARE = -16.0  # log probability at large below which a word seen once is hardly a word
_SPELLED_OUT = -1.0  # "verkaeufer" for "verkäufer": log probability, a choice rather than a slip
_PART, _BOTH = 4, 6  # how often each half of two words written as one was seen, and their letters together


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def count_words(texts: Iterable[str]) -> dict[str, int]:
    """How often each word occurs."""
    return dict(Counter(word for text in texts for word in words(text)))


def count_pairs(texts: Iterable[str]) -> dict[str, int]:
    """How often one word (or ``^``, the beginning) is followed by another: "one other", twice or more."""
    counts: Counter[str] = Counter()
    for text in texts:
        row = [_START, *words(text)]
        counts.update(f"{one} {other}" for one, other in pairwise(row))
    return {pair: count for pair, count in counts.items() if count >= 2}


@dataclass(frozen=True, slots=True)
class Reading:
    """Words that a typed one may mean, and for each kind of writer the log probability that they come out so."""

    meant: tuple[str, ...]
    typed_so: tuple[float, ...]


#: The readings chosen so far, the last one first.
_Path = tuple[Reading, object] | None
#: How many different words may end a place, and for each reading: the number of its last word among these, how likely
#: its first follows each of those before, and how likely its second follows its first.
_Step = tuple[int, list[tuple[Reading, int, list[float], float]]]


class Speller:
    """Knows words by how often they were seen, and after which others.

    ``counts``, ``pairs``: of `count_words` and `count_pairs`; ``at_large``: log probability of any word in general.
    """

    def __init__(self, counts: Mapping[str, int], pairs: Mapping[str, int], at_large: Callable[[str], float]) -> None:
        self._counts = counts
        self._pairs = pairs
        self._at_large = at_large
        self._total = max(1, sum(counts.values()))
        self._followed: Counter[str] = Counter()
        self._followers: Counter[str] = Counter()
        for pair, count in pairs.items():
            self._followed[pair.split()[0]] += count
            self._followers[pair.split()[0]] += 1
        self._suggested: dict[int, list[str]] = {}
        self._by_plain: dict[str, str] = {}
        for word in sorted(counts):
            if counts[word] >= 2 or (len(word) >= 3 and at_large(word) > _RARE):
                self._suggested.setdefault(len(word), []).append(word)
            if counts[word] >= 2:
                self._by_plain.setdefault(word.translate(_UMLAUTS), word)
        self._alone: dict[str, float] = {}
        self._after: dict[tuple[str, str], float] = {}
        self._readings: dict[str, list[Reading]] = {}

    def repair(self, text: str) -> str:
        """The text in lower case with slips repaired."""
        return self.repair_all([text])[0]

    def repair_all(self, texts: list[str]) -> list[str]:
        """The same for many texts, much faster than one by one."""
        lowered = [text.lower() for text in texts]
        self._prepare(word for text in lowered for word in _WORD.findall(text))
        return [self._repaired(text) for text in lowered]

    def read(self, text: str) -> tuple[str, dict[str, str]]:
        """Of one text what `repair` gives, and the words that are repaired, in lower case, with what each becomes."""
        lowered = text.lower()
        typed = _WORD.findall(lowered)
        self._prepare(typed)
        meant = self._read(typed)
        return _put(lowered, typed, meant), _changed(typed, meant)

    def _prepare(self, typed: Iterable[str]) -> None:
        for cache in (self._readings, self._alone, self._after):
            if len(cache) > _CACHE:
                cache.clear()
        self._look_up({word for word in typed if word not in self._readings})

    def _repaired(self, text: str) -> str:
        typed = _WORD.findall(text)
        return _put(text, typed, self._read(typed))

    def _read(self, typed: list[str]) -> list[str]:
        """What each word means; two words, with a blank between, where a blank was forgotten."""
        choices = [self._readings[word] for word in typed]
        return typed if all(len(readings) == 1 for readings in choices) else self._likeliest(choices)

    def _likeliest(self, choices: Sequence[list[Reading]]) -> list[str]:
        """The Viterbi path through the readings, for the writer who fits best."""
        steps = self._steps(choices)
        found: tuple[float, list[str]] | None = None
        for writer, (_, share) in enumerate(_WRITERS):
            # Paths by their last word: log probability, and the readings chosen so far as a linked list.
            scores = [math.log(share)]
            paths: list[_Path] = [None]
            for count, readings in steps:
                longer = [-math.inf] * count
                longest: list[_Path] = [None] * count
                for reading, last, follows, inside in readings:
                    come, before = scores[0] + follows[0], 0
                    for i in range(1, len(follows)):
                        if (other := scores[i] + follows[i]) > come:
                            come, before = other, i
                    come += reading.typed_so[writer] + inside
                    if come > longer[last]:
                        longer[last], longest[last] = come, (reading, paths[before])
                scores, paths = longer, longest
            score = max(scores)
            if found is None or score > found[0]:
                found = score, _unlinked(paths[scores.index(score)])
        assert found is not None
        return found[1]

    def _steps(self, choices: Sequence[list[Reading]]) -> list[_Step]:
        """What is the same for all writers: how likely the words of one place follow those of the place before."""
        before, steps, after = [_START], list[_Step](), self._after
        for readings in choices:
            lasts: dict[str, int] = {}
            step: list[tuple[Reading, int, list[float], float]] = []
            for reading in readings:
                first, last = reading.meant[0], reading.meant[-1]
                known = [after.get((word, first)) for word in before]
                follows = [self._follows(w, first) if k is None else k for w, k in zip(before, known, strict=True)]
                inside = self._follows(first, last) if len(reading.meant) > 1 else 0.0
                step.append((reading, lasts.setdefault(last, len(lasts)), follows, inside))
            before = list(lasts)
            steps.append((len(lasts), step))
        return steps

    def _probability(self, word: str) -> float:
        """Of a word wherever it stands."""
        if word not in self._alone:
            general = math.exp(max(self._at_large(word), -60.0))
            self._alone[word] = (1 - _AT_LARGE) * self._counts.get(word, 0) / self._total + _AT_LARGE * general
        return self._alone[word]

    def _follows(self, one: str, other: str) -> float:
        """The log probability of a word after another (smoothed after Witten and Bell)."""
        if (one, other) not in self._after:
            probability, followed = self._probability(other), self._followed[one]
            if followed:
                seen = followed / (followed + 2 * self._followers[one])
                share = self._pairs.get(f"{one} {other}", 0) / followed
                probability = seen * share + (1 - seen) * probability
            self._after[one, other] = math.log(probability)
        return self._after[one, other]

    def _look_up(self, unknown: set[str]) -> None:
        by_length: dict[int, list[str]] = {}
        for word in sorted(unknown):
            by_length.setdefault(len(word), []).append(word)
        for length, typed in by_length.items():
            reach = 1 if length <= 4 else 2 if length <= 8 else 3
            near = [w for n in range(length - reach, length + reach + 1) for w in self._suggested.get(n, ())]
            for first in range(0, len(typed), _BATCH):
                batch = typed[first : first + _BATCH]
                if not near:
                    self._readings.update((word, self._weighed(word, [])) for word in batch)
                    continue
                distances = cdist(batch, near, scorer=OSA.distance, score_cutoff=reach, dtype=np.uint8, workers=1)
                for word, row in zip(batch, distances, strict=True):
                    allowed = 1 if self._counts.get(word, 0) >= _FAMILIAR else reach
                    places = np.flatnonzero(row <= allowed)
                    nearest = sorted((int(row[i]), -self._counts[near[i]], near[i]) for i in places)[:_NEAREST]
                    self._readings[word] = self._weighed(word, [other for _, _, other in nearest if other != word])

    def _weighed(self, typed: str, near: list[str]) -> list[Reading]:
        """What ``typed`` may mean: itself, and the likeliest of the words that are ``near``, or two written as one."""
        found = [Reading((word,), tuple(log_likelihood(word, typed, rate) for rate, _ in _WRITERS)) for word in near]
        spelled = self._by_plain.get(typed.translate(_UMLAUTS), typed)
        if spelled != typed:
            found = [reading for reading in found if reading.meant != (spelled,)]
            found.append(Reading((spelled,), (_SPELLED_OUT,) * len(_WRITERS)))
        if len(typed) >= _BOTH and self._counts.get(typed, 0) < 2:
            found += self._halves(typed)
        found.sort(key=self._cost)
        itself = Reading((typed,), tuple(len(typed) * math.log(1 - rate) for rate, _ in _WRITERS))
        return [itself, *found[:_READINGS]]

    def _cost(self, reading: Reading) -> float:
        return -reading.typed_so[-1] - sum(math.log(self._probability(word)) for word in reading.meant)

    def _halves(self, typed: str) -> list[Reading]:
        halves = ((typed[:i], typed[i:]) for i in range(2, len(typed) - 1))
        return [
            Reading(pair, tuple(len(typed) * math.log(1 - rate) + math.log(rate * 0.2) for rate, _ in _WRITERS))
            for pair in halves
            if all(self._counts.get(half, 0) >= _PART for half in pair)
        ]


def _put(text: str, typed: list[str], meant: list[str]) -> str:
    """The text with the words that are meant in place of those that were typed."""
    if meant == typed:
        return text
    following = iter(meant)
    return _WORD.sub(lambda _: next(following), text)


def _changed(typed: list[str], meant: list[str]) -> dict[str, str]:
    return {slip: word for slip, word in zip(typed, meant, strict=True) if slip != word}


def _unlinked(chosen: object) -> list[str]:
    found: list[str] = []
    while isinstance(chosen, tuple):
        reading, chosen = chosen
        found.append(" ".join(reading.meant))
    return found[::-1]
