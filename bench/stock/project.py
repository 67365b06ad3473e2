"""Our data as a project that plain Rasa can train: `python -m bench.stock.project <folder>`.

* ``config.yml`` and ``credentials.yml`` are those of `rasa init`, taken from the installed Rasa, unchanged.
* ``domain.yml`` and the rules are ours, unchanged.
* Our training sentences carry no entity annotations, because bot/nlu finds entities by grammar. Rasa's DIET learns them
  from annotations, so the sentences are annotated here with what bot/nlu finds; where the value differs from the words
  ("bis Freitag" -> ``next:friday``) it is annotated as a synonym, which Rasa's EntitySynonymMapper looks up.
* `rasa init` comes with stories beside its rules, and two of its four policies (TED, UnexpecTED) learn from stories
  only. We have none, so each rule is also written as a story; without them these policies would stay empty.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def write(project: Path, rasa_package: Path, *, stories: bool = True) -> None:
    """Write the project anew. ``rasa_package``: the folder of the installed ``rasa``; paths absolute."""
    data = project / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    scaffold = rasa_package / "cli" / "initial_project"
    for name in ("config.yml", "credentials.yml"):
        shutil.copyfile(scaffold / name, project / name)
    shutil.copyfile(ROOT / "domain.yml", project / "domain.yml")
    shutil.copytree(ROOT / "data" / "rules", data / "rules")
    (data / "nlu.yml").write_text(annotated_nlu(), encoding="utf-8")
    if stories:
        (data / "stories.yml").write_text(dump(stories_of(rules(ROOT / "data" / "rules"))), encoding="utf-8")


def endpoints(tracker_database: Path, actions_port: int) -> dict[str, Any]:
    """Rasa's own SQL tracker store and an action server on loopback."""
    return {
        "action_endpoint": {"url": f"http://127.0.0.1:{actions_port}/webhook"},
        # SQLAlchemy 2 wants the whole URL.
        "tracker_store": {"type": "SQL", "url": f"sqlite:///{tracker_database}"},
    }


def rules(folder: Path) -> Iterator[dict[str, Any]]:
    """All rules of our files, in order."""
    for path in sorted(folder.glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8")).get("rules") or ()


def stories_of(found: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """The same steps as stories."""
    return {"version": "3.1", "stories": [{"story": rule["rule"], "steps": rule["steps"]} for rule in found]}


def dump(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)


def annotated_nlu() -> str:
    """Our training sentences in Rasa's format, with the entities that bot/nlu finds in them."""
    from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
    from rasa.shared.nlu.training_data.loading import load_data

    from bot.nlu.appeal_types import AppealTypes
    from bot.nlu.dates import Dates
    from bot.nlu.order_numbers import OrderNumbers

    loaded = load_data(str(ROOT / "data" / "nlu"))
    messages = [message for message in loaded.training_examples if message.get(INTENT)]
    for extractor in (OrderNumbers, Dates, AppealTypes):
        extractor({**extractor.get_default_config()}).process(messages)
    intents: dict[str, list[str]] = {}
    for message in messages:
        line = annotate(message.get(TEXT), message.get(ENTITIES) or ())
        intents.setdefault(message.get(INTENT), []).append(line)
    blocks = [
        f"- intent: {name}\n  examples: |\n" + "".join(f"    - {line}\n" for line in lines)
        for name, lines in intents.items()
    ]
    return 'version: "3.1"\nnlu:\n' + "".join(blocks)


def annotate(text: str, entities: Any) -> str:
    """``text`` with Rasa's inline annotations: ``[words](entity)``, or ``[words]{...}`` where the value differs.

    A sentence that has brackets itself stays without annotations.
    """
    line = " ".join(text.split())
    if line != text or any(sign in text for sign in "[]{}()"):
        return line
    for entity in sorted(entities, key=lambda entity: int(entity["start"]), reverse=True):
        words = text[entity["start"] : entity["end"]]
        if entity["value"] == words:
            marked = f"[{words}]({entity['entity']})"
        else:
            marked = f'[{words}]{{"entity": "{entity["entity"]}", "value": "{entity["value"]}"}}'
        line = line[: entity["start"]] + marked + line[entity["end"] :]
    return line
