"""Whether it helped: under the reply that settles a case, once, and never in the way of anything."""

from __future__ import annotations

from typing import Any

import pytest

from actions.backend import Feedback, Rating
from tests.handlers.conftest import Talk
from tests.handlers.disputes import SELLER, cancellation_asked, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]

UP, DOWN = "👍 Ja", "👎 Nein"


async def given(backend: Any) -> list[Feedback]:
    return list((await backend.feedback.page()).feedback)


async def withdrawn(talk: Talk, backend: Any) -> None:
    """The customer's question is taken back: the case is settled."""
    await update_asked(backend)
    await talk.says("Ich ziehe meine Anfrage zurück", "withdraw_dispute")
    await talk.says("ja", "affirm")
    assert talk.text.endswith("War das hilfreich?") and talk.titles[-2:] == [UP, DOWN]


async def test_asked_when_a_case_is_settled_and_not_when_one_begins(customer: Talk, backend: Any) -> None:
    await customer.says("Wie weit ist das Logo?", "request_order_update")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", "update") and "hilfreich" not in customer.text
    await customer.says("Ich ziehe meine Anfrage zurück", "withdraw_dispute")
    await customer.says("ja", "affirm")
    assert customer.custom["feedback"]["first_button"] == len(customer.titles) - 2


@pytest.mark.parametrize(
    ("text", "intent", "outcome"),
    [("Ich nehme an", "accept_request", "accepted"), ("Ich lehne ab", "decline_request", "declined")],
)
async def test_both_answers_settle(customer: Talk, backend: Any, text: str, intent: str, outcome: str) -> None:
    await cancellation_asked(backend, SELLER)
    await customer.says(text, intent)
    await customer.says("ja", "affirm")
    await customer.press(UP)
    (found,) = await given(backend)
    assert (found.case.outcome, found.case.kind, found.case.order_id) == (outcome, "dispute", "FO-1")


async def test_an_answer_and_a_forced_cancellation_settle(
    seller: Talk, customer: Talk, backend: Any, order: Any
) -> None:
    await update_asked(backend)
    await seller.says("Das Logo kommt morgen früh.", "provide_update")
    await seller.says("ja", "affirm")
    await seller.press(UP)
    await order("FO-2", "Flyer", due=-48)
    await customer.says("Ich storniere ohne Zustimmung", "force_cancellation", order_id="FO-2")
    await customer.says("ja", "affirm")
    await customer.press(DOWN)
    assert [(found.case.outcome, found.case.kind, found.case.id) for found in await given(backend)] == [
        ("answered", "dispute", (await given(backend))[0].case.id),
        ("forced", "order", "FO-2"),
    ]


