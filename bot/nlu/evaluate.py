"""How well messages are understood: `python -m bot.nlu.evaluate` (`make evaluate`).

Parses the held-out sentences (tests/nlu/heldout, never trained on) with the trained model, once as they are and again
with 10 % of their letters disturbed, and prints for each language accuracy, calibration, confusions with their
sentences, entities, and how many messages that are out of scope are caught at which rate of false alarms. Then the same
of other sets, if asked for, and of public sentences that are all out of scope (tests/nlu/public).

`--compare` trains Rasa's default pipeline, DIET alone and letter n-grams alone on the same data
(`bench.understanding`).

Short set phrases that stand in the training data too ("ja gern") are left out; `--whole` counts them, since people say
them. The files data/nlu/*/extra_*.yml were written by somebody who had seen which held-out sentences were
misunderstood; what resembled one of these was taken out again. `--without-additions` trains without these files, and so
gives the estimate that nothing has touched.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.nlu.training_data.loading import load_data

from bot.engine import model
from bot.nlu.scores import Example, Parsed, public_report, report
from bot.nlu.typos import misspelled

HELDOUT = model.ROOT / "tests" / "nlu" / "heldout"
PUBLIC = model.ROOT / "tests" / "nlu" / "public"
TRAINING = model.ROOT / "data" / "nlu"
LANGUAGES = ("de", "en")
NOISE = 0.1
DISTURBED = f"{NOISE:.0%} of letters disturbed"


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


def heldout(folder: Path = HELDOUT, *, whole: bool = False) -> list[Example]:
    """The sentences of a set in both languages; unless ``whole``, those that the training data do not have ("hallo").

    Of those out of scope the held-out files list the far ones first, as many as the near ones.
    """
    trained = {normalised(e.text) for language in LANGUAGES for e in examples(TRAINING, language)}
    found: list[Example] = []
    for language in LANGUAGES:
        all_of_them = examples(folder, language)
        outside = [e for e in all_of_them if e.intent == "out_of_scope"]
        far = {e.text for e in outside[: len(outside) // 2]}
        found += [replace(e, far=e.text in far) for e in all_of_them if whole or normalised(e.text) not in trained]
    return found


def public() -> dict[str, list[Example]]:
    """The public sentences by file, all out of scope. The name of a file ends with its language, if not English."""
    return {
        path.stem: [
            Example(text, "de" if path.stem.endswith("_de") else "en", "out_of_scope", frozenset(), far=True)
            for text in path.read_text(encoding="utf-8").splitlines()
            if text
        ]
        for path in sorted(PUBLIC.glob("*.txt"))
    }


def noisy(sentences: Iterable[Example], rate: float, seed: int) -> list[Example]:
    """The same sentences with letters disturbed; numbers, links and what else has a digit in it stay whole."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    return [replace(e, text=_disturbed(e.text, rate, rng)) for e in sentences]


def _disturbed(text: str, rate: float, rng: random.Random) -> str:
    parts = re.split(r"(\S*\d\S*)", text)
    return "".join(part if i % 2 else misspelled(part, rate, rng) for i, part in enumerate(parts))


async def parse(agent: Agent, sentences: Sequence[Example]) -> list[Parsed]:
    """Parse the sentences with the model of ``agent``."""
    return [parsed_from(example, await agent.parse_message(example.text)) for example in sentences]


def parsed_from(example: Example, result: dict[str, Any]) -> Parsed:
    """Rasa's parse result of an example."""
    ranking = tuple(
        (entry["name"], float(entry["confidence"]))
        for entry in result.get("intent_ranking") or ()
        if entry["name"] != "nlu_fallback"
    )
    found = frozenset((e["entity"], str(e["value"])) for e in result.get("entities") or ())
    return Parsed(example, result["intent"]["name"], ranking, found, result.get("language"))


async def evaluate(agent: Agent, folder: Path = HELDOUT, *, whole: bool = False) -> dict[str, list[Parsed]]:
    """Every sentence of a set as ``agent`` reads it: by title, for each language clean and disturbed."""
    clean = heldout(folder, whole=whole)
    found: dict[str, list[Parsed]] = {}
    for title, sentences in (("as written", clean), (DISTURBED, noisy(clean, NOISE, 1))):
        parsed = await parse(agent, sentences)
        for language in LANGUAGES:
            found[f"{language}, {title}"] = [p for p in parsed if p.example.language == language]
    return found


async def evaluate_public(agent: Agent) -> dict[str, list[Parsed]]:
    """Every public sentence as ``agent`` reads it, by file, clean and disturbed."""
    found: dict[str, list[Parsed]] = {}
    for name, sentences in public().items():
        found[f"{name}, as written"] = await parse(agent, sentences)
        found[f"{name}, {DISTURBED}"] = await parse(agent, noisy(sentences, NOISE, 1))
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
    parser.add_argument("--set", type=Path, default=HELDOUT, help="another folder with de.yml and en.yml to measure by")
    parser.add_argument("--whole", action="store_true", help="also the sentences that stand in the training data too")
    parser.add_argument("--compare", action="store_true", help="with other pipelines, trained on the same data (hours)")
    parser.add_argument("--epochs", type=int, default=100, help="of DIET, for --compare (Rasa's default: 100)")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if arguments.compare:
        from bench.understanding import compare  # bench is no part of what is deployed

        print(compare(arguments.epochs))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model
        if arguments.without_additions:
            path = _without_additions(Path(folder))
        elif path is None:
            model.ensure()
            path = model.newest()
        assert path is not None
        agent = Agent.load(str(path))
        for title, parsed in asyncio.run(evaluate(agent, arguments.set, whole=arguments.whole)).items():
            print(report(parsed, title), end="\n\n")
        for title, parsed in asyncio.run(evaluate_public(agent)).items():
            print(public_report(parsed, title), end="\n\n")


if __name__ == "__main__":
    main()
