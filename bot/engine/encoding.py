"""What Rasa keeps in events, as JSON or as a copy: plain values, and NumPy's that classifiers leave in parse data."""

from __future__ import annotations

from typing import Any

import msgspec


def _listed(value: Any) -> Any:
    to_list = getattr(value, "tolist", None)
    if to_list is None:
        raise TypeError(f"{type(value).__name__} cannot be stored as JSON")
    return to_list()


def to_json(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=_listed)


def plain(value: Any) -> Any:
    """A copy that shares nothing changeable with `value`: what JSON would make of it, for half the time.

    Raises TypeError for what JSON has no place for. Tuples stay tuples.
    """
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_listed)
