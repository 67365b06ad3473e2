"""A yes counts for a question that was on the screen, whatever else was (api.md, Confirmation)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actions.backend import Backend, Reply
from actions.handlers.case import Case
from actions.handlers.force_cancellation import ForceCancellation
from actions.handlers.notices import question_seen
from actions.policy import OrderState, Role
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


@pytest.mark.parametrize(
    ("text", "confidence", "counts"),
    [
        pytest.param("passt so, danke dir", 0.9, True, id="in any words, if they are clear"),
        pytest.param("ja, mach", 0.4, True, id="a plain yes needs no confidence"),
        pytest.param("mei, wenns sein muss halt", 0.4, False, id="a guess is none"),
        pytest.param("Und wenn ich jetzt ja sage?", 0.9, False, id="a question is none"),
        pytest.param("ok?", 0.9, False, id="nor is a yes with a question mark"),
        pytest.param("Ich würde ja sagen, wenn ich das Geld hätte", 0.9, False, id="nor a condition"),
        pytest.param("Er schrieb „ja, mach“", 0.9, False, id="nor a quotation"),
        pytest.param("auf keinen Fall ja", 0.9, False, id="nor a denial"),
        pytest.param("kein Problem, mach das", 0.9, True, id="a denial that agrees"),
    ],
)
async def test_only_a_yes_beyond_doubt_executes(
    customer: Talk, order: Any, text: str, confidence: float, counts: bool
) -> None:
    customer.seen = await asked(customer, order)
    await customer.says(text, "affirm", confidence=confidence)
    assert await state(customer) is (OrderState.CANCELLED if counts else OrderState.ACTIVE)
    assert counts or customer.custom["kind"] == "proposal", "it is asked again"


@pytest.mark.parametrize(
    ("later", "assumed", "seen", "counts"),
    [
        pytest.param(False, True, 0, True, id="handed out in the answer, with a notice before it that was not"),
        pytest.param(False, False, 0, False, id="the client says that it is not on the screen"),
        pytest.param(True, True, 0, False, id="came later, and was not fetched"),
        pytest.param(True, True, 3, True, id="came later, and was fetched"),
    ],
)
async def test_clients_that_do_not_say_what_they_show(
    backend: Backend, later: bool, assumed: bool, seen: int, counts: bool
) -> None:
    chat = await backend.conversations.open("", Role.SELLER, "S-1")
    wish = (await backend.conversations.add_person_message(chat.id, "wish", text="ablehnen", owner="o")).message
    if later:
        await backend.conversations.say(wish, "Das dauert gerade länger.")
    done = await backend.conversations.complete(wish, [Reply("Soll ich?")], owner="o")
    said: Any = SimpleNamespace(
        backend=backend,
        conversation_id=chat.id,
        seq=done.replies[-1].seq + 1,
        last_seen_seq=seen,
        seen_assumed=assumed,
    )
    assert await question_seen(said, Case("decline_request", seen_seq=wish.seq)) is counts


async def test_a_question_that_could_not_be_shown_is_not_open(
    customer: Talk, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    await order("FO-1001", "Logo", due=-30)
    with monkeypatch.context() as patched:
        patched.setattr(ForceCancellation, "present", broken)
        await customer.says("stornieren", "force_cancellation", order_id="FO-1001")
        assert "nicht geklappt" in customer.text
    await customer.says("ok", "affirm")
    assert await state(customer) is OrderState.ACTIVE


@pytest.mark.parametrize("intent", ["affirm", "force_cancellation"])
@pytest.mark.parametrize(
    ("words", "entities"), [("ja, storniere FO-1002", {"order_id": "FO-1002"}), ("Ja, die Website stornieren", {})]
)
async def test_a_yes_to_another_order_is_no_yes_to_this_one(
    customer: Talk, order: Any, intent: str, words: str, entities: dict[str, str]
) -> None:
    await order("FO-1001", "Logo", due=-30)
    await order("FO-1002", "Website", due=-30)
    await customer.says("Logo stornieren", "force_cancellation", order_id="FO-1001")
    await customer.says(words, intent, **entities)
    assert await state(customer) is OrderState.ACTIVE
    assert (customer.custom["kind"], customer.custom["order_id"]) == ("proposal", "FO-1002")
    await customer.says("Ja, die Website stornieren", intent)
    assert await state(customer) is OrderState.ACTIVE
    website = await customer.backend.orders.get("FO-1002")
    assert website is not None and website.state is OrderState.CANCELLED
