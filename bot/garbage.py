"""Memory of processes that load much once and then answer many short requests."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: New objects between two collections of the youngest, and so many of these between two of the older ones. Python's
#: 700 are made several times in one request; hardly any are part of a cycle.
_YOUNG, _OLDER, _OLDEST = 20_000, 20, 50


@contextmanager
def paused() -> Iterator[None]:
    """While much is loaded, most of which stays, nothing is looked through: a fifth of the time to load the model."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Call when everything is loaded: that is never looked through again for garbage, and the rest less often; what
    only loading needed goes back to the system (a tenth of what Rasa's process holds)."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # of the C library of GNU
            ctypes.CDLL("libc.so.6").malloc_trim(0)
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLDEST)
