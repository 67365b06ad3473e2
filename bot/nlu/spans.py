"""A stretch of a message that means something, and the shell that puts such stretches into Rasa's entities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]`` means ``value`` of the entity ``entity``; ``extra`` goes into Rasa's entity as it is."""

    start: int
    end: int
    entity: str
    value: str
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    def touches(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """The spans in reading order; of two that overlap the one that came first in ``spans`` stays."""
    kept: list[Span] = []
    for span in spans:
        if not any(span.touches(other) for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def spans_of(message: Message) -> list[Span]:
    """The spans that earlier components found in this message."""
    return [
        Span(entity["start"], entity["end"], entity["entity"], str(entity["value"]))
        for entity in message.get(ENTITIES) or ()
        if "start" in entity and "end" in entity
    ]


class SpanExtractor(GraphComponent):
    """A Rasa entity extractor without training: subclasses say what they find, earlier findings are left alone."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpanExtractor:
        """Nothing was trained, so there is nothing to load."""
        return cls({**cls.get_default_config(), **config})

    def find(self, text: str) -> Sequence[Span]:
        """The spans of one text."""
        raise NotImplementedError

    def entity(self, span: Span, text: str) -> dict[str, Any]:
        """Rasa's form of a span of ``text``."""
        return {
            "entity": span.entity,
            "start": span.start,
            "end": span.end,
            "value": span.value,
            "text": text[span.start : span.end],
            "extractor": type(self).__name__,
            **span.extra,
        }

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the spans found in each message to its entities."""
        for message in messages:
            text = message.get(TEXT) or ""
            taken = spans_of(message)
            found = [span for span in self.find(text) if not any(span.touches(other) for other in taken)]
            if not found:
                continue
            entities = [*(message.get(ENTITIES) or ())]
            entities += [self.entity(span, text) for span in found]
            entities.sort(key=lambda entity: int(entity.get("start") or 0))
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
