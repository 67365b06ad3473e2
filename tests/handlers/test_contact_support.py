"""Support: the resolution centre first, and with a desk a handover that names everything before its yes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.backend import Desk, Handover, IdempotencyKey, Scope
from actions.policy import Role
from tests.handlers.conftest import Talk
from tests.handlers.disputes import stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]

DESK = Desk("Kundenservice", timedelta(minutes=30))
WISH = "Ich will mit einem Menschen sprechen"


@pytest.fixture
def desk(backend: Any) -> Desk:
    backend.desk = DESK
    return DESK


async def open_one(talk: Talk) -> Handover | None:
    return await talk.backend.handovers.open_in(talk.conversation_id)


async def shown(talk: Talk) -> None:
    await talk.says(WISH, "contact_support")
    await talk.press("Mit einem Menschen sprechen")


@pytest.mark.rule("M-01", "M-21", "M-39")
async def test_without_a_desk_it_says_where_support_is_and_passes_nothing_on(customer: Talk, seller: Talk) -> None:
    await customer.says(WISH, "contact_support")
    assert customer.text.index("Lösungscenter") < customer.text.index("wende dich bitte an den Kundensupport")
    assert "Ich gebe von hier nichts an ihn weiter." in customer.text
    assert "Mit einem Menschen sprechen" not in customer.titles
    await seller.says(WISH, "contact_support")
    assert "wenden Sie sich bitte an den Kundensupport" in seller.text


@pytest.mark.rule("M-01", "M-39")
@pytest.mark.usefixtures("desk")
async def test_with_a_desk_the_resolution_centre_still_comes_first(customer: Talk) -> None:
    await customer.says(WISH, "contact_support")
    places = [customer.text.index(words) for words in ("Lösungscenter", "Kundensupport.", "einem Menschen (Kunden")]
    assert places == sorted(places)
    assert customer.titles[0] == "Mit einem Menschen sprechen" and len(customer.titles) > 1
    assert await open_one(customer) is None


@pytest.mark.rule("M-21")
@pytest.mark.usefixtures("desk")
async def test_the_sentence_names_everything_and_the_yes_hands_over_just_that(customer: Talk) -> None:
    await customer.says("FO-1", "inform", order_id="FO-1")
    await shown(customer)
    for line in (
        "• dein Name: Mia Sommer",
        "• deine Rolle: Kundenseite",
        "• deine Kennung auf dem Marktplatz: C-1",
        "• deine Sprache: Deutsch",
        "• worum es hier zuletzt ging: FO-1 (Logo)",
        f"• deine Bitte: „{WISH}“",
        "• was du danach hier schreibst, bis du zu mir zurückkehrst",
        "Was bisher in diesem Gespräch stand, bleibt hier, auch Texte, Gründe und Antworten aus Streitfällen.",
    ):
        assert line in customer.text
    assert customer.titles == ["Ja, verbinden", "Gesprächsverlauf mitschicken", "Nein"]
    sentence = customer.text
    await customer.says("ja", "affirm")
    assert customer.text.startswith("Übergeben. Du schreibst jetzt mit Menschen (Kundenservice).")
    assert customer.titles == ["Zurück zum Assistenten"]
    handover = await open_one(customer)
    assert handover is not None and handover.sentence == sentence and handover.scope is Scope.SUMMARY
    assert handover.material == {
        "desk": "Kundenservice",
        "person": {"role": "customer", "id": "C-1", "name": "Mia Sommer", "locale": "de"},
        "words": WISH,
        "order": {"id": "FO-1", "title": "Logo"},
        "messages": None,
    }


@pytest.mark.rule("M-21")
@pytest.mark.usefixtures("desk")
async def test_what_was_said_goes_along_only_by_its_own_button(customer: Talk, backend: Any) -> None:
    received = await backend.conversations.add_person_message(
        customer.conversation_id, "1", text="Wann kommt mein Logo endlich?", owner="test"
    )
    assert received.message.seq == 1
    await shown(customer)
    await customer.says("Schick bitte das ganze Gespräch mit", "contact_support")
    assert "bleibt hier" in customer.text, "words alone change nothing of it"
    await customer.press("Gesprächsverlauf mitschicken")
    assert "• die letzten Nachrichten dieses Gesprächs (Anzahl: 1, seit " in customer.text
    assert "auch das mit: Texte, Gründe und Antworten, deine und die der anderen Seite" in customer.text
    assert "bleibt hier" not in customer.text and await open_one(customer) is None
    await customer.press("Ohne Gesprächsverlauf")
    assert "bleibt hier" in customer.text
    await customer.press("Gesprächsverlauf mitschicken")
    await customer.press("Ja, verbinden")
    handover = await open_one(customer)
    assert handover is not None and handover.scope is Scope.CONVERSATION
    agreed = await backend.handovers.agreed(handover)
    assert [message.text for message in agreed] == ["Wann kommt mein Logo endlich?"]


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("answer", [("nein", "deny"), ("stopp", "stop")])
async def test_a_no_hands_nothing_over(customer: Talk, answer: tuple[str, str]) -> None:
    await shown(customer)
    payload = customer.buttons[0]["payload"]
    await customer.says(*answer)
    assert customer.text.startswith("Gut, die Übergabe an einen Menschen ist vom Tisch.")
    await customer.payload(payload)
    assert customer.text.startswith("Die Frage liegt schon länger zurück")
    assert await open_one(customer) is None


@pytest.mark.usefixtures("desk")
async def test_the_buttons_of_an_older_offer(customer: Talk) -> None:
    await shown(customer)
    yes, no = customer.buttons[0]["payload"], customer.buttons[2]["payload"]
    await customer.press("Gesprächsverlauf mitschicken")
    await customer.payload(no)
    assert "nicht mehr offen" in customer.text
    await customer.payload(yes)
    assert customer.text.startswith("Die Frage liegt schon länger zurück") and "dein Name" in customer.text
    assert await open_one(customer) is None


@pytest.mark.usefixtures("desk")
async def test_agreeing_in_words_leads_to_the_sentence_and_no_further(customer: Talk) -> None:
    await customer.says(WISH, "contact_support")
    await customer.says("ja, bitte", "affirm")
    assert f"„{WISH}“" in customer.text and await open_one(customer) is None
    await customer.says("Und wer sieht das dann?", "ask_dispute_visibility")
    assert customer.text.endswith("so wie oben beschrieben?") and customer.titles[0] == "Ja, verbinden"


@pytest.mark.usefixtures("desk")
async def test_another_wish_after_the_offer_is_just_that(customer: Talk, backend: Any) -> None:
    await customer.says(WISH, "contact_support")
    await customer.says("Wie weit ist das Logo?", "request_order_update")
    assert customer.titles[0] == "Ja, nachfragen"
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", "update") and await open_one(customer) is None


@pytest.mark.usefixtures("desk")
async def test_in_the_middle_of_something_else_the_question_stays(customer: Talk, backend: Any) -> None:
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    await customer.says(WISH, "contact_support")
    assert "Mit einem Menschen sprechen" in customer.titles and customer.text.endswith("Soll ich das so machen?")
    await customer.press("Mit einem Menschen sprechen")
    await customer.press("Ja, verbinden")
    handover = await open_one(customer)
    assert handover is not None and handover.material["words"] is None
    assert await stored(backend) == ("active", None)


@pytest.mark.usefixtures("desk")
async def test_a_yes_to_the_desk_is_no_yes_to_an_older_question(customer: Talk, backend: Any) -> None:
    await shown(customer)
    await customer.press("Ja, verbinden")
    await update_asked(backend)
    handover = await open_one(customer)
    assert handover is not None
    await customer.says("Ich will den Streitfall zurückziehen", "withdraw_dispute")  # by a button, in real life
    assert customer.titles[0] == "Ja, zurückziehen"
    conversations = backend.conversations
    for number in range(customer.seq):  # the numbers of the talk, so that the desk's message is the newest
        await conversations.add_person_message(customer.conversation_id, str(number), text="…", owner="test")
    key = IdempotencyKey("k", "handover_message", handover.id)
    said = await backend.handovers.reply(handover.id, "Ist das so recht?", "Jana", key=key)
    assert said.message.seq > customer.seq - 2
    customer.seq = said.message.seq
    await customer.says("ja", "affirm")
    assert customer.titles[0] == "Ja, zurückziehen", "shown once more instead of done"
    assert await stored(backend) == ("active", "update")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", None)


@pytest.mark.usefixtures("desk")
async def test_while_and_after_it_is_open(customer: Talk, backend: Any) -> None:
    await shown(customer)
    yes = customer.buttons[0]["payload"]
    await customer.payload(yes)
    back = customer.buttons[0]["payload"]
    await customer.payload('/contact_support{"handover": "ask"}')
    assert customer.text.startswith("Du schreibst schon mit Menschen")
    await customer.payload(yes)
    assert customer.text.startswith("Du schreibst schon mit Menschen")
    from actions.backend import Ending, Reply

    handover = await open_one(customer)
    assert handover is not None
    await backend.handovers.close(handover.id, Ending.PERSON, Reply("…"))
    await customer.payload(back)
    assert customer.text.startswith("Du schreibst schon mit mir, dem Programm.")
    await customer.payload(yes)
    assert "nicht mehr offen" in customer.text


async def test_buttons_of_a_desk_that_is_gone(customer: Talk, backend: Any) -> None:
    backend.desk = DESK
    await shown(customer)
    yes = customer.buttons[0]["payload"]
    backend.desk = None
    await customer.payload('/contact_support{"handover": "ask"}')
    assert "Ich gebe von hier nichts an ihn weiter." in customer.text
    await customer.payload(yes)
    assert "Übergeben" not in customer.text and await open_one(customer) is None


@pytest.mark.usefixtures("desk")
async def test_in_the_words_of_each_locale(seller: Talk, backend: Any) -> None:
    await shown(seller)
    assert "• Ihr Name: Kai Berger" in seller.text and "• Ihre Rolle: Verkäuferseite" in seller.text
    mary = await backend.conversations.open("", Role.CUSTOMER, "C-2")
    english = Talk(backend, "customer", "C-2", mary.id, "en")
    await english.says("I want to talk to a person", "contact_support", language="en")
    await english.press("Talk to a person")
    assert "• your role: customer" in english.text and "your name" not in english.text
    assert english.titles == ["Yes, connect me", "Send the conversation too", "No"]


@pytest.mark.usefixtures("desk")
async def test_not_understood_three_times_offers_a_person(customer: Talk) -> None:
    for _ in range(3):
        await customer.says("blubb", "nlu_fallback", confidence=0.1)
    assert "Mit einem Menschen sprechen" in customer.titles and await open_one(customer) is None
    await customer.press("Mit einem Menschen sprechen")
    assert "deine Bitte" not in customer.text, "what was not understood was no request to support"
