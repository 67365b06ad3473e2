"""What every flow that writes has in common, as the router and the readers of answers see it.

No Rasa form: a form costs three action calls a turn and one interruption rule for each pair of form and intent; here
one action call reads the message in the light of what was asked last (``case.asked``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from actions.handlers.case import Case
from actions.handlers.turn import Turn


class Flow(ABC):
    """One wish, from the first message to the effect. ``name`` is the intent that begins it."""

    name: ClassVar[str]
    optional_text: ClassVar[bool] = False  # words written at the confirmation become part of what is sent
    questions_are_text: ClassVar[bool] = False  # also when they end with a question mark
    known: ClassVar[dict[str, Flow]] = {}  # every flow by its name

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" in cls.__dict__:  # a base of several flows has none
            Flow.known[cls.name] = cls()

    @abstractmethod
    async def run(self, turn: Turn, case: Case) -> None:
        """Go as far as the known values allow: to a question, a refusal or a proposal."""

    @abstractmethod
    async def again(self, turn: Turn, case: Case) -> None:
        """Ask the open question once more, after a digression."""

    @abstractmethod
    async def confirm(self, turn: Turn, proposal_id: str) -> None:
        """Execute the stored proposal, or say why nothing was done."""

    @abstractmethod
    async def discard(self, turn: Turn, proposal_id: str) -> None:
        """Forget the stored proposal; nothing was written."""

    def take(self, turn: Turn, case: Case) -> None:  # noqa: B027 - some flows have nothing to take
        """Use what the message already says, so that it is not asked again."""

    def reword(self, turn: Turn, case: Case) -> None:
        """The wish was said again at the confirmation: use what it says now."""
        self.take(turn, case)

    def give(self, turn: Turn, case: Case) -> bool:
        """Take a value that replaces one of the case, and say whether there was one."""
        return False
