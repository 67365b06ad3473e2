"""Everything that people and the marketplace said in this run, and a look for it in the logs, where none may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LEAST = 12  # characters; shorter ones would be found by chance
_BROKEN = re.compile(r'[\n\r\t"\\]')  # written differently in a log line
_OURS = frozenset({"detail", "errors", "parts"})  # what the gateway says of itself, and may log as well

_words: set[str] = set()
_secrets: set[str] = set()


def note(value: Any) -> None:
    """Remember each text of a request or an answer: what has a space in it and is long enough."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _OURS:
                note(inner)
    elif isinstance(value, list):
        for inner in value:
            note(inner)
    elif isinstance(value, str):
        _words.update(piece for piece in map(str.strip, _BROKEN.split(value)) if len(piece) >= _LEAST and " " in piece)


def note_secret(*secrets: str) -> None:
    """Remember a token or key; of a token also its claims and its signature."""
    for secret in secrets:
        _secrets.update(part for part in (secret, *secret.split(".")) if len(part) >= _LEAST)


def found_in(logs: dict[str, Path]) -> Iterator[str]:
    """Where something private stands in a log: the log and the line, once for each log."""
    for name, path in logs.items():
        text = path.read_text(errors="replace")
        told = next((private for private in (*_secrets, *_words) if private in text), None)
        if told is not None:
            line = next(line for line in text.splitlines() if told in line)
            yield f"{name} says {told!r}: {line[:2000]}"


def how_much() -> tuple[int, int]:
    """How many words and secrets are remembered."""
    return len(_words), len(_secrets)
