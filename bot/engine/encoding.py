"""JSON of what Rasa keeps in events: plain values, and NumPy's that classifiers leave in parse data."""

from __future__ import annotations

from typing import Any

import msgspec


def _plain(value: Any) -> Any:
    to_list = getattr(value, "tolist", None)
    if to_list is None:
        raise TypeError(f"{type(value).__name__} cannot be stored as JSON")
    return to_list()


def to_json(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=_plain)
