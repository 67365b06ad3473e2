"""Many people at once on one order: exactly one wins, and everything that belongs to it is there once."""

from __future__ import annotations

import asyncio
import random

import pytest

from actions.backend import Backend, ConfirmStatus, IdempotencyKey, Outcome, Proposal
from actions.policy import (
    Accept,
    Actor,
    Command,
    Decline,
    DisputeStatus,
    ForceCancel,
    OrderState,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Withdraw,
)
from tests.backend.conftest import Opener
from tests.backend.world import CUSTOMER, DAY, FILED_BY_CUSTOMER, NOW, ORDER, SELLER, filed, key, notices, order, push

pytestmark = [pytest.mark.integration, pytest.mark.slow]
CROWD = 50


async def rush(backends: list[Backend], attempts: list[tuple[Command, Actor]]) -> list[Outcome]:
    """All attempts at once, in no order, through several processes' worth of backends."""
    random.Random(7).shuffle(attempts)
    calls = [
        backends[number % len(backends)].commands.execute(ORDER, command, actor, key=key(command), origin="chat")
        for number, (command, actor) in enumerate(attempts)
    ]
    return list(await asyncio.gather(*calls))


@pytest.mark.rule("M-16", "M-22", "M-24", "M-26")
async def test_accept_against_withdraw_against_force(open_backend: Opener) -> None:
    backends = [await open_backend() for _ in range(3)]
    backend = backends[0]
    await backend.clock.set(NOW)
    await backend.orders.put(push(expected_delivery_at=NOW - 2 * DAY))
    dispute_id = await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER, origin="chat")
    attempts: list[tuple[Command, Actor]] = []
    for number in range(CROWD):
        attempts.append(
            [(Accept(dispute_id), SELLER), (Withdraw(dispute_id), CUSTOMER), (Decline(dispute_id), SELLER)][number % 3]
        )
    outcomes = await rush(backends, attempts)
    winners = [outcome for outcome in outcomes if outcome.allowed]
    assert len(winners) == 1
    found = await order(backend)
    assert found == winners[0].order
    assert len(await backend.orders.events(ORDER)) == 3
    assert len(await notices(backend)) == 2
    assert found.version == 3


@pytest.mark.rule("M-16", "M-26")
@pytest.mark.parametrize("_round", range(3))
async def test_force_against_accept_ends_in_one_cancellation(open_backend: Opener, _round: int) -> None:
    backends = [await open_backend() for _ in range(3)]
    backend = backends[0]
    await backend.clock.set(NOW)
    await backend.orders.put(push(expected_delivery_at=NOW - 2 * DAY))
    dispute_id = await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER, origin="chat")
    attempts: list[tuple[Command, Actor]] = [(ForceCancel(), CUSTOMER), (Accept(dispute_id), SELLER)] * (CROWD // 2)
    outcomes = await rush(backends, attempts)
    winners = [outcome for outcome in outcomes if outcome.allowed]
    assert len(winners) == 1
    found = await order(backend)
    assert found.state is OrderState.CANCELLED
    forced = found.disputes[0].status is DisputeStatus.WITHDRAWN
    told = [code for _, code in await notices(backend)][1:]
    assert told == (["withdrawn", "force_cancelled"] if forced else ["cancel_accepted"])
    audited = [event.data["command"] for event in await backend.orders.events(ORDER)][2:]
    assert audited == ["force_cancel" if forced else "accept"]


@pytest.mark.rule("M-22")
async def test_of_fifty_requests_one_gets_the_slot(open_backend: Opener) -> None:
    backends = [await open_backend() for _ in range(3)]
    await backends[0].clock.set(NOW)
    await backends[0].orders.put(push())
    requests: list[tuple[Command, Actor]] = [
        (RequestUpdate("?"), CUSTOMER),
        (RequestCancellation(text="x"), CUSTOMER),
        (RequestExtension(NOW + 9 * DAY), SELLER),
        (RequestCancellation(reason="other", text="x"), SELLER),
    ]
    outcomes = await rush(backends, [requests[number % 4] for number in range(CROWD)])
    assert sum(outcome.allowed for outcome in outcomes) == 1
    assert len((await order(backends[0])).disputes) == 1
    assert len(await notices(backends[0])) == 1


async def test_one_key_sent_fifty_times_acts_once(open_backend: Opener) -> None:
    backends = [await open_backend() for _ in range(3)]
    await backends[0].clock.set(NOW)
    await backends[0].orders.put(push())
    once = IdempotencyKey("once", "request_update", ORDER)
    outcomes = await asyncio.gather(
        *(
            backends[number % 3].commands.execute(ORDER, RequestUpdate("?"), CUSTOMER, key=once)
            for number in range(CROWD)
        )
    )
    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * (CROWD - 1)
    assert len({outcome.dispute_id for outcome in outcomes}) == 1
    assert len((await order(backends[0])).disputes) == 1


async def test_fifty_yeses_to_one_proposal_act_once(open_backend: Opener) -> None:
    backends = [await open_backend() for _ in range(3)]
    await backends[0].clock.set(NOW)
    await backends[0].orders.put(push())
    made = await backends[0].proposals.create("C-1", CUSTOMER, ORDER, RequestUpdate("?"))
    assert isinstance(made, Proposal)
    results = await asyncio.gather(
        *(
            backends[number % 3].proposals.confirm(made.id, "C-1", CUSTOMER, f"M-{number % 25}")
            for number in range(CROWD)
        )
    )
    fresh = [result for result in results if result.outcome is not None and not result.outcome.replayed]
    assert len(fresh) == 1
    statuses = [result.status for result in results]
    assert statuses.count(ConfirmStatus.EXECUTED) == 2 and statuses.count(ConfirmStatus.ALREADY_DONE) == CROWD - 2
    assert len((await order(backends[0])).disputes) == 1


@pytest.mark.rule("M-03", "M-12")
async def test_pushes_sweeps_and_commands_at_once_leave_one_truth(open_backend: Opener) -> None:
    backends = [await open_backend() for _ in range(3)]
    backend = backends[0]
    await backend.clock.set(NOW)
    await backend.orders.put(push(expected_delivery_at=NOW - DAY))
    await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    await backend.clock.set(NOW + 3 * DAY)
    closing = push(updated_at=NOW, state=OrderState.COMPLETED, expected_delivery_at=NOW - DAY)
    commands = [
        backends[n % 3].commands.execute(ORDER, RequestUpdate(f"{n}"), CUSTOMER, key=key(RequestUpdate()))
        for n in range(10)
    ]
    sweeps = [backends[n % 3].sweeper.sweep() for n in range(6)]
    pushes = [backends[n % 3].orders.put(closing) for n in range(3)]
    await asyncio.gather(*commands, *sweeps, *pushes)
    found = await order(backend)
    assert found.state is OrderState.COMPLETED and found.open_dispute is None
    assert found.disputes[0].status is DisputeStatus.EXPIRED
    told = [code for _, code in await notices(backend)]
    assert told.count("update_expired") == told.count("own_update_expired") == 1
    assert {item.status for item in found.disputes[1:]} <= {DisputeStatus.SUPERSEDED}
    assert [event.seq for event in await backend.events.after(0, 1000)] == list(
        range(1, len(await backend.events.after(0, 1000)) + 1)
    )
