"""The language of a message: ``de``, ``en``, or ``None`` where it cannot be told ("ok", "FO-48213").

Four voices are added up as log odds: known words and the shape of others, German words that hold a sentence together,
lingua's statistics where the text is long enough for them, and n-grams of letters learned from the training sentences.
`None` is better than wrong: the conversation then keeps its language.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from lingua import Language as Tongue
from lingua import LanguageDetector, LanguageDetectorBuilder
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.code_digest import digest
from bot.nlu.language_grams import LanguageGrams
from bot.nlu.language_words import ENGLISH, GERMAN, GERMAN_FRAME
from bot.nlu.spans import spans_of

LANGUAGE = "language"

_WORD = re.compile(r"[^\W\d_]+")
_CONTRACTED = re.compile(r"(?:n[’'´`]t|[’'´`](?:s|re|ve|ll|m|d))\b", re.IGNORECASE)
_GERMAN_SHAPE = re.compile(
    r"[äöüß]|ung(?:en|s)?$|keit|lich|ieren?$|iert|sch|tz|^(?:ver|zu|be|ent)\w{5}|icht|ae|ue(?!s)"
)
_ENGLISH_SHAPE = re.compile(r"th|ing$|ough|ould|ight|wh|ly$|ed$|ck$|oo|ee|ea")
_SHARE = 0.67  # of the weight of all words that speak for a language
_ENOUGH = 0.6  # weight below which words alone do not decide
_CERTAIN = 0.85  # what lingua must give, and
_LETTERS = 14  # for how many letters, in
_WORDS = 3  # how many words
# Weights of the voices and the log odds that decide; those for a single unknown word ("ok", "update") are higher.
_LINGUA, _KNOWN, _FRAME = 0.4, 1.0, 1.5
_LEAST = 1e-4  # so that no language is ever impossible
_MOST = math.log((1 + _LEAST) / _LEAST)  # that lingua can say, either way
_DECIDED, _DECIDED_ALONE = math.log(0.55 / 0.45), math.log(0.87 / 0.13)


def detect(text: str, grams: LanguageGrams | None = None) -> str | None:
    """The language of ``text``, which should come without order numbers and links; without ``grams`` less is told."""
    lowered = text.lower()
    words = _WORD.findall(lowered)
    if not words:
        return None
    german = sum(_weight(word, GERMAN, _GERMAN_SHAPE) for word in words)
    english = sum(_weight(word, ENGLISH, _ENGLISH_SHAPE) for word in words) + 0.7 * len(_CONTRACTED.findall(lowered))
    long_enough = sum(map(len, words)) >= _LETTERS and len(words) >= _WORDS
    if grams is None:
        return _by_words(german, english) or (_by_lingua(text) if long_enough else None)
    odds = grams.log_odds(lowered) + _KNOWN * (german - english) + _FRAME * sum(word in GERMAN_FRAME for word in words)
    enough = _DECIDED if german or english or len(words) > 1 else _DECIDED_ALONE
    if long_enough and abs(odds) < enough + _LINGUA * _MOST:  # else it could not change anything
        odds += _LINGUA * _lingua_odds(text)
    return None if abs(odds) < enough else "de" if odds > 0 else "en"


def _by_words(german: float, english: float) -> str | None:
    total = german + english
    if total >= _ENOUGH and max(german, english) >= _SHARE * total:
        return "de" if german > english else "en"
    return None


def _by_lingua(text: str) -> str | None:
    odds = _lingua_odds(text)
    return None if abs(odds) < math.log(_CERTAIN / (1 - _CERTAIN)) else "de" if odds > 0 else "en"


def _lingua_odds(text: str) -> float:
    """The log odds of German against English, at most nine either way."""
    sure = {found.language: found.value for found in _detector().compute_language_confidence_values(text)}
    return math.log((sure[Tongue.GERMAN] + _LEAST) / (sure[Tongue.ENGLISH] + _LEAST))


def _weight(word: str, known: frozenset[str], shape: re.Pattern[str]) -> float:
    if word in known:
        return 1.0
    other = GERMAN if known is ENGLISH else ENGLISH
    return 0.3 if word not in other and len(word) > 3 and shape.search(word) else 0.0


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    detector = LanguageDetectorBuilder.from_languages(Tongue.GERMAN, Tongue.ENGLISH).with_low_accuracy_mode().build()
    # Loads the models now. Lingua's own way to preload them starts threads, which would be missing after a fork.
    detector.compute_language_confidence_values("Guten Tag, good morning")
    return detector


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class Language(GraphComponent):
    """Puts ``language`` into the parse result, and so into ``latest_message`` of the action server's tracker.

    Learns from the training sentences whose language known words and lingua tell. An "extractor" to Rasa, which has no
    kind of component for this.
    """

    def __init__(self, storage: ModelStorage, resource: Resource, grams: LanguageGrams | None = None) -> None:
        self._storage = storage
        self._resource = resource
        self._grams = grams

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to configure: ``code`` is there for Rasa's cache."""
        return {"code": digest()}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Language:
        """An untrained one."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Language:
        """A trained one, with lingua's detector loaded, so that the first message does not wait for it."""
        _detector()
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, LanguageGrams.load(folder) if any(folder.iterdir()) else None)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the sentences whose language can be told without having learned."""
        texts = [_without_marks(message).lower() for message in training_data.intent_examples]
        told = [(text, language) for text in texts if (language := detect(text))]
        if {language for _, language in told} == {"de", "en"}:
            self._grams = LanguageGrams.learn([text for text, _ in told], [language for _, language in told])
        with self._storage.write_to(self._resource) as folder:
            if self._grams is not None:
                self._grams.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Detect the language of what is left beside numbers and links."""
        for message in messages:
            message.set(LANGUAGE, detect(_without_marks(message), self._grams), add_to_output=True)
        return messages


def _without_marks(message: Message) -> str:
    """The text without numbers and links."""
    text: str = message.get(TEXT) or ""
    for span in reversed(spans_of(message)):
        if span.entity not in ("date", "appeal_type"):
            text = f"{text[: span.start]} {text[span.end :]}"
    return text
