"""Random lives of an account on a real database: after every step the invariants of the rules hold (W.D)."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from actions.backend import AppealSnapshot, Backend, StoredImage, migrate
from actions.policy import APPEAL_TYPES, AppealStatus, Limits, OrderState, Outcome
from actions.policy.appeal_conditions import claim_of
from tests.backend.appeal_world import (
    GROUND,
    MERCHANT,
    decided,
    goods,
    infraction,
    key,
    of_infraction,
    of_order,
    refund,
    submit,
    withdraw,
)
from tests.backend.conftest import Opener
from tests.backend.world import DAY, NOW

pytestmark = pytest.mark.integration
OPEN = (AppealStatus.DRAFT, AppealStatus.SUBMITTED)
TYPES = [*APPEAL_TYPES, "late_reply"]
SUBJECTS = [*(of_infraction(f"V-{n}") for n in range(1, 7)), *(of_order(f"WO-{n}") for n in range(1, 4))]
IMAGE = StoredImage("0" * 64, "image/png", 1, 1, 1)


async def account(shop: Backend, chance: random.Random) -> None:
    await shop.orders.put(goods("WO-1", refunds=(refund(rejected_appeals=chance.randrange(3)),)))
    await shop.orders.put(goods("WO-2", state=OrderState.CANCELLED, cancelled_by="merchant"))
    await shop.orders.put(goods("WO-3", confirmed_fulfilled_at=NOW - DAY))
    for number, type in enumerate(chance.sample(TYPES, 6), start=1):
        days = chance.randrange(95)
        order_id = chance.choice((None, "WO-1", "WO-2", "WO-3"))
        push = infraction(f"V-{number}", type=type, issued_at=NOW - days * DAY, order_id=order_id)
        await shop.infractions.put(push)


async def step(shop: Backend, chance: random.Random) -> None:
    """One thing that somebody or the clock does, allowed or not."""
    mine = await shop.appeals.of_seller(MERCHANT.id)
    known = sorted(mine, key=lambda a: (a.created_at, a.type, a.subject.id, a.version))  # ids differ from run to run
    acts = ("draft", "draft", "attach", "submit", "submit", "withdraw", "decide", "decide", "time", "sweep")
    act = chance.choice(acts)
    if chance.random() < 0.8:  # mostly what can be done
        wanted = {"decide": AppealStatus.SUBMITTED, "submit": AppealStatus.DRAFT, "attach": AppealStatus.DRAFT}
        known = [appeal for appeal in known if appeal.status is wanted.get(act, appeal.status)] or known
    one = chance.choice(known) if known else None
    if act == "draft":
        item = chance.choice([*await shop.appeals.scan(MERCHANT.id), None])
        type, subject = (item.type, item.subject) if item else (chance.choice(TYPES), chance.choice(SUBJECTS))
        await shop.appeals.draft(MERCHANT, type, subject, ground=GROUND, key=key("draft", subject.id))
    elif act == "time":
        await shop.clock.set(
            await shop.clock.now() + timedelta(hours=chance.choice((chance.randrange(24 * 9), 24 * 30)))
        )
    elif act == "sweep":
        await shop.sweeper.sweep()
    elif one is not None and act == "attach":
        await shop.appeals.attach(one.id, MERCHANT, image=IMAGE, key=key("attach_evidence", one.id))
        await shop.appeals.edit(one.id, MERCHANT, tracking_number="RR123456785DE", key=key("edit", one.id))
    elif one is not None and act == "submit":
        await submit(shop, one.id)
    elif one is not None and act == "withdraw":
        await withdraw(shop, one.id)
    elif one is not None:
        await decided(shop, one.id, chance.choice(list(Outcome)))


async def check(shop: Backend, limits: Limits) -> set[AppealStatus]:
    """W.D, numbered as there; the statuses that occur."""
    appeals = await shop.appeals.of_seller(MERCHANT.id)
    strict = limits.late_confirmation == "strict"
    for appeal in appeals:
        if appeal.filed_at is not None and appeal.closes_at is not None:  # 2
            assert appeal.filed_at < appeal.closes_at
            if appeal.status is AppealStatus.APPROVED and strict:
                assert appeal.decided_at is not None and appeal.decided_at < appeal.closes_at
        assert appeal.status is not AppealStatus.LAPSED or (strict and appeal.type != "refund")
        assert appeal.type in APPEAL_TYPES and appeal.type != "repeat_ip_infringement"  # 5
        if appeal.filed_at is not None and "proof" in APPEAL_TYPES[appeal.type].needs:  # 1
            assert appeal.evidence and appeal.ground
    order = await shop.orders.get("WO-1")
    assert order is not None
    refunds = [appeal for appeal in appeals if appeal.type == "refund" and appeal.order_id == "WO-1"]
    rejected = sum(appeal.status is AppealStatus.REJECTED for appeal in refunds)
    assert rejected + order.refunds[0]["rejected_appeals"] <= limits.refund_rejections  # 3, 7
    moved = any(appeal.status is AppealStatus.APPROVED for appeal in refunds)
    assert (order.refunds[0]["responsibility"] == "platform") == moved  # 4
    approved = {appeal.id: appeal for appeal in appeals if appeal.status is AppealStatus.APPROVED}
    for found in await shop.infractions.of_seller(MERCHANT.id):  # 4
        assert (found.status == "reversed") == (found.reversed_by in approved)
        own = [a for a in approved.values() if a.subject == of_infraction(found.id)]
        assert not own or found.status == "reversed"
    claims = [
        claim_of(APPEAL_TYPES[appeal.type], appeal.order_id, appeal.infraction_id)
        for appeal in appeals
        if appeal.status in OPEN
    ]
    assert len(claims) == len(set(claims))  # 6
    return {appeal.status for appeal in appeals}


@pytest.mark.timeout(300)
@pytest.mark.rule("W-03", "W-13", "W-20", "W-21", "W-24", "W-26")
@pytest.mark.parametrize("late", ["strict", "honour_if_filed_in_time"])
async def test_random_lives_keep_the_invariants(open_backend: Opener, new_url: Any, late: str) -> None:
    limits = Limits(late_confirmation=late)  # type: ignore[arg-type]
    seen: set[AppealStatus] = set()
    for seed in range(6):
        chance = random.Random(f"{late} {seed}")
        shop = await open_backend(url=new_url(), limits=limits, real_now=lambda: NOW)  # retention goes by it
        await shop.clock.set(NOW)
        await account(shop, chance)
        for _ in range(40):
            await step(shop, chance)
            seen |= await check(shop, limits)
    wanted = set(AppealStatus) - ({AppealStatus.LAPSED} if late != "strict" else set())
    assert seen == wanted


async def test_a_database_in_use_is_migrated_both_ways(open_backend: Opener, url: str) -> None:
    engine = migrate.engine(url)
    try:
        shop = await open_backend()
        await shop.orders.put(goods(refunds=(refund(),)))
        with engine.connect() as connection, connection.begin():
            command.downgrade(migrate.config(connection), "0001")
            assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 1
            command.upgrade(migrate.config(connection), "head")
        order = await shop.orders.get("WO-1")
        assert order is not None and order.refunds[0]["responsibility"] == "merchant"
        made = await shop.appeals.draft(MERCHANT, "refund", of_order(), ground="x", key=key("draft", "WO-1"))
        assert isinstance(made, AppealSnapshot)
        assert (await submit(shop, made.id)).allowed and (await decided(shop, made.id, Outcome.APPROVED)).allowed
    finally:
        engine.dispose()
