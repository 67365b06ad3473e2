"""What is measured of the understanding, and the report of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.order_numbers import NumberFinder

ENTITIES = ("order_id", "infraction_id", "appeal_type", "date", "tracking_number", "url")

_OUT_OF_SCOPE = frozenset({"out_of_scope", "nlu_fallback"})
_BINS = 10
_LETTER = re.compile(r"[^\W\d_]")
_NUMBERS = NumberFinder()


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and what it means. ``entities``: pairs of entity and value. ``far``: not about a marketplace."""

    text: str
    language: str
    intent: str
    entities: frozenset[tuple[str, str]]
    far: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the model made of an example; ``ranking`` without the fallback."""

    example: Example
    intent: str
    ranking: tuple[tuple[str, float], ...]
    entities: frozenset[tuple[str, str]]
    language: str | None

    @property
    def best(self) -> str:
        """The likeliest intent, whether or not it was sure enough."""
        return self.ranking[0][0]

    @property
    def confidence(self) -> float:
        """Of the likeliest intent."""
        return self.ranking[0][1]

    @property
    def right(self) -> bool:
        """Whether the likeliest intent is the one."""
        return self.best == self.example.intent


def accuracy(parsed: Sequence[Parsed]) -> float:
    """Share of right intents."""
    return float(np.mean([p.right for p in parsed]))


def calibration_error(parsed: Sequence[Parsed]) -> float:
    """Expected calibration error: how far confidence and share of right answers lie apart, over ten equal bins."""
    confidence = np.array([p.confidence for p in parsed])
    right = np.array([p.right for p in parsed], float)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * np.mean(bins == b) for b in set(bins)]
    return float(sum(gaps))


def entity_scores(parsed: Sequence[Parsed]) -> dict[str, tuple[float, float, float, int]]:
    """For each entity, and ``all``: precision, recall, F1 by value, and how many there are."""
    hits, found, wanted = Counter[str](), Counter[str](), Counter[str]()
    for p in parsed:
        for counter, pairs in (
            (hits, p.entities & p.example.entities), (found, p.entities), (wanted, p.example.entities),
        ):  # fmt: skip
            counter.update(entity for entity, _ in pairs if entity in ENTITIES)
    scores = {entity: _score(hits[entity], found[entity], wanted[entity]) for entity in ENTITIES}
    return {**scores, "all": _score(hits.total(), found.total(), wanted.total())}


def _score(hits: int, found: int, wanted: int) -> tuple[float, float, float, int]:
    precision, recall = hits / found if found else 1.0, hits / wanted if wanted else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1, wanted


def out_of_scope(parsed: Sequence[Parsed], threshold: float | None = None) -> tuple[float, float]:
    """Share of out-of-scope sentences that are caught, and of the others that are turned away by mistake.

    Without a ``threshold`` the model's own fallback decides, else the least confidence that is believed.
    """

    def caught(p: Parsed) -> bool:
        if threshold is None:
            return p.intent in _OUT_OF_SCOPE
        return p.best in _OUT_OF_SCOPE or p.confidence < threshold

    outside = [caught(p) for p in parsed if p.example.intent == "out_of_scope"]
    inside = [caught(p) for p in parsed if p.example.intent != "out_of_scope"]
    return float(np.mean(outside)), float(np.mean(inside))


def caught_by_distance(parsed: Sequence[Parsed]) -> tuple[float, float]:
    """Share caught of the far and of the near out-of-scope sentences, by the model's own threshold."""
    outside = [(p.example.far, p.intent in _OUT_OF_SCOPE) for p in parsed if p.example.intent == "out_of_scope"]
    return (
        float(np.mean([caught for is_far, caught in outside if is_far])),
        float(np.mean([caught for is_far, caught in outside if not is_far])),
    )


def language_scores(parsed: Sequence[Parsed]) -> tuple[float, float]:
    """Share of messages whose language is told rightly, and wrongly; the rest is left open."""
    told = [p.language == p.example.language for p in parsed]
    wrong = [p.language is not None and p.language != p.example.language for p in parsed]
    return float(np.mean(told)), float(np.mean(wrong))


def in_words(text: str) -> bool:
    """Whether a message has a language at all: letters beside numbers and links ("FO-48213" and "14.12." have none)."""
    for span in reversed(_NUMBERS.find(text)):
        text = f"{text[: span.start]} {text[span.end :]}"
    return bool(_LETTER.search(text))


def report(parsed: Sequence[Parsed], title: str) -> str:
    """Everything about one language as text."""
    told, wrong = language_scores(parsed)
    worded = [p for p in parsed if in_words(p.example.text)]
    lines = [
        f"== {title}: {len(parsed)} sentences ==",
        f"intent accuracy      {accuracy(parsed):.3f}",
        f"calibration error    {calibration_error(parsed):.3f}",
        f"language             {told:.3f} told, {wrong:.3f} wrong, the rest left open",
    ]
    if worded:
        lines.append(
            f"                     {language_scores(worded)[0]:.3f} told of the {len(worded)} that have a word"
        )
    for entity, (precision, recall, f1, wanted) in entity_scores(parsed).items():
        lines.append(f"entity {entity:<16}precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}  of {wanted}")
    lines += _turned_away(parsed)
    lines.append("confusions")
    for p in sorted((p for p in parsed if not p.right), key=lambda p: (p.example.intent, p.best)):
        lines.append(f"  {p.example.intent} -> {p.best} {p.confidence:.2f} | {p.example.text}")
    return "\n".join(lines)


def _turned_away(parsed: Sequence[Parsed]) -> list[str]:
    """What is out of scope and what is not, where a set has both; of the far and the near ones, where it has both."""
    outside = [p.example.far for p in parsed if p.example.intent == "out_of_scope"]
    if len(outside) in (0, len(parsed)):
        return []
    caught, alarms = out_of_scope(parsed)
    lines = [f"out of scope         {caught:.3f} caught, {alarms:.3f} false alarms (the model's own threshold)"]
    if len(set(outside)) == 2:
        far, near = caught_by_distance(parsed)
        lines.append(f"                     {far:.3f} of the far, {near:.3f} of the near ones")
    for threshold in (0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7):
        caught, alarms = out_of_scope(parsed, threshold)
        lines.append(f"  at {threshold:.2f}            {caught:.3f} caught, {alarms:.3f} false alarms")
    return lines


def public_report(parsed: Sequence[Parsed], title: str) -> str:
    """Of sentences that are all out of scope: how many are caught, and what the others were taken for."""
    missed = [p for p in parsed if p.intent not in _OUT_OF_SCOPE]
    lines = [
        f"== {title}: {len(parsed)} sentences ==",
        f"out of scope         {1 - len(missed) / len(parsed):.3f} caught",
    ]
    return "\n".join(lines + [f"  {p.best} {p.confidence:.2f} | {p.example.text}" for p in missed])
