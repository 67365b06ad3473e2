"""Who is told what, and that nobody else is ever told."""

from __future__ import annotations

from datetime import datetime

import pytest

from actions.backend import Backend
from actions.backend.notices import CODES
from actions.policy import (
    Accept,
    Actor,
    AnswerUpdate,
    Decline,
    ForceCancel,
    Limits,
    OrderState,
    RequestCancellation,
    RequestUpdate,
    Role,
    Withdraw,
)
from tests.backend.conftest import Opener
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    FILED_BY_SELLER,
    HOUR,
    NOW,
    ORDER,
    SELLER,
    TICK,
    done,
    filed,
    notices,
    push,
)

pytestmark = pytest.mark.integration


async def _new(backend: Backend, already: int) -> list[tuple[str, str]]:
    return (await notices(backend))[already:]


@pytest.mark.rule("M-19", "M-20")
@pytest.mark.parametrize(
    ("kind", "filer"),
    [("update", "customer"), ("cancellation", "customer"), ("cancellation", "seller"), ("extension", "seller")],
)
@pytest.mark.parametrize("origin", ["chat", "api"])
async def test_a_request_reaches_the_other_side_and_its_filer_once(
    backend: Backend, kind: str, filer: str, origin: str
) -> None:
    await backend.orders.put(push())
    actor, other = (CUSTOMER, "seller") if filer == "customer" else (SELLER, "customer")
    command = (FILED_BY_CUSTOMER if filer == "customer" else FILED_BY_SELLER)[kind]
    await filed(backend, command, actor, origin=origin)
    code = {"update": "update_request", "cancellation": "cancel_request", "extension": "extension_request"}[kind]
    expected = [(other, code)] + ([(filer, f"own_{code}")] if origin == "api" else [])
    assert await notices(backend) == expected
    row = (await backend.outbox.pending())[0]
    assert row.params["text"] == row.params["request_text"] == command.text
    assert (row.params["by_role"], row.params["recipient_role"]) == (filer, other)


ANSWERS = {
    "update answered": ("update", "customer", AnswerUpdate("@", "Fast fertig"), "update_answered", "Fast fertig"),
    "cancel accepted": ("cancellation", "customer", Accept("@"), "cancel_accepted", ""),
    "cancel declined": ("cancellation", "seller", Decline("@", "Nein"), "cancel_declined", "Nein"),
    "extension accepted": ("extension", "seller", Accept("@"), "extension_accepted", ""),
    "extension declined": ("extension", "seller", Decline("@"), "extension_declined", ""),
    "withdrawn": ("extension", "seller", Withdraw("@"), "withdrawn", ""),
}


@pytest.mark.rule("M-11", "M-16", "M-17", "M-19", "M-24", "M-37")
@pytest.mark.parametrize("origin", ["chat", "api"])
@pytest.mark.parametrize("case", ANSWERS)
async def test_an_answer_reaches_the_other_side_in_the_answerers_words(
    backend: Backend, case: str, origin: str
) -> None:
    kind, filer, answer, code, words = ANSWERS[case]
    await backend.orders.put(push())
    actors = {"customer": CUSTOMER, "seller": SELLER}
    command = (FILED_BY_CUSTOMER if filer == "customer" else FILED_BY_SELLER)[kind]
    dispute_id = await filed(backend, command, actors[filer], origin="chat")
    text = {"text": answer.text} if hasattr(answer, "text") else {}
    other = "seller" if filer == "customer" else "customer"
    acting, told = (filer, other) if isinstance(answer, Withdraw) else (other, filer)
    await done(backend, type(answer)(dispute_id=dispute_id, **text), actors[acting], origin=origin)
    assert await _new(backend, 1) == [(told, code)] + ([(acting, f"own_{code}")] if origin == "api" else [])
    params = (await backend.outbox.pending())[1].params
    assert (params["text"], params["request_text"], params["dispute_id"]) == (words, command.text, dispute_id)


@pytest.mark.rule("M-12", "M-18")
@pytest.mark.parametrize(
    ("kind", "filer", "code"),
    [
        ("update", "customer", "update_expired"),
        ("cancellation", "customer", "cancel_expired"),
        ("cancellation", "seller", "cancel_expired"),
    ],
)
async def test_both_sides_hear_that_time_ran_out(backend: Backend, kind: str, filer: str, code: str) -> None:
    await backend.orders.put(push())
    actor, other = (CUSTOMER, "seller") if filer == "customer" else (SELLER, "customer")
    await filed(backend, (FILED_BY_CUSTOMER if filer == "customer" else FILED_BY_SELLER)[kind], actor, origin="chat")
    await backend.clock.set(NOW + 2 * DAY + TICK)
    await backend.sweeper.sweep()
    assert await _new(backend, 1) == [(filer, code), (other, f"own_{code}")]


@pytest.mark.rule("M-18", "M-38")
async def test_the_switches_have_their_own_notices(open_backend: Opener) -> None:
    limits = Limits(cancel_silence="auto_cancel", extension_answer_window=4 * HOUR)
    backend = await open_backend(limits=limits)
    await backend.clock.set(NOW)
    await backend.orders.put(push())
    await filed(backend, FILED_BY_SELLER["extension"], SELLER, origin="chat")
    await backend.clock.set(NOW + 4 * HOUR + TICK)
    await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER, origin="chat")
    await backend.clock.set(NOW + 3 * DAY)
    await backend.sweeper.sweep()
    assert await _new(backend, 1) == [
        ("seller", "extension_expired"),
        ("customer", "own_extension_expired"),
        ("seller", "cancel_request"),
        ("customer", "cancel_expired_cancelled"),
        ("seller", "own_cancel_expired_cancelled"),
    ]


