"""A yes counts for a question that was on the screen, whatever else was (api.md, Confirmation)."""

from __future__ import annotations

from typing import Any

from actions.backend import Reply
from actions.policy import OrderState
from tests.handlers.conftest import Talk


async def asked(customer: Talk, order: Any) -> int:
    """The wish to cancel, whose answer took long; the number of the question that then came."""
    await order("FO-1001", "Logo", due=-30)
    conversations = customer.backend.conversations
    received = await conversations.add_person_message(customer.conversation_id, "wish", text="stornieren", owner="o")
    await conversations.say(received.message, "Das dauert gerade länger.")
    customer.seq = received.message.seq - 1
    assert "?" in await customer.says("stornieren", "request_cancellation", order_id="FO-1001")
    done = await conversations.complete(received.message, [Reply(customer.text)], owner="o")
    customer.seq = done.replies[-1].seq
    return customer.seq


async def state(customer: Talk) -> OrderState:
    found = await customer.backend.orders.get("FO-1001")
    assert found is not None
    return found.state


async def test_a_yes_to_please_wait_is_no_yes_to_the_question(customer: Talk, order: Any) -> None:
    question = await asked(customer, order)
    customer.seen = question - 1
    await customer.says("ok", "affirm")
    assert await state(customer) is OrderState.ACTIVE
    assert customer.custom["kind"] == "proposal", "the question is asked, now that it can be seen"


async def test_a_yes_to_the_question_counts(customer: Talk, order: Any) -> None:
    customer.seen = await asked(customer, order)
    await customer.says("ok", "affirm")
    assert await state(customer) is OrderState.CANCELLED
