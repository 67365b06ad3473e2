"""From sentences to numbers: repaired spelling, letter n-grams, words, sentence vectors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.nlu.sentence_vectors import Vectors, is_common_word, sentence_vectors
from bot.nlu.spelling import Speller, count_words
from bot.nlu.text import STAND_INS, folded

_GRAM = r"\w+|[?!]"  # a question mark tells a question from a command
_LETTERS, _WORDS, _COUNTS = "letters", "words", "counts"


class Sentences:
    """Features of masked sentences (see `bot.nlu.text.masked`).

    ``settings``: ``letters`` and ``words`` (shortest and longest n-gram), ``max_letters``, ``max_words``, and
    ``vector_weight``, by which the unit sentence vector is multiplied beside the unit n-gram vectors.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._weight = float(settings["vector_weight"])
        self._letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=tuple(settings["letters"]), min_df=3, max_features=settings["max_letters"],
            sublinear_tf=True, dtype=np.float32,
        )  # fmt: skip
        self._words = TfidfVectorizer(
            analyzer="word", token_pattern=_GRAM, ngram_range=tuple(settings["words"]), min_df=2,
            max_features=settings["max_words"], sublinear_tf=True, dtype=np.float32,
        )  # fmt: skip
        self._counts: dict[str, int] = {}
        self._speller = Speller({}, is_common_word)

    def learn(self, texts: Sequence[str]) -> None:
        """Learn words and n-grams from masked training sentences."""
        self._knows(count_words(texts))
        spelled = [folded(text) for text in self.repaired(texts)]
        self._letters.fit(spelled)
        self._words.fit(spelled)

    def _knows(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._speller = Speller(counts, is_common_word)

    def repaired(self, texts: Sequence[str]) -> list[str]:
        """The sentences in lower case, slips repaired; what stands for numbers and links stays as it is."""
        repaired = self._speller.repair_all(list(texts))
        for stand_in in STAND_INS:
            repaired = [text.replace(stand_in.lower(), stand_in) for text in repaired]
        return repaired

    def features(self, texts: Sequence[str]) -> tuple[csr_matrix, Vectors]:
        """The n-grams (texts, n-grams) and the weighted sentence vectors (texts, 512)."""
        repaired = self.repaired(texts)
        spelled = [folded(text) for text in repaired]
        sparse = hstack([self._letters.transform(spelled), self._words.transform(spelled)], format="csr")
        return sparse, self._weight * sentence_vectors(repaired)

    def save(self, folder: Path) -> None:
        """Write what was learned as JSON and plain arrays."""
        for name, vectorizer in ((_LETTERS, self._letters), (_WORDS, self._words)):
            ordered = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
            (folder / f"{name}.json").write_text(json.dumps(ordered, ensure_ascii=False), encoding="utf-8")
            np.save(folder / f"{name}.npy", vectorizer.idf_.astype(np.float32), allow_pickle=False)
        (folder / f"{_COUNTS}.json").write_text(json.dumps(self._counts, ensure_ascii=False), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        for name, vectorizer in ((_LETTERS, self._letters), (_WORDS, self._words)):
            ordered = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            vectorizer.vocabulary_ = {gram: place for place, gram in enumerate(ordered)}
            vectorizer.idf_ = np.load(folder / f"{name}.npy", allow_pickle=False).astype(np.float32)
        self._knows(json.loads((folder / f"{_COUNTS}.json").read_text(encoding="utf-8")))
