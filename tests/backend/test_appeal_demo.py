"""The demo account: every standing occurs, loading it again changes nothing, and it renews itself."""

from __future__ import annotations

from collections import Counter

import pytest

from actions.backend import AppealSnapshot, Backend
from actions.policy import APPEAL_TYPES, Standing
from bot import demo, demo_appeals
from tests.backend.appeal_world import key
from tests.backend.world import DAY, NOW, contents

pytestmark = pytest.mark.integration


def standings(items: list[object]) -> Counter[Standing]:
    return Counter(item.option.standing for item in items)  # type: ignore[attr-defined]


async def test_every_standing_occurs_and_nothing_changes_when_it_is_loaded_again(backend: Backend) -> None:
    await demo.load(backend)
    first = await demo_appeals.load(backend)
    assert set(standings(first)) == set(Standing)
    assert len(first) == len(demo_appeals.SAMPLES)
    assert {item.type for item in first} > {"refund", "valid_tracking_rate", "repeat_ip_infringement"}
    assert any(item.option.is_urgent for item in first)
    assert any(item.option.attempt == 3 for item in first) and any(item.type not in APPEAL_TYPES for item in first)
    before = await contents(backend)
    assert await demo_appeals.load(backend) == first
    assert await contents(backend) == before


@pytest.mark.parametrize("days", [1, 4, 30, 200])
async def test_it_stays_lively(backend: Backend, days: int) -> None:
    first = await demo_appeals.load(backend)
    await backend.clock.set(NOW + days * DAY)
    await backend.sweeper.sweep()
    later = await demo_appeals.load(backend)
    wanted = Counter(sample.standing for sample in demo_appeals.SAMPLES)
    assert standings(later) >= wanted and any(item.option.is_urgent for item in later)
    assert len(later) <= len(first) + 2  # the two that have appeals get followers
    before = await contents(backend)
    await demo_appeals.load(backend)
    assert await contents(backend) == before


async def test_what_somebody_appealed_stays_and_gets_a_follower(backend: Backend) -> None:
    first = await demo_appeals.load(backend)
    item = first[0]
    made = await backend.appeals.draft(
        demo_appeals.SELLER, item.type, item.subject, key=key("draft", item.subject.id), ground="x"
    )
    assert isinstance(made, AppealSnapshot)
    later = await demo_appeals.load(backend)
    assert len(later) == len(first) + 1
    assert next(found for found in later if found.subject == item.subject).appeal == made
    assert len(await demo_appeals.load(backend)) == len(later)


async def test_the_goods_are_no_business_of_the_resolution_centre(backend: Backend) -> None:
    orders = await demo.load(backend)
    await demo_appeals.load(backend)
    assert await demo.load(backend) == orders
    shown = await backend.orders.of_person(demo.SELLER)
    assert all(order.id.startswith("FO-") for order in shown)