@pytest.mark.rule("M-26")
async def test_the_seller_hears_of_a_forced_cancellation_and_why(backend: Backend) -> None:
    await backend.orders.put(push())
    await filed(backend, FILED_BY_SELLER["extension"], SELLER, origin="chat")
    await backend.clock.set(NOW + 3 * DAY)
    await done(backend, ForceCancel(), CUSTOMER, origin="chat")
    assert await _new(backend, 1) == [("seller", "extension_declined"), ("seller", "force_cancelled")]
    params = (await backend.outbox.pending())[-1].params
    assert datetime.fromisoformat(params["expected"]) == NOW + 2 * DAY
    assert datetime.fromisoformat(params["possible_from"]) == NOW + 3 * DAY
    assert params["state"] == "cancelled"


@pytest.mark.rule("M-23", "M-24")
async def test_withdraw_then_cancel_tells_both_steps_in_order(backend: Backend) -> None:
    await backend.orders.put(push())
    first = await filed(backend, RequestUpdate("Wie weit?"), CUSTOMER, origin="chat")
    await filed(backend, RequestCancellation(text="Weg", withdraw_dispute_id=first), CUSTOMER, origin="chat")
    assert await _new(backend, 1) == [("seller", "withdrawn"), ("seller", "cancel_request")]
    withdrawn, request = (await backend.outbox.pending())[1:]
    assert (withdrawn.params["kind"], withdrawn.params["text"]) == ("update", "")
    assert (request.params["kind"], request.params["text"]) == ("cancellation", "Weg")


async def test_names_come_from_the_token_else_from_the_marketplace(backend: Backend) -> None:
    await backend.orders.put(push())
    await backend.people.put(Role.CUSTOMER, CUSTOMER.id, name="Anna A.")
    await backend.people.put(Role.SELLER, SELLER.id, name="Bert GmbH")
    await backend.people.touch(Role.SELLER, SELLER.id, name="Bert")
    await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    params = (await backend.outbox.pending())[0].params
    assert (params["by_name"], params["customer_name"], params["seller_name"]) == ("Anna A.", "Anna A.", "Bert")


@pytest.mark.rule("M-21")
async def test_no_notice_ever_goes_to_support(open_backend: Opener) -> None:
    limits = Limits(cancel_silence="auto_cancel", extension_answer_window=HOUR)
    backend = await open_backend(limits=limits)
    keeping = await open_backend(limits=Limits(extension_answer_window=HOUR))
    seen: set[str] = set()
    for number, (filer, command) in enumerate(
        [(CUSTOMER, command) for command in FILED_BY_CUSTOMER.values()]
        + [(SELLER, command) for command in FILED_BY_SELLER.values()]
    ):
        for end in ("answer", "decline", "withdraw", "expire", "keep", "supersede", "force"):
            await backend.clock.set(NOW)
            order_id = f"FO-{number}-{end}"
            await backend.orders.put(push(id=order_id, expected_delivery_at=NOW + HOUR))
            outcome = await done(backend, command, filer, order_id=order_id)
            await _finish(keeping if end == "keep" else backend, order_id, outcome.dispute_id or "", filer, end)
    for row in await backend.outbox.pending(10_000):
        assert row.recipient_role in (Role.CUSTOMER, Role.SELLER)
        assert row.recipient_id in (CUSTOMER.id, SELLER.id)
        assert row.code in CODES
        seen.add(row.code)
    # Every code of the list occurs, so the check above has seen each kind of notice.
    assert seen == set(CODES)


async def _finish(backend: Backend, order_id: str, dispute_id: str, filer: Actor, end: str) -> None:
    actor, other = (CUSTOMER, SELLER) if filer is CUSTOMER else (SELLER, CUSTOMER)
    found = await backend.orders.get(order_id)
    assert found is not None and found.open_dispute is not None
    update = found.open_dispute.kind.value == "update"
    if end == "answer":
        await done(backend, AnswerUpdate(dispute_id, "ja") if update else Accept(dispute_id), other, order_id=order_id)
    elif end == "decline" and not update:
        await done(backend, Decline(dispute_id, "nein"), other, order_id=order_id)
    elif end == "withdraw":
        await done(backend, Withdraw(dispute_id), actor, order_id=order_id)
    elif end in ("expire", "keep"):
        await backend.clock.set(NOW + 3 * DAY)
        await backend.sweeper.sweep()
    elif end == "supersede":
        await backend.orders.put(push(id=order_id, updated_at=NOW, state=OrderState.COMPLETED))
    elif end == "force" and not (actor is SELLER and found.open_dispute.kind.value == "cancellation"):
        await backend.clock.set(NOW + 26 * HOUR)
        await done(backend, ForceCancel(), CUSTOMER, order_id=order_id)


async def test_nothing_is_noted_under_another_order(backend: Backend) -> None:
    await backend.orders.put(push())
    await backend.orders.put(push(id="FO-2"))
    await filed(backend, RequestUpdate("?"), CUSTOMER)
    assert {row.order_id for row in await backend.outbox.pending()} == {ORDER}
