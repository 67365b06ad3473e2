"""The intent of a message, with confidences that can be believed.

One linear classifier over letter n-grams, words and a multilingual sentence vector. Order numbers and links are masked
first, so that their digits say nothing. Everything a sentence needs is computed once for the whole sentence, not for
each token, which is where Rasa's own pipeline spends its time.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.order_numbers import OrderNumbers, finder_from
from bot.nlu.sentences import Sentences
from bot.nlu.softmax import Softmax, fit
from bot.nlu.spans import spans_of
from bot.nlu.text import masked

log = structlog.get_logger(__name__)

_WEIGHTS, _CLASSES = "softmax.npz", "classes.json"


@lru_cache(maxsize=1)
def _digest() -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceIntentClassifier(IntentClassifier, GraphComponent):
    """Sets ``intent`` and ``intent_ranking``. Expects `OrderNumbers` before it in the pipeline.

    Configuration: that of `Sentences` and `OrderNumbers`; ``penalty`` and ``rounds`` of the training; ``temperature``,
    chosen on cross-validation so that confidences are true; ``ranking_length``.
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._sentences = Sentences(config)
        self._softmax: Softmax | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Chosen on cross-validation of the training data."""
        return {
            **OrderNumbers.get_default_config(),
            "vector_weight": 1.0,
            "penalty": 1.5e-6,
            "rounds": 80,
            "temperature": 0.85,
            "ranking_length": 10,
            # Part of what Rasa's cache of trained components is keyed by; it sees the source of this class only.
            "code": _digest(),
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
            with np.load(folder / _WEIGHTS, allow_pickle=False) as weights:
                found._softmax = Softmax(classes, weights["sparse"], weights["dense"], weights["bias"])
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
        self._sentences.learn(texts)
        sparse, dense = self._sentences.features(texts)
        self._softmax = fit(
            sparse,
            dense,
            [example.get(INTENT) for example in examples],
            np.ones(len(examples), np.float32),
            penalty=float(self._config["penalty"]),
            rounds=int(self._config["rounds"]),
        )
        self._save()
        return self._resource

    def _save(self) -> None:
        assert self._softmax is not None
        with self._storage.write_to(self._resource) as folder:
            self._sentences.save(folder)
            (folder / _CLASSES).write_text(json.dumps(self._softmax.classes), encoding="utf-8")
            np.savez_compressed(
                folder / _WEIGHTS, sparse=self._softmax.sparse, dense=self._softmax.dense, bias=self._softmax.bias
            )

    def ranking(self, masked_text: str) -> list[dict[str, Any]]:
        """All intents with their confidences, the likeliest first."""
        if self._softmax is None:
            return []
        sparse, dense = self._sentences.features([masked_text])
        (row,) = self._softmax.probabilities(sparse, dense, float(self._config["temperature"]))
        return [{"name": self._softmax.classes[i], "confidence": float(row[i])} for i in np.argsort(-row)]

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of each message."""
        for message in messages:
            ranking = self.ranking(masked(message.get(TEXT) or "", spans_of(message)))
            if ranking:
                message.set(INTENT, dict(ranking[0]), add_to_output=True)
                message.set("intent_ranking", ranking[: self._config["ranking_length"]], add_to_output=True)
        return messages
