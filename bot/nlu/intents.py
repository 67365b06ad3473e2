"""The intent of a message, with confidences that can be believed.

A linear classifier over letter n-grams, words and a multilingual sentence vector. Order numbers and links are masked
first, so that their digits say nothing. Everything a sentence needs is computed once for the whole sentence, not for
each token, which is where Rasa's own pipeline spends its time. Where the classifier is unsure (about one message in
six), a second one decides that has the vector of a better and slower encoder besides.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from bot.nlu.code_digest import digest
from bot.nlu.order_numbers import OrderNumbers, finder_from
from bot.nlu.sentence_vectors import SECOND_SIZE, Vectors, guess, second_vectors
from bot.nlu.sentences import Sentences
from bot.nlu.softmax import Softmax, fit
from bot.nlu.spans import spans_of
from bot.nlu.text import masked

log = structlog.get_logger(__name__)

_FIRST, _SECOND, _CLASSES = "softmax.npz", "second.npz", "classes.json"
#: Key of a message under which the words that were repaired stand, for `bot.nlu.second_look`.
SLIPS = "slips"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceIntentClassifier(IntentClassifier, GraphComponent):
    """Sets ``intent`` and ``intent_ranking``. Expects `OrderNumbers` before it in the pipeline.

    Configuration: that of `Sentences` and `OrderNumbers`; ``penalty``, ``rounds`` and ``second_rounds`` (which go on
    from the first classifier) of the training; ``temperature``, chosen on cross-validation so that confidences are
    true; ``ranking_length``; ``unsure``, the confidence below which the second encoder is asked (0: never, and it is
    not trained), and ``second_weight``, of its vectors; ``encoded``, the share of the training sentences that it reads,
    namely the most difficult (the others cost most of the time and bring .04 points: see docs/understanding.md).
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._sentences = Sentences(config)
        self._first: Softmax | None = None
        self._second: Softmax | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Chosen on cross-validation of the training data."""
        return {
            **OrderNumbers.get_default_config(),
            "vector_weight": 0.77,
            "penalty": 4.7e-6,
            "rounds": 60,
            "second_rounds": 20,
            "encoded": 0.4,
            "temperature": 0.9,
            "ranking_length": 10,
            "unsure": 0.85,
            "second_weight": 2.3,
            "code": digest(),  # for Rasa's cache
        }

    @staticmethod
    def required_packages() -> list[str]:
        """Checked by Rasa at start."""
        return ["sklearn"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceIntentClassifier:
        """An untrained one."""
        return cls({**cls.get_default_config(), **config}, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceIntentClassifier:
        """A trained one; it answers a first sentence to itself, so that the first person need not wait."""
        found = cls({**cls.get_default_config(), **config}, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            found._sentences.load(folder)
            classes = tuple(json.loads((folder / _CLASSES).read_text(encoding="utf-8")))
            found._first = _read(folder / _FIRST, classes)
            if found._config["unsure"]:
                found._second = _read(folder / _SECOND, classes)
                second_vectors(["hallo"])
        found.ranking("hallo")
        return found

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from all examples that have an intent."""
        finder = finder_from(self._config)
        examples = [e for e in training_data.intent_examples if e.get(INTENT) and e.get(TEXT)]
        if not examples:
            log.warning("nlu.no_examples")
            return self._resource
        texts = [masked(example.get(TEXT), finder.find(example.get(TEXT))) for example in examples]
        labels = [example.get(INTENT) for example in examples]
        repaired, grams = self._sentences.learn(texts)
        dense = self._sentences.dense(repaired)
        self._first = self._fit(grams, dense, labels)
        if self._config["unsure"]:
            sure = self._first.probabilities(grams, dense)[np.arange(len(labels)), self._first.places(labels)]
            both = self._learned_from(repaired, dense, sure <= np.quantile(sure, self._config["encoded"]))
            self._second = self._fit(grams, both, labels, self._first)
        self._save()
        return self._resource

    def _fit(self, grams: csr_matrix, dense: Vectors, labels: list[str], start: Softmax | None = None) -> Softmax:
        rounds = int(self._config["second_rounds" if start else "rounds"])
        return fit(grams, dense, labels, penalty=float(self._config["penalty"]), rounds=rounds, start=start)

    def _learned_from(self, repaired: Sequence[str], dense: Vectors, encoded: NDArray[np.bool_]) -> Vectors:
        """Like `_both`, but the second vectors of all that are not to be ``encoded`` are guessed from the first."""
        both = np.empty((len(dense), dense.shape[1] + SECOND_SIZE), np.float32)
        both[:, : dense.shape[1]] = dense
        found = self._both([text for text, wanted in zip(repaired, encoded, strict=True) if wanted], dense[encoded])
        both[encoded] = found
        if not encoded.all():
            both[~encoded, dense.shape[1] :] = guess(dense[encoded], found[:, dense.shape[1] :], dense[~encoded])
        return both

    def _both(self, repaired: Sequence[str], dense: Vectors) -> Vectors:
        """The vectors of both encoders side by side; ``dense``: those of the first."""
        return np.hstack([dense, float(self._config["second_weight"]) * second_vectors(repaired)])

    def _save(self) -> None:
        assert self._first is not None
        with self._storage.write_to(self._resource) as folder:
            self._sentences.save(folder)
            (folder / _CLASSES).write_text(json.dumps(self._first.classes), encoding="utf-8")
            for name, softmax in ((_FIRST, self._first), (_SECOND, self._second)):
                if softmax is not None:
                    np.savez_compressed(folder / name, sparse=softmax.sparse, dense=softmax.dense, bias=softmax.bias)

    def ranking(self, masked_text: str) -> list[dict[str, Any]]:
        """All intents with their confidences, the likeliest first."""
        return self._understand(masked_text)[0]

    def _understand(self, masked_text: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The ranking, and the slips of the sentence."""
        if self._first is None:
            return [], {}
        spelled, slips = self._sentences.read(masked_text)
        columns, values, vector = self._sentences.one(spelled)
        temperature = float(self._config["temperature"])
        row = self._first.of_one(columns, values, vector, temperature)
        if self._second is not None and row.max() < self._config["unsure"]:
            row = self._second.of_one(columns, values, self._both([spelled], vector[None])[0], temperature)
        return [{"name": self._first.classes[i], "confidence": float(row[i])} for i in np.argsort(-row)], slips

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of each message."""
        for message in messages:
            text = masked(message.get(TEXT) or "", spans_of(message))
            ranking, slips = self._understand(text)
            if ranking:
                message.set(INTENT, dict(ranking[0]), add_to_output=True)
                message.set("intent_ranking", ranking[: self._config["ranking_length"]], add_to_output=True)
                message.set(SLIPS, slips)
        return messages


def _read(path: Path, classes: tuple[str, ...]) -> Softmax:
    with np.load(path, allow_pickle=False) as weights:
        return Softmax(classes, weights["sparse"], weights["dense"], weights["bias"])
