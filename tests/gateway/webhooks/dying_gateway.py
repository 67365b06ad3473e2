"""A gateway's workers that are killed between sending and noting; the argument is the database's URL."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from actions.backend import Backend
from actions.backend.webhook_queue import WebhookQueue
from bot.gateway.webhooks.couriers import open_couriers
from tests.gateway.webhooks.conftest import config


async def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str) -> None:
    WebhookQueue.note = die  # type: ignore[assignment,method-assign]
    backend = await Backend.open(url)
    async with open_couriers(config(), backend) as couriers:
        await couriers.step()
        await couriers.idle()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
