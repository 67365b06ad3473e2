"""How likely a slip of the fingers is: the noisy channel between the word that was meant and the one that was typed."""

from __future__ import annotations

import math
from itertools import pairwise

#: Rows of German and English keyboards; letters beside one another, or obliquely above, are hit by mistake.
_ROWS = ("qwertzuiopü", "asdfghjklöä", "yxcvbnm", "qwertyuiop", "zxcvbnm")
_ABOVE = (("qwertzuiop", "asdfghjklö"), ("asdfghjkl", "yxcvbnm"))

# Shares of the kinds of slips, each divided by the number of letters that could have come of it. Set by hand: only
# their order of magnitude matters, and no two generators of slips agree on more.
_BESIDE = math.log(0.35 / 2)
_OTHER = math.log(0.10 / 25)
_DROPPED = math.log(0.20)
_DOUBLED = math.log(0.20)
_ADDED = math.log(0.08 / 25)
_SWAPPED = math.log(0.20)
#: An umlaut typed as its bare vowel is a habit rather than a slip.
_BARE = {("ä", "a"), ("ö", "o"), ("ü", "u"), ("ß", "s")}
_BARE_VOWEL = math.log(0.03)


def _neighbours() -> frozenset[tuple[str, str]]:
    near: set[tuple[str, str]] = set()
    for row in _ROWS:
        near.update(pairwise(row))
    for upper, lower in _ABOVE:
        for i, key in enumerate(lower):
            near.update((key, other) for other in upper[i : i + 2])
    return frozenset(near | {(b, a) for a, b in near})


_NEAR = _neighbours()


def log_likelihood(meant: str, typed: str, rate: float) -> float:
    """The logarithm of the probability that ``meant`` is typed as ``typed`` by the likeliest way there.

    ``rate``: how often a letter is mistyped. Letters typed rightly count as well.
    """
    slip, right = math.log(rate), math.log(1 - rate)
    beside, other, dropped = slip + _BESIDE, slip + _OTHER, slip + _DROPPED
    doubled, added, swapped = slip + _DOUBLED, slip + _ADDED, slip + _SWAPPED
    before: list[float] = []
    row = [added * j for j in range(len(typed) + 1)]
    for i, letter in enumerate(meant):
        last, row = row, [row[0] + dropped]
        for j, key in enumerate(typed):
            if letter == key:
                best = last[j] + right
            elif (letter, key) in _BARE:
                best = last[j] + _BARE_VOWEL
            else:
                best = last[j] + (beside if (letter, key) in _NEAR else other)
            best = max(best, last[j + 1] + dropped)
            repeats = key == letter or (j > 0 and key == typed[j - 1])
            best = max(best, row[j] + (doubled if repeats else added))
            if i and j and letter == typed[j - 1] and meant[i - 1] == key:
                best = max(best, before[j - 1] + swapped)
            row.append(best)
        before = last
    return row[-1]
