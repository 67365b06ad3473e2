"""The file that somebody edits, and what of it becomes training data: all of it, or nothing."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.review_groups import Group

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("de", "en")
FILE = "reviewed.yml"
LONGEST = 500
_HEAD = """\
# Messages that were hardly or not understood, one entry for those that are alike.
#
# intent: what it should have been understood as; proposed where something speaks for it. Leave it empty, or remove the
#         entry, where it should not be learned.
# text:   may be corrected; placeholders such as <order> are filled with made-up values.
# language: de or en. Everything else is only there to be read.

"""
_SET_PHRASE = 4  # words; shorter held-out sentences are what everybody says
_ANNOTATION = re.compile(r"\[[^\]]*\][({]")
_ANNOTATED = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
_PLACEHOLDER = re.compile(r"<(\w+)>")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NAMES = ("Anna", "Jonas", "Mehmet", "Sofia", "Lena Vogt", "Piotr", "Amelie", "Tom Becker")
_VALUES: dict[str, Callable[[int], str]] = {
    "name": lambda seed: _NAMES[seed % len(_NAMES)],
    "order": lambda seed: f"{('FO', 'WO')[seed % 2]}-{10000 + seed % 89999}",
    "infraction": lambda seed: f"V-{20000 + seed % 9999}",
    "case": lambda seed: f"FO-{10000 + seed % 89999}",
    "tracking": lambda seed: f"JD0146000{seed % 10**11:011}",
    "number": lambda seed: f"{10000 + seed % 89999}",
    "phone": lambda seed: f"0170 {1000000 + seed % 8999999}",
    "email": lambda seed: f"kunde{seed % 97}@example.org",
    "url": lambda seed: f"https://example.org/{seed % 997}",
    "iban": lambda _: "DE02 1203 0000 0000 2020 51",
}


class NotAcceptedError(ValueError):
    """Why nothing was added, a line for each reason."""


def intents(root: Path = ROOT) -> set[str]:
    """The intents of the domain."""
    listed = _load(root / "domain.yml").get("intents", ())
    return {name if isinstance(name, str) else next(iter(name)) for name in listed} - {"nlu_fallback"}


def proposals(groups: Sequence[Group]) -> str:
    """The groups as a file to be edited."""
    entries = [
        {
            "text": group.items[0].text,
            "language": group.items[0].language or "de",
            "intent": group.proposal,
            "because": group.because or None,
            "times": len(group.items),
            "alike": [item.text for item in group.items[1:4] if item.text != group.items[0].text] or None,
            "guesses": ", ".join(f"{name} {sure:.2f}" for name, sure in group.items[0].ranking) or None,
            "then": group.items[0].next_text or group.items[0].next_intent,
        }
        for group in groups
    ]
    shown = [
        {name: value for name, value in entry.items() if value is not None or name == "intent"} for entry in entries
    ]
    return _HEAD + "\n".join(
        yaml.safe_dump([entry], allow_unicode=True, sort_keys=False, width=1000) for entry in shown
    )


def accept(path: Path, root: Path = ROOT) -> dict[Path, int]:
    """Add the entries that have an intent; how many to which file. `NotAcceptedError` names all that is wrong."""
    entries, wrong = _entries(path)
    known, heldout = _sentences(root / "data" / "nlu"), _sentences(root / "tests" / "nlu")
    allowed = intents(root)
    new: dict[str, dict[str, list[str]]] = {language: defaultdict(list) for language in LANGUAGES}
    for number, entry in entries:
        text, language, intent = entry["text"], entry["language"], entry["intent"]
        same = normalised(text)
        if intent not in allowed:
            wrong.append(f"entry {number}: there is no intent {intent!r}")
        elif intent in known.get(same, ()):
            wrong.append(f"entry {number}: already there for {intent}: {text}")
        elif same in known:
            wrong.append(f"entry {number}: there for {', '.join(sorted(known[same]))}, not for {intent}: {text}")
        elif same in heldout and len(text.split()) > _SET_PHRASE:
            wrong.append(f"entry {number}: held out for measuring, it must not be trained on: {text}")
        else:
            new[language][intent].append(text)
            known[same] = {intent}
    if wrong:
        raise NotAcceptedError("\n".join(wrong))
    added = {}
    for language, by_intent in new.items():
        if by_intent:
            file = root / "data" / "nlu" / language / FILE
            _append(file, by_intent)
            added[file] = sum(map(len, by_intent.values()))
    return added


def normalised(text: str) -> str:
    """What makes two sentences the same: letters and digits in lower case (as in bot.nlu.evaluate)."""
    return re.sub(r"\W+", " ", text.lower()).strip() or text.strip()


def filled(text: str) -> str:
    """The text with made-up values for its placeholders, the same ones each time."""
    seed = zlib.crc32(text.encode())

    def value(found: re.Match[str]) -> str:
        made = _VALUES.get(found[1])
        return made(seed + found.start()) if made else found[0]

    return _PLACEHOLDER.sub(value, text)


def _entries(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """The entries that have an intent, counted from 1, and what is wrong with others."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader) or []  # noqa: S506 - a safe one
    except (OSError, yaml.YAMLError) as error:
        raise NotAcceptedError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, list):
        raise NotAcceptedError(f"{path} is no list of entries")
    entries, wrong = [], []
    for number, entry in enumerate(found, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            wrong.append(f"entry {number}: has no text")
            continue
        if not entry.get("intent"):
            continue
        text = filled(" ".join(entry["text"].split()))
        if entry.get("language") not in LANGUAGES:
            wrong.append(f"entry {number}: language must be one of {', '.join(LANGUAGES)}")
        elif not text or len(text) > LONGEST or text.startswith("/") or _ANNOTATION.search(text) or "<" in text:
            wrong.append(f"entry {number}: cannot be a training sentence: {text[:80]}")
        else:
            entries.append((number, {"text": text, "language": entry["language"], "intent": str(entry["intent"])}))
    return entries, wrong


def _sentences(folder: Path) -> dict[str, set[str]]:
    """Sentences in all files of training data below a folder, with their intents."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.rglob("*.yml")):
        loaded = _load(path)
        for intent, text in _examples(loaded) if isinstance(loaded, dict) else ():
            found[normalised(text)].add(intent)
    return found


def _examples(loaded: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for block in loaded.get("nlu") or ():
        if "intent" in block and isinstance(block.get("examples"), str):
            for line in block["examples"].splitlines():
                if line.startswith("- "):
                    yield block["intent"], _ANNOTATED.sub(r"\1", line[2:].strip())


def _append(file: Path, new: dict[str, list[str]]) -> None:
    """The file with the sentences at the end of their intents, replaced as a whole."""
    kept: dict[str, list[str]] = defaultdict(list)
    if file.exists():
        for intent, text in _examples(_load(file)):
            kept[intent].append(text)
    for intent, texts in new.items():
        kept[intent] += texts
    lines = ["# Sentences of operation, reviewed by a person: python -m bot.nlu.review", 'version: "3.1"', "nlu:"]
    for intent in sorted(kept):
        lines += [f"- intent: {intent}", "  examples: |", *(f"    - {text}" for text in kept[intent])]
    written = file.with_suffix(".new")
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    written.replace(file)


def _load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader) or {}  # noqa: S506 - a safe one