async def test_filing_an_appeal_settles(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("Ich fechte V-1 an", "submit_appeal", infraction_id="V-1")
    await seller.says("Das Paket war schon unterwegs.", "inform")
    await seller.says("ja", "affirm")
    assert seller.text.endswith("War das hilfreich?")
    await seller.press(UP)
    (found,) = await given(backend)
    assert (found.case.kind, found.case.outcome) == ("appeal", "filed")


async def test_never_twice_for_the_same_case(customer: Talk, backend: Any) -> None:
    await update_asked(backend)
    await customer.says("Ich ziehe meine Anfrage zurück", "withdraw_dispute")
    payload = customer.buttons[0]["payload"]
    await customer.payload(payload)
    assert "hilfreich" in customer.text
    await customer.payload(payload)
    assert "hilfreich" not in customer.text, "already done"


async def test_a_thumb_then_words_then_on_with_something_else(customer: Talk, backend: Any) -> None:
    await withdrawn(customer, backend)
    await customer.press(DOWN)
    assert customer.text.startswith("Danke für die Rückmeldung. Wenn du magst, schreib mir, was gefehlt hat.")
    await customer.says("Es hat einfach viel zu lange gedauert bei euch", "inform")
    assert customer.text == "Danke, das habe ich festgehalten."
    await customer.says("Und der Ton war auch nicht gut", "inform")
    (found,) = await given(backend)
    assert (found.rating, found.comment) == (Rating.DOWN, "Es hat einfach viel zu lange gedauert bei euch")


async def test_words_are_only_taken_where_they_were_asked_for(customer: Talk, backend: Any) -> None:
    await withdrawn(customer, backend)
    await customer.says("Das war alles sehr umständlich hier", "inform")
    assert await given(backend) == [] and "festgehalten" not in customer.text


@pytest.mark.parametrize(
    ("text", "intent", "reply"),
    [
        ("Ich möchte jetzt bitte noch mein Logo stornieren lassen", "request_cancellation", "Soll ich"),
        ("Was ist gerade offen?", "list_disputes", "offen"),
        ("Logo stornieren", "request_cancellation", "Soll ich"),
        ("Wie es mit dem Logo weitergeht, wüsste ich gern", "request_order_update", "Soll ich"),
        ("danke", "thank", "Gern."),
        ("nein", "deny", "In Ordnung, dann ohne Kommentar."),
    ],
)
async def test_a_wish_is_never_swallowed_as_a_comment(
    customer: Talk, backend: Any, text: str, intent: str, reply: str
) -> None:
    await withdrawn(customer, backend)
    await customer.press(UP)
    await customer.says(text, intent)
    assert reply in customer.text
    (found,) = await given(backend)
    assert found.comment is None
    await customer.says("Ach ja, das ging wirklich flott und einfach", "inform")
    assert (await given(backend))[0].comment is None, "the question was over"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Ging schnell und ohne langes Suchen", "force_cancellation"),
        ("Der Verkäufer hat viel zu spät storniert", "request_cancellation"),
        ("Die Frist war mir völlig unklar", "ask_response_deadline"),
    ],
)
async def test_what_only_sounds_like_a_wish_is_a_comment(customer: Talk, backend: Any, text: str, intent: str) -> None:
    await withdrawn(customer, backend)
    await customer.press(DOWN)
    await customer.says(text, intent, confidence=0.98)
    assert customer.text == "Danke, das habe ich festgehalten."
    assert (await given(backend))[0].comment == text


async def test_a_bare_yes_is_asked_on(customer: Talk, backend: Any) -> None:
    await withdrawn(customer, backend)
    await customer.press(UP)
    await customer.says("ja", "affirm")
    assert customer.text == "Gut, schreib es einfach."
    await customer.says("Ging schnell", "inform")
    assert (await given(backend))[0].comment == "Ging schnell"


async def test_a_thumb_in_between_leaves_the_open_question_open(customer: Talk, backend: Any) -> None:
    await withdrawn(customer, backend)
    thumb = next(button["payload"] for button in customer.buttons if button["title"] == UP)
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    await customer.payload(thumb)
    assert customer.text.startswith("Danke für die Rückmeldung.\n\n") and customer.text.endswith("machen?")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", "cancellation")
    assert (await given(backend))[0].rating is Rating.UP


async def test_a_thumb_can_be_turned_and_a_strangers_is_none(customer: Talk, seller: Talk, backend: Any) -> None:
    await withdrawn(customer, backend)
    up, down = (button["payload"] for button in customer.buttons[-2:])
    await customer.payload(up)
    await customer.payload(down)
    assert "was gefehlt hat" in customer.text, "the newest thumb is the one that is asked about"
    assert (await given(backend))[0].rating is Rating.DOWN
    await seller.payload(up)
    assert "nicht mehr offen" in seller.text
    assert len(await given(backend)) == 1


async def test_english(customer: Talk, backend: Any) -> None:
    customer.locale = "en"
    await update_asked(backend)
    await customer.says("I withdraw my request", "withdraw_dispute", language="en")
    await customer.says("yes", "affirm", language="en")
    assert customer.text.endswith("Was this helpful?") and customer.titles[-2:] == ["👍 Yes", "👎 No"]
    await customer.press("👎 No")
    assert "tell me what was missing" in customer.text
