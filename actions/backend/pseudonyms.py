"""Taking a person out of what others keep: a pseudonym for the id, and a mark where words or a name stood.

The pseudonym is random. Which person it stands for is forgotten with the end of the deletion, so that it cannot be
turned back, not even by whoever holds the keys; a keyed hash could be, by trying all ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from actions.backend.columns import new_id

REMOVED = "[…]"
"""Stands where words or a name stood; the same in every language."""

_PREFIX = "erased"
_PSEUDONYM = re.compile(rf"{_PREFIX}-[A-Z2-7]{{24}}")
_QUOTES = "\"'„“”«»"
_ANY_QUOTE = f"[{re.escape(_QUOTES)}]"
_NOISE = r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*"
_LONG = 12  # characters; shorter words may occur by chance, and count only as a whole or as a quotation
_LEAST_NAME = 3
_PLAIN = re.compile(r"\w+")
_LEAST_PROBE = 3


def new_pseudonym() -> str:
    """A person id that belongs to nobody."""
    return new_id(_PREFIX, 15)


def is_pseudonym(person_id: str) -> bool:
    """Whether this is the id of somebody who was deleted: nobody reads what is sent to it."""
    return _PSEUDONYM.fullmatch(person_id) is not None


@dataclass(frozen=True, slots=True)
class Traces:
    """What of a person is to be taken out of JSON and texts of others.

    `texts` are what they wrote, found also where it was quoted: on one line, with other quotation marks. `blank` are
    keys of JSON objects whose values go whatever they say.
    """

    role: str
    person_id: str
    pseudonym: str
    names: Collection[str] = ()
    texts: Collection[str] = ()
    blank: frozenset[str] = frozenset()
    _patterns: tuple[re.Pattern[str], ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        texts = sorted({text.strip() for text in self.texts} - {""}, key=len, reverse=True)
        names = sorted({name.strip() for name in self.names}, key=len, reverse=True)
        patterns = [_text_pattern(text) for text in texts]
        patterns += [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in names if len(name) >= _LEAST_NAME]
        object.__setattr__(self, "_patterns", tuple(patterns))

    @property
    def probes(self) -> list[str]:
        """For a search in the database: whatever has a trace in it contains one of these, letter for letter."""
        found = {max(_PLAIN.findall(one), key=len, default="") for one in (*self.texts, *self.names)}
        return sorted(probe for probe in found if len(probe) >= _LEAST_PROBE)

    def with_blank(self, keys: frozenset[str]) -> Traces:
        """The same, and the values of these keys."""
        return replace(self, blank=self.blank | keys)

    def text(self, text: str) -> str:
        """A text without the person's words and names."""
        for pattern in self._patterns:
            text = pattern.sub(REMOVED, text)
        return text

    def json(self, value: Any) -> Any:
        """The same for JSON; their id becomes the pseudonym wherever it stands for them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self._value(value, key, item) for key, item in value.items()}
        return value

    def _value(self, around: Mapping[str, Any], key: str, value: Any) -> Any:
        if key in self.blank or key == f"{self.role}_name":
            return None if value is None or key == f"{self.role}_name" else _emptied(value)
        if key == "by_name" and around.get("by_role") == self.role:
            return None
        if value == self.person_id and self._means_person(around, key):
            return self.pseudonym
        return self.json(value)

    def _means_person(self, around: Mapping[str, Any], key: str) -> bool:
        if key == f"{self.role}_id":
            return True
        beside = {"id": "role", "actor_id": "actor_role", "recipient_id": "recipient_role", "sub": "role"}.get(key)
        role = around.get(beside) if beside else None
        if isinstance(role, Mapping):  # as `codec` writes an enum
            role = role.get("is")
        return role == self.role


def _emptied(value: Any) -> Any:
    return "" if isinstance(value, str) else [] if isinstance(value, list) else None


def _text_pattern(text: str) -> re.Pattern[str]:
    """Somebody's words as they are, and as they are quoted: one line, no control characters, other quotation marks."""
    words = []
    for word in text.split():
        letters = [_ANY_QUOTE if letter in _QUOTES else re.escape(letter) for letter in word if not _is_noise(letter)]
        words.append(_NOISE.join(letters))
    whole = rf"(?:\s|{_NOISE[:-1]})+".join(word for word in words if word)
    if len(text) < _LONG:
        whole = rf"(?:(?<=[„“]){whole}(?=[“”])|\A\s*{whole}\s*\Z)"
    return re.compile(whole)


def _is_noise(letter: str) -> bool:
    return re.fullmatch(_NOISE, letter) is not None


def matching(columns: Iterable[Any], probes: Iterable[str]) -> list[Any]:
    """Conditions of which one holds for every row that has a trace: `columns` are texts, or JSON as a text."""
    written = {form for probe in probes for form in (probe, json.dumps(probe)[1:-1])}  # letters may be escaped in JSON
    return [column.contains(form, autoescape=True) for column in columns for form in sorted(written)]
