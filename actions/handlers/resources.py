"""What all handlers of a process share: the backend and the texts. Opened by what runs the actions, or on first use."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from actions.backend import Backend
from actions.backend.settings import Settings
from actions.wording import Wording

RESPONSES = Path(__file__).parents[2] / "data" / "responses"


@dataclass(slots=True)
class Resources:
    """The backend and the texts of this process."""

    backend: Backend
    wording: Wording
    settings: Settings


class _Holder:
    """Opens the resources once per process; ``rasa run actions`` has no start-up hook of ours, hence on first use."""

    def __init__(self) -> None:
        self._resources: Resources | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> Resources:
        if self._resources is None:
            async with self._lock:
                if self._resources is None:
                    self._resources = await _open()
        return self._resources

    def use(self, resources: Resources | None) -> None:
        self._resources = resources

    async def close(self) -> None:
        if self._resources is not None:
            await self._resources.backend.close()
            self._resources = None


@cache
def texts() -> Wording:
    """The texts, read once a process; or once before it is forked into several."""
    return Wording.load(RESPONSES)


async def _open() -> Resources:
    settings = Settings.from_env()
    return Resources(await Backend.from_settings(settings), texts(), settings)


holder = _Holder()
