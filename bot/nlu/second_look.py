"""A second look at a message whose spelling was repaired: dates and types of appeals that the slips had hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rapidfuzz.distance import OSA
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.appeal_types import find_appeal_types
from bot.nlu.dates import find_dates
from bot.nlu.intents import SLIPS
from bot.nlu.spans import Span, SpanExtractor, without_overlaps

_WORD = re.compile(r"[^\W\d_]+")
_KINDS = ("date", "appeal_type")


def repaired(text: str, slips: Mapping[str, str]) -> tuple[str, list[int]]:
    """The text with its slips replaced, and for each character of it, and its end, the place it has in ``text``."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for match in _WORD.finditer(text):
        word = slips.get(match.group().lower())
        if word is None:
            continue
        parts += [text[done : match.start()], word]
        places += range(done, match.start())
        places += [min(match.start() + i, match.end() - 1) for i in range(len(word))]
        done = match.end()
    parts.append(text[done:])
    places += range(done, len(text) + 1)
    return "".join(parts), places


def _is_slip(typed: str, meant: str) -> bool:
    """Whether so little was changed that an entity may be read from it: „Erfüllungsdatum" is no „Erfüllungsrate"."""
    return OSA.distance(typed, meant) <= (1 if len(typed) <= 5 else 2)


def find(text: str, slips: Mapping[str, str]) -> Iterator[Span]:
    """Dates and types of appeals in the repaired text, with their places in ``text``."""
    spelled, places = repaired(text, slips)
    for span in (*find_dates(spelled), *find_appeal_types(spelled)):
        yield Span(places[span.start], places[span.end - 1] + 1, span.entity, span.value, span.extra)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class SecondLook(SpanExtractor):
    """Entities date and appeal_type of repaired messages. Stands behind `bot.nlu.intents` in the pipeline.

    What was found before stays, unless the same kind is now read from more words. No configuration.
    """

    @staticmethod
    def get_default_config() -> dict[str, object]:
        """Nothing to configure."""
        return {}

    def process(self, messages: list[Message]) -> list[Message]:
        """Add what the repaired words show to each message's entities."""
        for message in messages:
            slips = {typed: meant for typed, meant in (message.get(SLIPS) or {}).items() if _is_slip(typed, meant)}
            if not slips:
                continue
            text = message.get(TEXT)
            entities = list(message.get(ENTITIES) or ())
            for span in without_overlaps(find(text, slips)):
                touched = [e for e in entities if e["start"] < span.end and span.start < e["end"]]
                length = span.end - span.start
                if all(e["entity"] == span.entity and e["end"] - e["start"] < length for e in touched):
                    entities = [e for e in entities if e not in touched]
                    entities.append(self.entity(span, text))
            entities.sort(key=lambda entity: int(entity["start"]))
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
