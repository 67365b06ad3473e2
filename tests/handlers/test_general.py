"""Around the cases: greetings, help, a bare yes or no, corrections, languages, what is not understood."""

from __future__ import annotations

from typing import Any

import pytest

from actions.backend import ReplyButton
from tests.backend.world import deliver
from tests.handlers.conftest import WORDING, Talk
from tests.handlers.disputes import SELLER, cancellation_asked, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


async def notified(backend: Any, talk: Talk) -> None:
    """The notices that wait are delivered into the conversation, as the gateway does."""
    for row in await backend.outbox.pending():
        if row.recipient_role.value != talk.role:
            continue
        rendered = WORDING.notice(row.code, row.params, role=row.recipient_role.value, locale="de", zone="UTC")
        buttons = [ReplyButton(button.title, button.payload) for button in rendered.buttons]
        message = await deliver(backend, row, rendered.text, buttons)
        assert message is not None and message.conversation_id == talk.conversation_id
        talk.seq = talk.seen = message.seq


async def test_help_names_what_each_side_can_do(customer: Talk, seller: Talk) -> None:
    await customer.says("Was kannst du?", "help")
    assert "ohne Zustimmung stornieren" in customer.text and "Verstöße" not in customer.text
    await seller.says("Was kannst du?", "help")
    assert "Verlängerung des Liefertermins" in seller.text and "welche Verstöße sich anfechten lassen" in seller.text
    assert "Meine Verstöße" in seller.titles and "Meine Verstöße" not in customer.titles


async def test_a_bare_yes_without_a_question_does_nothing(customer: Talk, backend: Any) -> None:
    await customer.says("ja", "affirm")
    assert customer.text.startswith("Von mir ist gerade keine Frage offen.")
    assert await stored(backend) == ("active", None)


@pytest.mark.rule("M-15")
async def test_a_bare_yes_answers_the_one_notice_that_was_seen(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend, SELLER)
    await notified(backend, customer)
    await customer.says("einverstanden", "affirm")
    assert customer.text.endswith("Soll ich die Stornierung annehmen?"), "it is asked once more before it is done"
    customer.seen = None
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("cancelled", None)


@pytest.mark.rule("M-11")
async def test_words_after_a_seen_question_are_its_answer(seller: Talk, backend: Any) -> None:
    await update_asked(backend)
    await notified(backend, seller)
    await seller.says("Das Logo kommt morgen früh.", "inform")
    assert "„Das Logo kommt morgen früh.“" in seller.text
    assert await stored(backend) == ("active", "update")


async def test_a_yes_said_before_the_question_was_on_the_screen_does_not_count(customer: Talk, backend: Any) -> None:
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    customer.seen = 0
    await customer.says("ja", "affirm")
    assert customer.text.endswith("?") and await stored(backend) == ("active", None)


async def test_typed_button_insides_are_no_button(customer: Talk, backend: Any) -> None:
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    await customer.says(customer.buttons[0]["payload"], "affirm")
    assert customer.text.startswith("Das habe ich nicht verstanden.")
    assert await stored(backend) == ("active", None)


async def test_a_question_in_between_keeps_what_was_open(customer: Talk, backend: Any) -> None:
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    await customer.says("Bekommt der Support das mit?", "ask_dispute_visibility")
    assert "Der Kundensupport erhält keine Kopie" in customer.text
    assert customer.text.endswith("Soll ich das so machen?")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", "cancellation")


async def test_another_wish_puts_the_first_one_aside(customer: Talk, backend: Any) -> None:
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    old = customer.buttons[0]["payload"]
    await customer.says("Ach nein, wie weit ist es denn?", "request_order_update")
    await customer.payload(old)
    assert customer.text.startswith("Die Frage liegt schon länger zurück, deshalb habe ich noch nichts getan.")
    assert await stored(backend) == ("active", None)


async def test_not_understood_three_times_ends_with_support(customer: Talk) -> None:
    for beginning in ("Das habe ich nicht verstanden.", "Ich verstehe es noch nicht.", "Ich komme hier nicht weiter"):
        await customer.says("blubb", "nlu_fallback", confidence=0.1)
        assert customer.text.startswith(beginning)
    assert "Kundensupport" in customer.text


async def test_a_guess_is_a_question_that_keeps_what_was_named(customer: Talk, order: Any) -> None:
    await order("FO-1", "Logo")
    await order("FO-2", "Flyer")
    ranking = [("request_order_update", 0.4)]
    await customer.says("hm FO-1", "nlu_fallback", ranking=ranking, order_id="FO-1")
    assert customer.titles == ["Nach dem Stand fragen"]
    await customer.press("Nach dem Stand fragen")
    assert customer.text.startswith("FO-1 (Logo)")
    await customer.says("nein", "deny")
    await customer.says("hm FO-2", "nlu_fallback", ranking=ranking, order_id="FO-2")
    await customer.says("ja", "affirm")
    assert customer.text.startswith("FO-2 (Flyer)")


async def test_an_infraction_that_is_only_named_is_judged(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await infraction("V-2", "misleading_tracking")
    await seller.says("hm V-2", "nlu_fallback", infraction_id="V-2")
    assert seller.text.startswith("Ja, V-2")


async def test_the_language_follows_and_can_be_switched(customer: Talk) -> None:
    await customer.says("Bitte auf Englisch", "switch_language")
    assert customer.text == "All right, I will write English from now on."
    await customer.says("Hello", "greet", language="en")
    assert customer.text.startswith("Hello, I am Lotse")


async def test_a_number_alone_shows_the_order_and_its_steps(customer: Talk) -> None:
    await customer.says("FO-1", "inform", order_id="FO-1")
    assert customer.text.startswith("FO-1 (Logo) ist in Arbeit.")
    assert customer.titles == ["Nach dem Stand fragen", "Um Stornierung bitten"]


async def test_a_bare_abort_asks_whether_an_order_is_meant(customer: Talk, backend: Any) -> None:
    await customer.says("abbrechen", "stop")
    assert customer.text.endswith("Möchtest du einen Auftrag stornieren?")
    assert await stored(backend) == ("active", None)
