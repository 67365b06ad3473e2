"""Training plain Rasa on our data, kept with what it took."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from bench import kept, usage
from bench.stock import environment, project

PROJECT = environment.FOLDER / "project"
MODEL = PROJECT / "models" / "stock.tar.gz"
NOTED = environment.FOLDER / "training.json"
RULES_ONLY = environment.FOLDER / "rules-only"
LOG = environment.FOLDER / "log" / "train.log"
SOURCES = tuple(kept.ROOT / name for name in ("data/nlu", "data/rules", "domain.yml"))
#: The same as they were when it was trained, for training Lotse on them.
TRAINED_ON = environment.FOLDER / "source"
EPOCHS = 100

_DIET = re.compile(r"^(?P<at>\S+ \d\d:\d\d:\d\d) .*(?P<what>Starting|Finished) .*'DIETClassifier'", re.MULTILINE)


class TrainingError(Exception):
    """Rasa could not train; the message says where to read why."""


def ensure(
    say: Callable[[str], None],
    *,
    fresh: bool = False,
    keep: bool = False,
    epochs: int = EPOCHS,
    nice: int = 0,
) -> dict[str, Any]:
    """Train if our data or Rasa's lock changed; what was noted about the training.

    ``keep``: take a model of older data. ``epochs``: fewer than `rasa init` asks for; noted, and said in the report.
    ``nice``: how much the training gives way to others.
    """
    wanted = kept.fingerprint([*SOURCES, environment.LOCK])
    noted = kept.read(NOTED)
    if not fresh and noted and MODEL.is_file() and (keep or noted["fingerprint"] == wanted):
        say(f"stock model: kept (trained on {noted['commit']}, {noted['sentences']} sentences)")
        return noted
    PROJECT.mkdir(parents=True, exist_ok=True)
    project.write(PROJECT, environment.package("rasa"))
    if epochs != EPOCHS:
        set_epochs(PROJECT / "config.yml", epochs)
    shutil.rmtree(TRAINED_ON, ignore_errors=True)
    (TRAINED_ON / "data").mkdir(parents=True)
    for source in SOURCES:
        copy = TRAINED_ON / source.relative_to(kept.ROOT)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copy)
    sentences = count_sentences(PROJECT / "data" / "nlu.yml")
    about = {"fingerprint": wanted, "commit": kept.commit(), "sentences": sentences, "epochs": epochs}
    say(f"stock model: training on {sentences} sentences, {epochs} epochs (an hour or more; {LOG})")
    shutil.rmtree(PROJECT / ".rasa", ignore_errors=True)  # what an earlier training left must not shorten this one
    rasa = str(environment.VENV / "bin" / "rasa")
    command = [rasa, "train", "--fixed-model-name", "stock"]
    used = usage.run(command, cwd=PROJECT, log=LOG, env=environment.environment(), nice=nice)
    if used["code"] or not MODEL.is_file():
        raise TrainingError(f"plain Rasa could not train: see {LOG}")
    noted = {
        **about,
        **used,
        "diet_share": diet_share(LOG.read_text(encoding="utf-8", errors="replace"), used["wall_s"]),
    }
    kept.note(NOTED, noted)
    return noted


def diet_share(log: str, wall_s: float) -> float:
    """Which part of a training of ``wall_s`` seconds went into DIET; 0 where its log does not say so.

    With it a training of fewer epochs can be extrapolated; see ``bench.figures.at_epochs``.
    """
    found = _DIET.finditer(log.replace("\r", "\n"))
    at = {match["what"]: datetime.fromisoformat(match["at"]) for match in found}
    return round((at["Finished"] - at["Starting"]).total_seconds() / wall_s, 3) if len(at) == 2 else 0.0


def without_stories(say: Callable[[str], None]) -> Path:
    """The model that the same training gives when rules are no stories: TED and UnexpecTED stay empty.

    What Rasa learned of sentences comes out of its cache. Made again when the model itself is newer.
    """
    model = RULES_ONLY / "models" / "stock.tar.gz"
    if model.is_file() and model.stat().st_mtime >= MODEL.stat().st_mtime:
        return model
    say("stock model without stories: training what differs")
    shutil.rmtree(RULES_ONLY, ignore_errors=True)
    shutil.copytree(PROJECT, RULES_ONLY, ignore=shutil.ignore_patterns("models"))
    (RULES_ONLY / "data" / "stories.yml").unlink()
    rasa = str(environment.VENV / "bin" / "rasa")
    log = LOG.with_name("train-without-stories.log")
    command = [rasa, "train", "--fixed-model-name", "stock"]
    used = usage.run(command, cwd=RULES_ONLY, log=log, env=environment.environment())
    if used["code"] or not model.is_file():
        raise TrainingError(f"plain Rasa could not train: see {log}")
    return model


def set_epochs(config: Path, epochs: int) -> None:
    """Rasa's default configuration, spelt out, with so many epochs everywhere."""
    defaults = environment.package("rasa") / "engine" / "recipes" / "config_files" / "default_config.yml"
    made = yaml.safe_load(defaults.read_text(encoding="utf-8"))
    for component in [*made["pipeline"], *made["policies"]]:
        if "epochs" in component:
            component["epochs"] = epochs
    config.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")


def count_sentences(nlu: Path) -> int:
    """How many examples a training file has."""
    return len(re.findall(r"^    - ", nlu.read_text(encoding="utf-8"), re.MULTILINE))
