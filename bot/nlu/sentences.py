"""From sentences to numbers: repaired spelling, n-grams of letters, words and concepts, and sentence vectors."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.nlu.concepts import concepts
from bot.nlu.counting import CountedView, CountedViews, Places, Weights
from bot.nlu.sentence_vectors import Vectors, log_probability, sentence_vectors
from bot.nlu.spelling import Speller, count_pairs, count_words
from bot.nlu.text import STAND_INS, folded

_GRAM = re.compile(r"\w+|[?!]")  # a question mark tells a question from a command
_WORDS = "speller.json"
_GAP = "…"


def _pairs(words: Sequence[str], nearest: int, farthest: int) -> str:
    """Each word with each that follows it at a distance, in their order."""
    return " ".join(
        f"{word}_{other}" for i, word in enumerate(words) for other in words[i + nearest : i + farthest + 1]
    )


def _word_pairs(text: str) -> str:
    """Words that stand apart ("nimm ... zurück"), and how the sentence begins: a verb asks or commands."""
    words = _GRAM.findall(text)
    return f"^{words[0]} {_pairs(words, 2, 3)}" if words else ""


def _concept_pairs(text: str) -> str:
    return _pairs(concepts(text).split(), 1, 4)


@dataclass(frozen=True, slots=True)
class View:
    """One way to read a folded sentence: ``read`` gives a text whose n-grams are counted, each kind of equal length."""

    name: str
    read: Callable[[str], str]
    analyzer: str
    grams: tuple[int, int]
    most: int
    weight: float
    least: int = 2


#: Weights and lengths were chosen on cross-validation of the training data.
VIEWS = (
    View("letters", str, "char_wb", (2, 5), 40_000, 1.0, 3),
    View("words", lambda text: " ".join(_GRAM.findall(text)), "word", (1, 2), 30_000, 1.0),
    View("word_pairs", _word_pairs, "word", (1, 1), 40_000, 0.7),
    View("concepts", concepts, "word", (1, 3), 40_000, 0.7),
    View("concept_pairs", _concept_pairs, "word", (1, 1), 20_000, 0.7),
)


class Sentences:
    """Features of masked sentences (see `bot.nlu.text.masked`).

    ``settings``: ``vector_weight``, by which the unit sentence vector is multiplied beside the unit n-gram vectors.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._weight = float(settings["vector_weight"])
        self._views = (*VIEWS, View("gaps", self._gaps, "word", (1, 1), 20_000, 0.4))
        self._vectorizers = {view.name: _vectorizer(view) for view in self._views}
        self._counted: CountedViews | None = None  # made from the vectorizers for the first single sentence
        self._knows({}, {}, [])

    def learn(self, texts: Sequence[str]) -> tuple[list[str], csr_matrix]:
        """Learn words and n-grams from masked training sentences; these repaired, and their n-grams."""
        self._knows(count_words(texts), count_pairs(texts), [])
        repaired = self.repaired(texts)
        spelled = [folded(text) for text in repaired]
        met = Counter(word for text in spelled for word in set(_GRAM.findall(text)))
        self._is_familiar(sorted(word for word, sentences in met.items() if sentences > 1))
        blocks = [
            view.weight * self._vectorizers[view.name].fit_transform([view.read(text) for text in spelled])
            for view in self._views
        ]
        return repaired, hstack(blocks, format="csr")

    def _knows(self, counts: dict[str, int], pairs: dict[str, int], familiar: list[str]) -> None:
        self._words: dict[str, Any] = {"counts": counts, "pairs": pairs}
        self._speller = Speller(counts, pairs, log_probability)
        self._is_familiar(familiar)

    def _is_familiar(self, words: list[str]) -> None:
        self._counted = None
        self._words["familiar"] = words
        self._familiar = frozenset(words)

    def _gaps(self, text: str) -> str:
        """Where a sentence has words that no two training sentences share, and how many: it may be about anything."""
        row = ["^", *_GRAM.findall(text), "$"]
        gaps = [i for i, word in enumerate(row) if word.isalpha() and word not in self._familiar]
        known = [_GAP if i in gaps else word for i, word in enumerate(row)]
        beside = [f"{known[i - 1]}_{_GAP} {_GAP}_{known[i + 1]}" for i in gaps]
        return " ".join([*[_GAP] * len(gaps), *beside, f"n{min(len(gaps), 4)}", f"of{round(4 * len(gaps) / len(row))}"])

    def repaired(self, texts: Sequence[str]) -> list[str]:
        """The sentences in lower case, slips repaired; what stands for numbers and links stays as it is."""
        return [_with_stand_ins(text) for text in self._speller.repair_all(list(texts))]

    def read(self, text: str) -> tuple[str, dict[str, str]]:
        """One sentence as `repaired` gives it, and its slips: words in lower case, and what each becomes."""
        spelled, slips = self._speller.read(text)
        return _with_stand_ins(spelled), slips

    def dense(self, repaired: Sequence[str]) -> Vectors:
        """The weighted sentence vectors (texts, 512) of repaired sentences."""
        return self._weight * sentence_vectors(repaired)

    def one(self, repaired: str) -> tuple[Places, Weights, Vectors]:
        """One repaired sentence: the columns that it has in `grams`, their weights, and its vector, shape (512,)."""
        columns, weights = self._one().count(folded(repaired))
        return columns, weights, self._weight * sentence_vectors([repaired])[0]

    def grams(self, repaired: Sequence[str]) -> csr_matrix:
        """The n-grams of repaired sentences, all views side by side."""
        spelled = [folded(text) for text in repaired]
        if len(spelled) == 1:
            return self._one().row(spelled[0])
        blocks = [
            view.weight * self._vectorizers[view.name].transform([view.read(text) for text in spelled])
            for view in self._views
        ]
        return hstack(blocks, format="csr")

    def _one(self) -> CountedViews:
        if self._counted is None:
            views = [CountedView.of(view.read, self._vectorizers[view.name], view.weight) for view in self._views]
            self._counted = CountedViews(views)
        return self._counted

    def save(self, folder: Path) -> None:
        """Write what was learned as JSON and plain arrays."""
        for name, vectorizer in self._vectorizers.items():
            ordered = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
            (folder / f"{name}.json").write_text(json.dumps(ordered, ensure_ascii=False), encoding="utf-8")
            np.save(folder / f"{name}.npy", vectorizer.idf_.astype(np.float32), allow_pickle=False)
        (folder / _WORDS).write_text(json.dumps(self._words, ensure_ascii=False), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        for name, vectorizer in self._vectorizers.items():
            ordered = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            vectorizer.vocabulary_ = {gram: place for place, gram in enumerate(ordered)}
            vectorizer.idf_ = np.load(folder / f"{name}.npy", allow_pickle=False).astype(np.float32)
        self._knows(**json.loads((folder / _WORDS).read_text(encoding="utf-8")))


def _with_stand_ins(text: str) -> str:
    for stand_in in STAND_INS:
        text = text.replace(stand_in.lower(), stand_in)
    return text


def _vectorizer(view: View) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=view.analyzer,
        tokenizer=str.split if view.analyzer == "word" else None,
        token_pattern=None,
        lowercase=False,
        ngram_range=view.grams,
        min_df=view.least,
        max_features=view.most,
        sublinear_tf=True,
        dtype=np.float32,
    )
