"""Which of Rasa's processes takes a turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from zlib import crc32


@dataclass(slots=True, eq=False)
class Worker:
    """One of them: where it is, how many turns of this gateway it has in hand, whether its last one failed."""

    url: str
    turns: int = 0
    doubted: bool = False

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Around a turn."""
        self.turns += 1
        try:
            yield
        finally:
            self.turns -= 1


class Workers:
    """All of them, known by their addresses."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._all = tuple(map(Worker, urls))

    def __iter__(self) -> Iterator[Worker]:
        return iter(self._all)

    def by_choice(self, conversation_id: str) -> Sequence[Worker]:
        """The one that should take a turn of this conversation, and then those to ask where it is dead.

        That is the one with the fewest turns; of several, always the same for a conversation. A doubted one counts as
        if it had one more: it is spared where another is idle, and tried again as soon as all are busy.
        """
        if len(self._all) == 1:
            return self._all
        first = crc32(conversation_id.encode()) % len(self._all)
        return sorted((*self._all[first:], *self._all[:first]), key=lambda worker: worker.turns + worker.doubted)
