"""Many people on one gateway process: 1,000 who only listen while 100 write, and what that costs."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import statistics
import time
import uuid
from pathlib import Path

import aiohttp
import pytest

from actions.backend.settings import DEVELOPMENT_JWT_SECRET
from bot.gateway.tokens import mint
from tests.gateway.fakes import FakeEngine
from tests.gateway.test_process import Process

pytestmark = [pytest.mark.integration, pytest.mark.slow]

IDLE = int(os.environ.get("LOTSE_TEST_IDLE", "1000"))
ACTIVE = int(os.environ.get("LOTSE_TEST_ACTIVE", "100"))
ROUNDS = int(os.environ.get("LOTSE_TEST_ROUNDS", "2"))
WITHIN = float(os.environ.get("LOTSE_TEST_WITHIN", "inf"))  # seconds for 99 of 100 answers; only of a quiet machine
PAUSE = 4.0  # seconds between two messages of one person; a quick writer
_PER_PROCESS = 200  # open connections and files besides


class Client:
    """A person with a live line. Behind a balancer everybody has an address of their own."""

    def __init__(self, http: aiohttp.ClientSession, port: int, number: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1/chat"
        self.token = mint(DEVELOPMENT_JWT_SECRET, audience="lotse", role="customer", sub=f"person-{number}")
        self.from_ = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        self.http = http
        self.answers = 0
        self.heard: asyncio.Event = asyncio.Event()
        self.code: int | None = None

    async def listen(self) -> None:
        async with self.http.ws_connect(f"{self.url}/live", headers=self.from_) as line:
            await line.send_json({"type": "hello", "token": self.token, "after": 0})
            async for frame in line:
                said = frame.json()
                if said["type"] == "messages":
                    self.answers += sum(
                        message["author"] == "assistant" and message.get("kind") != "pending"
                        for message in said["messages"]
                    )
                self.heard.set()
            self.code = line.close_code

    async def write(self, rounds: int) -> list[float]:
        """Seconds until each answer."""
        took = []
        for _ in range(rounds):
            began = time.perf_counter()
            body = {"id": str(uuid.uuid4()), "text": "Wie weit ist mein Auftrag?"}
            headers = {**self.from_, "Authorization": f"Bearer {self.token}"}
            async with self.http.post(f"{self.url}/messages", json=body, headers=headers) as response:
                assert response.status == 200, await response.text()  # answered, or pending where the machine is busy
            took.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, PAUSE - took[-1]))
        return took


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


@pytest.mark.timeout(300)
async def test_many_listen_while_many_write(
    database_url: str, engine: FakeEngine, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * (IDLE + ACTIVE) + _PER_PROCESS
    if hard < needed:
        pytest.skip(f"this machine lets a process open {hard} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    gateway = Process(database_url, engine, tmp_path)
    # The limits as they come; the test is a balancer, and so each person has their own address.
    await gateway.start(LOTSE_TRUSTED_PROXIES="127.0.0.1", LOTSE_LOG_LEVEL="WARNING")
    await gateway.alive()
    assert gateway.process is not None
    pid = gateway.process.pid
    before = megabytes(pid)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        clients = [Client(http, gateway.port, number) for number in range(IDLE + ACTIVE)]
        listening = []
        for start in range(0, len(clients), 100):  # as fast as it takes them, not faster
            batch = clients[start : start + 100]
            listening += [asyncio.create_task(client.listen()) for client in batch]
            await asyncio.wait_for(asyncio.gather(*(client.heard.wait() for client in batch)), 60)
        memory = megabytes(pid)
        used, began = cpu_seconds(pid), time.perf_counter()
        await asyncio.sleep(2.0)
        idle = (cpu_seconds(pid) - used) / (time.perf_counter() - began)

        async def late(client: Client, number: int) -> list[float]:
            await asyncio.sleep(number * PAUSE / ACTIVE)
            return await client.write(ROUNDS)

        active = clients[:ACTIVE]
        used, began = cpu_seconds(pid), time.perf_counter()
        took = sorted(
            seconds
            for one in await asyncio.gather(*(late(client, number) for number, client in enumerate(active)))
            for seconds in one
        )
        length = time.perf_counter() - began
        busy = (cpu_seconds(pid) - used) / length
        ends = time.monotonic() + 60
        while any(client.answers < ROUNDS for client in active):
            assert time.monotonic() < ends, "an answer did not come over the live line"
            await asyncio.sleep(0.1)
        assert all(client.answers == 0 for client in clients[ACTIVE:]), "somebody heard what was not theirs"
        assert not any(task.done() for task in listening), "a line was lost"
        code, logged = await gateway.end(signal.SIGTERM)
        assert code == 0, logged
        await asyncio.wait_for(asyncio.gather(*listening), 20)
        assert {client.code for client in clients} == {aiohttp.WSCloseCode.GOING_AWAY}
    median, slow = statistics.median(took), took[int(len(took) * 0.99) - 1]
    measured = {
        "lines": len(clients),
        "memory_mb": round(memory),
        "kb_per_line": round((memory - before) * 1024 / len(clients)),
        "cpu_idle": round(idle, 2),
        "cpu_busy": round(busy, 2),
        "cpu_ms_per_message": round(busy * length / len(took) * 1000, 1),
        "median_ms": round(median * 1000),
        "p99_ms": round(slow * 1000),
    }
    for name, value in measured.items():
        record_property(name, value)
    print(measured)
    # What a message and a line cost does not depend on how busy the machine is.
    assert measured["cpu_ms_per_message"] < 60
    assert measured["kb_per_line"] < 200
    assert slow < WITHIN
