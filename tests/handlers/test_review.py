"""What is kept for review: messages that were not or hardly understood, without personal data, with what came next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from actions.backend import Backend, forgetting
from actions.backend.understanding import Heard, ReviewItem, Status
from actions.handlers.resources import Resources, holder
from actions.policy import Role
from tests.handlers.conftest import NOW, WORDING, Talk, _talk

pytestmark = pytest.mark.integration

GUESSES = [("request_order_update", 0.28), ("request_cancellation", 0.24), ("greet", 0.05)]


@pytest.fixture
async def reviewed(backend: Backend) -> AsyncIterator[Backend]:
    """The same database, in a process that keeps what was understood with less than 0.6."""
    opened = Backend(backend.database, real_now=lambda: NOW, review_below=0.6)
    holder.use(Resources(opened, WORDING, None))  # type: ignore[arg-type]
    yield opened
    await opened.understanding.close()


@pytest.fixture
async def kim(reviewed: Backend, one_order: None) -> Talk:
    return await _talk(reviewed, Role.CUSTOMER, "C-1", None)


async def kept(backend: Backend) -> list[ReviewItem]:
    await backend.understanding.flush()
    return await backend.understanding.page()


async def test_a_question_with_two_buttons_and_the_button_pressed(reviewed: Backend, kim: Talk) -> None:
    text = "Kai Berger soll wegen FO-1 hinmachen, mia@example.org, +49 170 1234567"
    await kim.says(text, "nlu_fallback", confidence=0.3, ranking=[("nlu_fallback", 0.3), *GUESSES], language="de")
    await kim.payload(kim.buttons[1]["payload"])
    (item,) = await kept(reviewed)
    assert item.text == "<name> soll wegen <order> hinmachen, <email>, <phone>"
    assert (item.status, item.intent, item.confidence, item.language) == ("question", "nlu_fallback", 0.28, "de")
    assert (item.ranking, item.role) == (tuple(GUESSES), "customer")
    assert (item.next_kind, item.next_intent, item.next_text) == ("pressed", "request_cancellation", None)


async def test_a_fallback_and_what_was_written_next(reviewed: Backend, kim: Talk) -> None:
    await kim.says("brrzl", "nlu_fallback", confidence=0.3, ranking=[("greet", 0.1)])
    await kim.says("Ich heiße Mia und will wissen, wie weit FO-1 ist", "request_order_update")
    (item,) = await kept(reviewed)
    assert (item.text, item.status) == ("brrzl", "fallback")
    assert (item.next_kind, item.next_intent) == ("typed", "request_order_update")
    assert item.next_text == "Ich heiße <name> und will wissen, wie weit <order> ist"


async def test_a_miss_that_another_process_kept_is_completed_here(reviewed: Backend, kim: Talk) -> None:
    await kim.says("brrzl", "nlu_fallback", confidence=0.3, ranking=[("greet", 0.1)])
    await reviewed.understanding.flush()
    other = Backend(reviewed.database, real_now=lambda: NOW)
    holder.use(Resources(other, WORDING, None))  # type: ignore[arg-type]
    await kim.says("Hilfe", "help")
    (item,) = await kept(other)
    assert (item.next_kind, item.next_intent) == ("typed", "help")


async def test_what_was_acted_upon_with_doubt_is_kept(reviewed: Backend, kim: Talk) -> None:
    await kim.says("wie siehts aus", "list_disputes", confidence=0.55, ranking=[("list_disputes", 0.55)])
    await kim.says("Wie siehts aus?", "list_disputes", confidence=0.61)
    assert [(item.text, item.status) for item in await kept(reviewed)] == [("wie siehts aus", "unsure")]


async def test_words_that_were_asked_for_are_not_kept(reviewed: Backend, kim: Talk) -> None:
    """They are meant for the other side, and what they would mean otherwise is of no interest."""
    await kim.says("Ich will FO-1 abbestellen", "request_cancellation", order_id="FO-1")
    await kim.says("Es dauert mir leider einfach alles viel zu lange", "out_of_scope", confidence=0.35)
    assert await kept(reviewed) == []


async def test_buttons_are_not_kept(reviewed: Backend, kim: Talk) -> None:
    await kim.payload("/help")
    await kim.says("Danke", "thank", confidence=0.99)
    assert await kept(reviewed) == []


async def test_the_same_message_again_is_kept_once(reviewed: Backend, kim: Talk) -> None:
    for _ in range(2):
        reviewed.understanding.note(
            Heard(kim.conversation_id, "m-1", None, "brrzl", "nlu_fallback", 0.2), Status.FALLBACK
        )
        await reviewed.understanding.flush()
    (item,) = await kept(reviewed)
    assert item.next_kind is None


async def test_a_conversation_that_was_deleted_leaves_nothing(reviewed: Backend, kim: Talk) -> None:
    await kim.says("brrzl", "nlu_fallback", confidence=0.3)
    assert len(await kept(reviewed)) == 1
    await kim.says("brrzl", "nlu_fallback", confidence=0.3)
    await reviewed.database.write(lambda session: forgetting.remove(session, kim.conversation_id, NOW))
    assert await kept(reviewed) == []


async def test_it_goes_after_a_month(reviewed: Backend, kim: Talk) -> None:
    await kim.says("brrzl", "nlu_fallback", confidence=0.3)
    assert len(await kept(reviewed)) == 1
    later = Backend(reviewed.database, real_now=lambda: NOW + timedelta(days=31))
    counts = await later.retention.run()
    assert counts["understood"] == 1 and await kept(later) == []
