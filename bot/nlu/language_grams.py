"""What the letters of a text say about its language, German or English: a logistic regression over their n-grams."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.nlu.counting import CountedView
from bot.nlu.language_words import ENGLISH, GERMAN
from bot.nlu.typos import misspelled

_FILE = "language.json"
_MOST = 60_000
#: Copies of the training sentences with as many letters disturbed are learned as well, and up to so many words from
#: anywhere in each: short messages have no more to be told by.
_DISTURBED, _PART = 0.12, 3
_STRENGTH = 3.0  # inverse of the penalty; chosen on cross-validation


class LanguageGrams:
    """``weights`` of the n-grams that ``view`` counts, German being positive, and ``bias``."""

    def __init__(self, view: CountedView, weights: NDArray[np.float32], bias: float) -> None:
        self._view = view
        self._weights = weights
        self._bias = bias

    @classmethod
    def learn(cls, texts: Sequence[str], languages: Sequence[str]) -> LanguageGrams:
        """From texts in lower case and their languages (``de``, ``en``), and from the words that everybody knows."""
        rng = random.Random(9)  # noqa: S311 - no secret
        told = list(zip(texts, languages, strict=True))
        told += _parts(told, rng)
        told += [(misspelled(text, _DISTURBED, rng), language) for text, language in told]
        told += [(word, "de") for word in sorted(GERMAN)] + [(word, "en") for word in sorted(ENGLISH)]
        vectorizer = _vectorizer()
        matrix = vectorizer.fit_transform([text for text, _ in told])
        is_german = [language == "de" for _, language in told]
        model = LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=0).fit(matrix, is_german)
        weights = model.coef_[0] if model.classes_[-1] else -model.coef_[0]
        return cls(_view(vectorizer), weights.astype(np.float32), float(model.intercept_[0]))

    def log_odds(self, text: str) -> float:
        """Of German against English, natural logarithm; near zero where the letters say nothing."""
        places, values = self._view.count(text)
        return float(values @ self._weights[places]) + self._bias

    def save(self, folder: Path) -> None:
        """Write what was learned as JSON."""
        ordered = sorted(self._view.places, key=self._view.places.__getitem__)
        learned = {
            "grams": ordered,
            "rarity": [round(float(value), 4) for value in self._view.rarity],
            "weights": [round(float(value), 4) for value in self._weights],
            "bias": self._bias,
        }
        (folder / _FILE).write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LanguageGrams:
        """Read what `save` wrote."""
        learned = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        vectorizer = _vectorizer()
        vectorizer.vocabulary_ = {gram: place for place, gram in enumerate(learned["grams"])}
        vectorizer.idf_ = np.array(learned["rarity"], np.float32)
        return cls(_view(vectorizer), np.array(learned["weights"], np.float32), learned["bias"])


def _parts(told: Sequence[tuple[str, str]], rng: random.Random) -> list[tuple[str, str]]:
    """Some words that stand together, of each text that has more."""
    parts: list[tuple[str, str]] = []
    for text, language in told:
        words = text.split()
        if len(words) > 1:
            count = rng.randint(1, min(_PART, len(words) - 1))
            first = rng.randrange(len(words) - count + 1)
            parts.append((" ".join(words[first : first + count]), language))
    return parts


def _vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 5), min_df=2, max_features=_MOST, sublinear_tf=True, lowercase=False,
        dtype=np.float32,
    )  # fmt: skip


def _view(vectorizer: TfidfVectorizer) -> CountedView:
    return CountedView.of(str, vectorizer, 1.0)
