"""Python's collector of cyclic garbage, for processes that load much once and then answer many short requests."""

from __future__ import annotations

import gc

#: New objects between two collections of the youngest, and so many of these between two of the older ones. Python's
#: 700 are made several times in one request; hardly any are part of a cycle.
_YOUNG, _OLDER, _OLDEST = 20_000, 20, 50


def settle() -> None:
    """Call when everything is loaded: that is never looked through again, and the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLDEST)
