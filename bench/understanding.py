"""Lotse's understanding beside plain Rasa's, all trained on the same sentences: `make evaluate ARGS=--compare`.

Rasa's pipelines run in plain Rasa's own environment (`bench.stock`), on our sentences with the entities annotated that
bot/nlu finds in them, since DIET learns entities from annotations. What was trained is kept in bench/.stock until the
sentences or the pipeline change.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench import kept, usage
from bench.stock import environment, project
from bot.nlu.evaluate import DISTURBED, NOISE, heldout, noisy, parsed_from, public
from bot.nlu.scores import Example, Parsed, accuracy, entity_scores, out_of_scope

FOLDER = environment.FOLDER / "understanding"
_PARSER = Path(__file__).with_name("parse.py")
_FALLBACK = {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1}
_LETTERS = {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4}


def pipelines(epochs: int) -> dict[str, list[dict[str, Any]]]:
    """The pipelines of plain Rasa by name: its default one (the part that understands), DIET alone, letters alone."""
    diet = {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True}
    return {
        "default": [
            {"name": "WhitespaceTokenizer"}, {"name": "RegexFeaturizer"}, {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"}, _LETTERS, diet, {"name": "EntitySynonymMapper"},
            {"name": "ResponseSelector", "epochs": epochs, "constrain_similarities": True}, _FALLBACK,
        ],
        "diet": [
            {"name": "WhitespaceTokenizer"}, {"name": "CountVectorsFeaturizer"}, diet, {"name": "EntitySynonymMapper"},
            _FALLBACK,
        ],
        "letters": [
            {"name": "WhitespaceTokenizer"}, _LETTERS, {"name": "LogisticRegressionClassifier"}, _FALLBACK,
        ],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A trained pipeline: its model, what training took, and the interpreter that can load it."""

    name: str
    model: Path
    used: dict[str, Any]
    python: Path


def compare(epochs: int, say: Callable[[str], None] = print) -> str:
    """Train what is not kept, parse, and give the table."""
    environment.ensure(say)
    sentences = project.annotated_nlu()
    sides = [_lotse(sentences, say)]
    sides += [_plain(name, pipeline, sentences, say) for name, pipeline in pipelines(epochs).items()]
    return table(sides, epochs)


def _plain(name: str, pipeline: list[dict[str, Any]], sentences: str, say: Callable[[str], None]) -> Side:
    config = {"recipe": "default.v1", "assistant_id": name, "language": "en", "pipeline": pipeline, "policies": []}
    rasa = [str(environment.VENV / "bin" / "rasa")]
    return _trained(
        name, yaml.safe_dump(config, sort_keys=False), sentences, rasa, environment.VENV / "bin/python", say
    )


def _lotse(sentences: str, say: Callable[[str], None]) -> Side:
    config = (kept.ROOT / "config.yml").read_text(encoding="utf-8")
    code = kept.fingerprint([kept.ROOT / "bot" / "nlu"])
    python = Path(sys.executable)
    return _trained("lotse", f"{config}# {code}\n", sentences, [str(python), "-m", "rasa"], python, say)


def _trained(
    name: str, config: str, sentences: str, rasa: Sequence[str], python: Path, say: Callable[[str], None]
) -> Side:
    """The pipeline of ``config``, trained on ``sentences`` unless a kept model has both. Raises RuntimeError."""
    folder = FOLDER / name
    model, noted = folder / "models" / "model.tar.gz", folder / "training.json"
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in ((folder / "config.yml", config), (folder / "nlu.yml", sentences)):
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            noted.unlink(missing_ok=True)
            path.write_text(text, encoding="utf-8")
    found = kept.read(noted)
    if found is None or not model.is_file():
        say(f"{name}: training (see {folder / 'train.log'})")
        command = [*rasa, "train", "nlu", "--config", str(folder / "config.yml"), "--nlu", str(folder / "nlu.yml")]
        command += ["--out", str(model.parent), "--fixed-model-name", "model"]
        env = environment.environment()
        found = dict(usage.run(command, cwd=kept.ROOT, log=folder / "train.log", env=env))
        if found["code"] or not model.is_file():
            raise RuntimeError(f"{name} could not be trained: see {folder / 'train.log'}")
        kept.note(noted, found)
    return Side(name, model, found, python)


def table(sides: Sequence[Side], epochs: int) -> str:
    """One row a pipeline, in Markdown."""
    held = heldout()
    foreign = [example for examples in public().values() for example in examples]
    sets = {"": held, "~": noisy(held, NOISE, 1), "public": foreign, "public~": noisy(foreign, NOISE, 1)}
    lines = [
        f"Accuracy of intents, German / English; ~: {DISTURBED}. DIET with {epochs} epochs.",
        "",
        "| pipeline | training, CPU s | intents | intents ~ | caught | caught ~ | false alarms | public caught "
        "| public caught ~ | entities F1 | CPU ms a message |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for side in sides:
        parsed, cpu_ms = read(side, sets)
        (caught, alarms), (caught_noisy, _) = out_of_scope(parsed[""]), out_of_scope(parsed["~"])
        cells = [
            f"{side.used['cpu_s']:.0f}", _both(parsed[""]), _both(parsed["~"]), f"{caught:.3f}", f"{caught_noisy:.3f}",
            f"{alarms:.3f}", _caught(parsed["public"]), _caught(parsed["public~"]),
            f"{entity_scores(parsed[''])['all'][2]:.3f}", f"{cpu_ms:.1f}",
        ]  # fmt: skip
        lines.append(f"| {side.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def read(side: Side, sets: dict[str, list[Example]]) -> tuple[dict[str, list[Parsed]], float]:
    """What a side makes of the sentences, and the CPU milliseconds it needs for one."""
    everything = [example for examples in sets.values() for example in examples]
    source, target = FOLDER / "sentences.json", FOLDER / side.name / "parsed.json"
    source.write_text(json.dumps([example.text for example in everything]), encoding="utf-8")
    command = [str(side.python), str(_PARSER), str(side.model), str(source), str(target)]
    log = FOLDER / side.name / "parse.log"
    if usage.run(command, cwd=kept.ROOT, log=log, env=environment.environment())["code"]:
        raise RuntimeError(f"{side.name} could not parse: see {log}")
    found = json.loads(target.read_text(encoding="utf-8"))
    results = iter(found["parsed"])
    parsed = {name: [parsed_from(example, next(results)) for example in examples] for name, examples in sets.items()}
    return parsed, float(found["cpu_ms"])


def _both(parsed: Sequence[Parsed]) -> str:
    return " / ".join(
        f"{accuracy([p for p in parsed if p.example.language == language]):.3f}" for language in ("de", "en")
    )


def _caught(parsed: Sequence[Parsed]) -> str:
    return f"{sum(p.intent in ('out_of_scope', 'nlu_fallback') for p in parsed) / len(parsed):.3f}"
