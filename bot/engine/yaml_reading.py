"""Reading YAML in time that grows with its length, where ruamel.yaml's grows with the square.

For each value ruamel.yaml extends its own list of patterns by those that are for every first letter (`+=`), so that
each value makes the next one slower; Rasa adds such a pattern, for environment variables. A domain with all our texts
is read three times at start, which took ten seconds instead of three. What is read stays the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ruamel.yaml.resolver import VersionedResolver


@contextmanager
def steady() -> Iterator[None]:
    """While this lasts, ruamel.yaml's patterns by first letter are kept as tuples, which `+=` does not change."""
    resolver: Any = VersionedResolver
    original: property = resolver.versioned_resolver

    def patterns(self: Any) -> Any:
        assert original.fget is not None
        found = original.fget(self)
        if type(found.get(None)) is list:
            for letter, known in found.items():
                found[letter] = tuple(known)
        return found

    resolver.versioned_resolver = property(patterns)
    try:
        yield
    finally:
        resolver.versioned_resolver = original
