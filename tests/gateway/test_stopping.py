"""SIGTERM under traffic: every message is answered once, whatever was under way; nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from actions.backend.settings import DEVELOPMENT_JWT_SECRET
from bot.gateway.tokens import mint
from tests.gateway.fakes import FakeEngine, slowly
from tests.gateway.test_process import Process

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PEOPLE = 12
STOPS = 3


class Chatter:
    """Somebody who writes one message after the other, as the widget does: again with the same id until it counts."""

    def __init__(self, gateway: Process, name: str) -> None:
        token = mint(DEVELOPMENT_JWT_SECRET, audience="lotse", role="customer", sub=name)
        self.url = f"http://127.0.0.1:{gateway.port}/v1/chat/messages"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.sent: list[str] = []
        self.trouble: Counter[str] = Counter()

    async def write(self, http: aiohttp.ClientSession, enough: asyncio.Event) -> None:
        while not enough.is_set():
            message = str(uuid.uuid4())
            self.sent.append(message)
            while True:
                body = {"id": message, "text": f"Nachricht {len(self.sent)}"}
                try:
                    async with http.post(self.url, json=body, headers=self.headers) as response:
                        if response.status == 200:
                            break
                        self.trouble[str(response.status)] += 1
                except (aiohttp.ClientError, OSError) as error:
                    self.trouble[type(error).__name__] += 1
                await asyncio.sleep(0.1)

    async def conversation(self, http: aiohttp.ClientSession) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            params = {"after": str(after), "limit": "200"}
            async with http.get(self.url, headers=self.headers, params=params) as response:
                page = (await response.json())["messages"]
            found += page
            if not page:
                return found

    async def all_answered(self, http: aiohttp.ClientSession) -> bool:
        mine = [m for m in await self.conversation(http) if m["author"] == "person"]
        return all(m["status"] == "answered" for m in mine)


@pytest.mark.timeout(180)
async def test_sigterm_under_traffic_loses_nothing(database_url: str, engine: FakeEngine, tmp_path: Path) -> None:
    gateway = Process(database_url, engine, tmp_path)
    limits = {f"LOTSE_RATE_{name}": "0" for name in ("MESSAGES", "PERSON", "ADDRESS")}
    engine.script = slowly(0.15)
    await gateway.start(**limits, LOTSE_STOP_SECONDS="3")
    await gateway.alive()
    chatters = [Chatter(gateway, f"kim-{number}") for number in range(PEOPLE)]
    enough = asyncio.Event()
    async with aiohttp.ClientSession() as http:
        writing = [asyncio.create_task(chatter.write(http, enough)) for chatter in chatters]
        for stop in range(STOPS):
            await asyncio.sleep(1.5)
            if stop == STOPS - 1:
                engine.script = slowly(20.0)  # longer than it has: handed back, and answered after the restart
                await asyncio.sleep(0.5)
            began = time.monotonic()
            code, logged = await gateway.end(signal.SIGTERM)
            assert code == 0, logged
            assert time.monotonic() - began < 12, "it ends in time, whatever is under way"
            assert "gateway.stopped" in logged
            if stop == STOPS - 1:
                assert "turns.handed_back" in logged
            engine.script = slowly(0.15)
            await gateway.start(**limits, LOTSE_STOP_SECONDS="3")
            await gateway.alive()
        await asyncio.sleep(1.0)
        enough.set()
        await asyncio.wait_for(asyncio.gather(*writing), 60)
        ends = time.monotonic() + 60
        while not all([await chatter.all_answered(http) for chatter in chatters]):
            assert time.monotonic() < ends, "a message waits for its answer for ever"
            await asyncio.sleep(0.3)
        for chatter in chatters:
            said = await chatter.conversation(http)
            assert [m["seq"] for m in said] == list(range(1, len(said) + 1)), "a number is missing"
            assert [m["id"] for m in said if m["author"] == "person"] == chatter.sent, "lost, doubled or out of order"
            answers = Counter(
                m["in_reply_to"] for m in said if m["author"] == "assistant" and m.get("kind") != "pending"
            )
            assert answers == Counter(chatter.sent), "each has one answer"
    total = sum(len(chatter.sent) for chatter in chatters)
    assert total >= PEOPLE * STOPS
    turns = Counter(turn["message_id"] for turn in engine.turns)
    assert len(turns) == total, "the dialogue saw every message"
    assert sum(sum(chatter.trouble.values()) for chatter in chatters) > 0, "the stops were felt"
    assert (await gateway.end(signal.SIGTERM))[0] == 0
