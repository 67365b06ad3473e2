"""Misspelled sentences, as quick fingers make them, to measure by; the same ones for the same seed."""

from __future__ import annotations

import random

_ROWS = ("qwertzuiopü", "asdfghjklöä", "yxcvbnm")
_NEIGHBOURS: dict[str, str] = {}
for _row in _ROWS:
    for _i, _key in enumerate(_row):
        _NEIGHBOURS[_key] = _row[max(0, _i - 1) : _i] + _row[_i + 1 : _i + 2]


def misspelled(text: str, rate: float, rng: random.Random) -> str:
    """``text`` with each letter dropped, doubled, exchanged with the next, or hit beside with probability ``rate``.

    Digits stay: a wrong order number is another number, not a misspelled one.
    """
    out: list[str] = []
    i = 0
    while i < len(text):
        letter = text[i]
        if not letter.isalpha() or rng.random() >= rate:
            out.append(letter)
            i += 1
            continue
        kind = rng.choice(("drop", "double", "swap", "beside", "beside"))
        if kind == "swap" and i + 1 < len(text) and text[i + 1].isalpha():
            out += [text[i + 1], letter]
            i += 2
            continue
        if kind == "double":
            out += [letter, letter]
        elif kind in ("beside", "swap"):
            near = _NEIGHBOURS.get(letter.lower(), "")
            out.append(rng.choice(near) if near else letter)
        i += 1
    return "".join(out) if any(map(str.isalpha, out)) else text
