"""How well messages are understood: `python -m bot.nlu.evaluate` (`make evaluate`).

Parses the held-out sentences (tests/nlu/heldout, never trained on) with the trained model, once as they are and again
with 10 % of their letters disturbed, and prints for each language accuracy, calibration, confusions with their
sentences, entities, and how many messages that are out of scope are caught at which rate of false alarms.

Short set phrases that stand in the training data too ("ja gern") are left out. The files data/nlu/*/extra_*.yml were
written by somebody who had seen which held-out sentences were misunderstood; what resembled one of these was taken out
again. `--without-additions` trains without these files, and so gives the estimate that nothing has touched.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.nlu.training_data.loading import load_data

from bot.engine import model
from bot.nlu.typos import misspelled

HELDOUT = model.ROOT / "tests" / "nlu" / "heldout"
TRAINING = model.ROOT / "data" / "nlu"
LANGUAGES = ("de", "en")
NOISE = 0.1
ENTITIES = ("order_id", "infraction_id", "appeal_type", "date", "tracking_number", "url")

_OUT_OF_SCOPE = frozenset({"out_of_scope", "nlu_fallback"})
_BINS = 10


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


def normalised(text: str) -> str:
    """What makes two sentences the same: letters and digits in lower case, or the text itself where it has none."""
    return re.sub(r"\W+", " ", text.lower()).strip() or text.strip()


def examples(folder: Path, language: str) -> list[Example]:
    """The examples of one language: ``folder/<language>.yml`` or all files below ``folder/<language>``."""
    path = folder / f"{language}.yml"
    messages = load_data(str(path if path.exists() else folder / language), language).intent_examples
    return [
        Example(
            message.get("text"),
            language,
            message.get("intent"),
            frozenset((e["entity"], str(e["value"])) for e in message.get("entities") or ()),
        )
        for message in messages
    ]


def heldout() -> list[Example]:
    """The held-out sentences of both languages that do not stand in the training data as well ("ja", "hallo").

    Of those out of scope the files list the far ones first, as many as the near ones.
    """
    trained = {normalised(e.text) for language in LANGUAGES for e in examples(TRAINING, language)}
    found: list[Example] = []
    for language in LANGUAGES:
        all_of_them = examples(HELDOUT, language)
        outside = [e for e in all_of_them if e.intent == "out_of_scope"]
        far = {e.text for e in outside[: len(outside) // 2]}
        found += [replace(e, far=e.text in far) for e in all_of_them if normalised(e.text) not in trained]
    return found


def noisy(sentences: Iterable[Example], rate: float, seed: int) -> list[Example]:
    """The same sentences with letters disturbed; numbers, links and what else has a digit in it stay whole."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    return [replace(e, text=_disturbed(e.text, rate, rng)) for e in sentences]


def _disturbed(text: str, rate: float, rng: random.Random) -> str:
    parts = re.split(r"(\S*\d\S*)", text)
    return "".join(part if i % 2 else misspelled(part, rate, rng) for i, part in enumerate(parts))


async def parse(agent: Agent, sentences: Sequence[Example]) -> list[Parsed]:
    """Parse the sentences with the model of ``agent``."""
    return [_parsed(example, await agent.parse_message(example.text)) for example in sentences]


def _parsed(example: Example, result: dict[str, Any]) -> Parsed:
    ranking = tuple(
        (entry["name"], float(entry["confidence"]))
        for entry in result.get("intent_ranking") or ()
        if entry["name"] != "nlu_fallback"
    )
    found = frozenset((e["entity"], str(e["value"])) for e in result.get("entities") or ())
    return Parsed(example, result["intent"]["name"], ranking, found, result.get("language"))


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


def report(parsed: Sequence[Parsed], title: str) -> str:
    """Everything about one language as text."""
    told, wrong = language_scores(parsed)
    lines = [
        f"== {title}: {len(parsed)} sentences ==",
        f"intent accuracy      {accuracy(parsed):.3f}",
        f"calibration error    {calibration_error(parsed):.3f}",
        f"language             {told:.3f} told, {wrong:.3f} wrong, the rest left open",
    ]
    for entity, (precision, recall, f1, wanted) in entity_scores(parsed).items():
        lines.append(f"entity {entity:<16}precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}  of {wanted}")
    caught, alarms = out_of_scope(parsed)
    far, near = caught_by_distance(parsed)
    lines.append(f"out of scope         {caught:.3f} caught, {alarms:.3f} false alarms (the model's own threshold)")
    lines.append(f"                     {far:.3f} of the far, {near:.3f} of the near ones")
    for threshold in (0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7):
        caught, alarms = out_of_scope(parsed, threshold)
        lines.append(f"  at {threshold:.2f}            {caught:.3f} caught, {alarms:.3f} false alarms")
    lines.append("confusions")
    for p in sorted((p for p in parsed if not p.right), key=lambda p: (p.example.intent, p.best)):
        lines.append(f"  {p.example.intent} -> {p.best} {p.confidence:.2f} | {p.example.text}")
    return "\n".join(lines)


async def evaluate(path: Path) -> dict[str, list[Parsed]]:
    """Every held-out sentence as the model at ``path`` reads it: by title, for each language clean and disturbed."""
    agent = Agent.load(str(path))
    clean = heldout()
    found: dict[str, list[Parsed]] = {}
    for title, sentences in (("as written", clean), (f"{NOISE:.0%} of letters disturbed", noisy(clean, NOISE, 1))):
        parsed = await parse(agent, sentences)
        for language in LANGUAGES:
            found[f"{language}, {title}"] = [p for p in parsed if p.example.language == language]
    return found


def _without_additions(folder: Path) -> Path:
    """A model of the language understanding alone, trained without the additions, in ``folder``."""
    for language in LANGUAGES:
        (folder / "nlu" / language).mkdir(parents=True)
        for path in sorted((TRAINING / language).glob("*.yml")):
            if not path.name.startswith("extra_"):
                shutil.copy(path, folder / "nlu" / language)
    trained = train_nlu(str(model.ROOT / "config.yml"), str(folder / "nlu"), str(folder), fixed_model_name="base")
    assert trained is not None
    return Path(trained)


def main() -> None:
    """Train if needed, parse, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="another model than the one `make train` makes")
    parser.add_argument("--without-additions", action="store_true", help="train without data/nlu/*/extra_*.yml")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model
        if arguments.without_additions:
            path = _without_additions(Path(folder))
        elif path is None:
            model.ensure()
            path = model.newest()
        assert path is not None
        for title, parsed in asyncio.run(evaluate(path)).items():
            print(report(parsed, title), end="\n\n")


if __name__ == "__main__":
    main()
