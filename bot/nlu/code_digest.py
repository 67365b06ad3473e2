"""What the code of the understanding is, in one string.

Rasa's cache of trained components sees the source of a component's class only. What a component learns depends on the
modules around it, too, so components that learn have this as a part of their configuration.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def digest() -> str:
    """A hash over all modules of `bot.nlu`."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
