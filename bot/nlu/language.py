"""The language of a message: ``de``, ``en``, or ``None`` where it cannot be told ("ok", "FO-48213").

Known words decide; where there are too few, the shape of others does, and then lingua's letter statistics. `None` is
better than wrong: the conversation then keeps its language.
"""

from __future__ import annotations

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

from bot.nlu.language_words import ENGLISH, GERMAN
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
_LETTERS = 14  # for how many letters


def detect(text: str) -> str | None:
    """The language of ``text``, which should come without order numbers and links."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return None
    german = sum(_weight(word, GERMAN, _GERMAN_SHAPE) for word in words)
    english = sum(_weight(word, ENGLISH, _ENGLISH_SHAPE) for word in words) + 0.7 * len(_CONTRACTED.findall(text))
    total = german + english
    if total >= _ENOUGH and max(german, english) >= _SHARE * total:
        return "de" if german > english else "en"
    if sum(map(len, words)) < _LETTERS or len(words) < 3:
        return None
    best = _detector().compute_language_confidence_values(text)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _CERTAIN else None


def _weight(word: str, known: frozenset[str], shape: re.Pattern[str]) -> float:
    if word in known:
        return 1.0
    other = GERMAN if known is ENGLISH else ENGLISH
    return 0.3 if word not in other and len(word) > 3 and shape.search(word) else 0.0


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    builder = LanguageDetectorBuilder.from_languages(Tongue.GERMAN, Tongue.ENGLISH)
    return builder.with_low_accuracy_mode().with_preloaded_language_models().build()


# An "extractor" to Rasa, since those run on messages only and not on the training data.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Language(GraphComponent):
    """Puts ``language`` into the parse result, and so into ``latest_message`` of the action server's tracker."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Language:
        """Load the detector once, so that the first message does not wait for it."""
        _detector()
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Detect the language of what is left beside numbers and links."""
        for message in messages:
            text = message.get(TEXT) or ""
            for span in reversed(spans_of(message)):
                if span.entity not in ("date", "appeal_type"):
                    text = f"{text[: span.start]} {text[span.end :]}"
            message.set(LANGUAGE, detect(text), add_to_output=True)
        return messages
