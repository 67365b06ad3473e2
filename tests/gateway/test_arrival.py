"""Messages of one person are numbered in the order in which they arrive, however long storing each one takes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from actions.backend import Claims, Said
from actions.policy import Role
from tests.gateway.conftest import Gateway, both_databases
from tests.gateway.fakes import FakeEngine
from tests.gateway.test_chat import eventually


class SlowFirst:
    """Storing the first message takes until another one is stored, or until it is clear that none will be."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._other_stored = asyncio.Event()
        self.begun: list[str | None] = []

    async def __call__(self, iss: str, role: Role, sub: str, claims: Claims, said: Said, **given: Any) -> Any:
        self.begun.append(said.text)
        if len(self.begun) == 1:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._other_stored.wait(), 0.5)
        received = await self._store(iss, role, sub, claims, said, **given)
        self._other_stored.set()
        return received


@both_databases
async def test_numbers_follow_the_arrival(
    gateway: Gateway, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations = gateway.backend.conversations
    slow = SlowFirst(conversations.receive)
    monkeypatch.setattr(conversations, "receive", slow)
    kim = gateway.person("kim")
    first = asyncio.create_task(kim.say("Erstens"))
    await eventually(lambda: asyncio.sleep(0, slow.begun == ["Erstens"]))
    await asyncio.gather(first, kim.say("Zweitens"))
    own = [message["text"] for message in await kim.messages() if message["author"] == "person"]
    assert own == ["Erstens", "Zweitens"]
    assert engine.finished == ["Erstens", "Zweitens"]


async def test_somebody_else_does_not_wait_for_it(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    conversations = gateway.backend.conversations
    slow = SlowFirst(conversations.receive)
    monkeypatch.setattr(conversations, "receive", slow)
    first = asyncio.create_task(gateway.person("kim").say("Erstens"))
    await eventually(lambda: asyncio.sleep(0, slow.begun == ["Erstens"]))
    await gateway.person("kim", "seller").say("Zweitens")
    assert slow.begun == ["Erstens", "Zweitens"]
    assert (await first)["status"] == "answered"


async def test_a_failed_try_lets_the_next_one_in(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    conversations = gateway.backend.conversations
    kim = gateway.person("kim")

    async def broken(*args: Any, **given: Any) -> Any:
        raise RuntimeError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(conversations, "receive", broken)
        assert (await kim.post(text="Erstens")).status == 500
    assert (await kim.say("Zweitens"))["status"] == "answered"
