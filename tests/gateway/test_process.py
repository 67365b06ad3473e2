"""``python -m bot.gateway`` as a process: starts from the environment, ends on SIGTERM, survives being killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from actions.backend.settings import DEVELOPMENT_JWT_SECRET
from bot.gateway.tokens import mint
from tests.gateway.fakes import SECRET, FakeEngine, slowly

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A gateway process in front of a fake engine."""

    def __init__(self, database_url: str, engine: FakeEngine, tmp_path: Path) -> None:
        self.port = free_port()
        engine_port = engine.url.rpartition(":")[2]
        given = {
            "LOTSE_ENV": "development",
            "LOTSE_PORT": str(self.port),
            "LOTSE_RASA_PORT": engine_port,
            "LOTSE_ACTIONS_PORT": str(free_port()),
            "LOTSE_DATA_DIR": str(tmp_path),
            "LOTSE_DATABASE_URL": database_url,
            "LOTSE_INTERNAL_SECRET": SECRET,
        }
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("LOTSE_")} | given
        self.process: asyncio.subprocess.Process | None = None
        token = mint(DEVELOPMENT_JWT_SECRET, audience="lotse", role="customer", sub="kim")
        self.headers = {"Authorization": f"Bearer {token}"}

    async def start(self, **changes: str) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.gateway"),
            env=self.environment | changes,
            stderr=asyncio.subprocess.PIPE,
        )

    async def alive(self) -> None:
        async with asyncio.timeout(30), aiohttp.ClientSession() as http:
            while True:
                try:
                    async with http.get(f"http://127.0.0.1:{self.port}/health") as response:
                        assert response.status == 200
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)

    async def end(self, number: signal.Signals) -> tuple[int, str]:
        """Exit code and what was logged."""
        assert self.process is not None
        self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        assert self.process is not None
        _, errors = await asyncio.wait_for(self.process.communicate(), 30)
        assert self.process.returncode is not None
        return self.process.returncode, errors.decode()

    async def call(self, method: str, **body: Any) -> dict[str, Any]:
        async with aiohttp.ClientSession(headers=self.headers) as http:
            url = f"http://127.0.0.1:{self.port}/v1/chat/messages"
            async with http.request(method, url, json=body or None) as response:
                assert response.status == 200, await response.text()
                return await response.json()


async def test_it_starts_answers_and_ends(database_url: str, engine: FakeEngine, tmp_path: Path) -> None:
    gateway = Process(database_url, engine, tmp_path)
    await gateway.start()
    await gateway.alive()
    secret_words = "Mein streng geheimes Anliegen"
    answer = await gateway.call("POST", id=str(uuid.uuid4()), text=secret_words)
    assert answer["messages"][0]["text"] == f"Du sagst: {secret_words}"
    code, logged = await gateway.end(signal.SIGTERM)
    assert code == 0
    assert "gateway.listening" in logged
    assert "turn.answered" in logged
    for private in (secret_words, gateway.headers["Authorization"], "kim", SECRET):
        assert private not in logged


async def test_it_does_not_start_without_the_internal_secret(
    database_url: str, engine: FakeEngine, tmp_path: Path
) -> None:
    gateway = Process(database_url, engine, tmp_path)
    await gateway.start(LOTSE_INTERNAL_SECRET="")
    code, logged = await gateway.ended()
    assert code != 0
    assert "LOTSE_INTERNAL_SECRET" in logged


@pytest.mark.timeout(180)
async def test_a_message_outlives_a_killed_process(database_url: str, engine: FakeEngine, tmp_path: Path) -> None:
    gateway = Process(database_url, engine, tmp_path)
    await gateway.start()
    await gateway.alive()
    engine.script = slowly(60.0)
    message_id = str(uuid.uuid4())
    posting = asyncio.create_task(gateway.call("POST", id=message_id, text="Hallo"))
    while not engine.turns:
        await asyncio.sleep(0.05)
    await gateway.end(signal.SIGKILL)
    with pytest.raises(aiohttp.ClientError):
        await posting
    engine.script = slowly(0.0)
    await gateway.start()
    await gateway.alive()
    answers: list[dict[str, Any]] = []
    ends = time.monotonic() + 10  # the next process in this place does not wait for the lease to run out
    while not answers and time.monotonic() < ends:
        await asyncio.sleep(0.5)
        answers = [message for message in (await gateway.call("GET"))["messages"] if message["author"] == "assistant"]
    assert [message["text"] for message in answers] == ["Du sagst: Hallo"]
    again = await gateway.call("POST", id=message_id, text="Hallo")
    assert (again["status"], again["messages"]) == ("answered", answers)
    assert (await gateway.end(signal.SIGTERM))[0] == 0
