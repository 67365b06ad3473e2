"""Evidence of an appeal: links on and off the list of carriers, pictures, tracking numbers (W-11, W-12, Q22)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.appeals import DAY, GROUND, NOW, appeals, only, upload
from tests.handlers.conftest import Talk

pytestmark = pytest.mark.integration

LISTED, UNLISTED = "https://www.dhl.de/sendung?nr=1", "https://paketverfolger.com/1"
NUMBER = "JD014600006281230704"
ASKS_NUMBER = "Für WO-1 (Gültige Tracking-Rate) brauche ich noch die Sendungsnummer. Schreiben Sie sie einfach hier."
ASKS_PROOF = (
    "Für WO-1 (Gültige Tracking-Rate) fehlt noch ein Nachweis. Schicken Sie den Link zur Sendungsverfolgung beim "
    "Versandunternehmen oder laden Sie einen Screenshot davon hoch."
)


@pytest.fixture
async def draft(seller: Talk, order: Any) -> Talk:
    """An appeal on the tracking rate with its ground, for which number and proof are missing."""
    await order("WO-1", released_at=NOW - 10 * DAY, due=-120)
    await seller.says("WO-1 anfechten", "submit_appeal", order_id="WO-1")
    await seller.says(GROUND, "inform")
    assert seller.text == ASKS_NUMBER
    return seller


async def link(seller: Talk, url: str) -> str:
    return await seller.says(url, "inform", url=url)


@pytest.mark.rule("W-11")
async def test_number_and_carriers_link(draft: Talk, backend: Any) -> None:
    await draft.says(NUMBER, "inform", tracking_number=NUMBER)
    assert draft.text == ASKS_PROOF
    assert draft.custom["upload"] == {"appeal_id": (await only(backend)).id}
    await link(draft, LISTED)
    assert draft.text.startswith("Den Link habe ich übernommen.\n\nWiderspruch gegen WO-1 (Gültige Tracking-Rate).")
    assert f"Sendungsnummer: {NUMBER}" in draft.text and f"Nachweis: {LISTED}\n" in draft.text
    await draft.says("ja", "affirm")
    appeal = await only(backend)
    assert (appeal.status.value, appeal.tracking_number) == ("submitted", NUMBER)
    assert [(item.url, item.carrier_listed) for item in appeal.evidence] == [(LISTED, True)]
    trail = await backend.appeals.events(appeal.id)
    assert {event.data["origin"] for event in trail} == {"chat"}, "nothing of this came from the order page"


@pytest.mark.rule("W-12")
async def test_a_link_off_the_list_needs_a_picture_as_well(draft: Talk, backend: Any) -> None:
    await draft.says(NUMBER, "inform", tracking_number=NUMBER)
    await link(draft, UNLISTED)
    assert draft.text == (
        "Den Link habe ich übernommen.\n\nDie verlinkte Seite steht nicht auf der Liste der Versandunternehmen. Für "
        "WO-1 (Gültige Tracking-Rate) brauche ich deshalb noch einen Screenshot der Sendungsverfolgung."
    )
    await draft.says("Kann ich das so anfechten?", "check_appeal_eligibility")
    assert "Es fehlt noch ein Screenshot der Sendungsverfolgung." in draft.text
    await draft.says("WO-1 anfechten", "submit_appeal", order_id="WO-1")
    await upload(backend, draft)
    assert draft.text.startswith("Das Bild habe ich übernommen.")
    assert f"Nachweis: {UNLISTED} und ein Bild" in draft.text
    await draft.says("ja", "affirm")
    assert await appeals(backend) == {"WO-1": "submitted"}


@pytest.mark.rule("W-12")
async def test_a_picture_is_enough(draft: Talk, backend: Any) -> None:
    await upload(backend, draft)
    assert draft.text == f"Das Bild habe ich übernommen.\n\n{ASKS_NUMBER}", "it comes before it is asked for"
    await draft.says(NUMBER, "inform", tracking_number=NUMBER)
    assert "Nachweis: ein Bild" in draft.text
    await draft.press("Ja, einreichen")
    assert await appeals(backend) == {"WO-1": "submitted"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://www.dhl.de/1", "Der Link muss mit https:// beginnen."),
        ("https://10.0.0.1/1", "Diese Adresse ist von außen nicht erreichbar."),
        ("https://name@www.dhl.de/1", "Der Link ist nicht vollständig."),
    ],
)
async def test_what_is_no_evidence_is_not_taken(draft: Talk, backend: Any, url: str, words: str) -> None:
    await draft.says(NUMBER, "inform", tracking_number=NUMBER)
    await link(draft, url)
    assert draft.text.startswith(words) and draft.text.endswith(ASKS_PROOF)
    assert (await only(backend)).evidence == ()


async def test_a_link_may_come_before_the_number_and_before_the_ground(seller: Talk, backend: Any, order: Any) -> None:
    await order("WO-1", released_at=NOW - 10 * DAY, due=-120)
    await seller.says("WO-1 anfechten", "submit_appeal", order_id="WO-1")
    await link(seller, LISTED)
    assert seller.text.startswith("Den Link habe ich übernommen.\n\nWas stimmt bei WO-1")
    assert (await only(backend)).ground == "", "a link is no ground"
    await upload(backend, seller)
    assert seller.text.startswith("Das Bild habe ich übernommen.\n\nWas stimmt bei WO-1")
    await seller.says(GROUND, "inform")
    assert seller.text == ASKS_NUMBER
    await link(seller, "https://www.ups.com/2")
    assert seller.text == f"Den Link habe ich übernommen.\n\n{ASKS_NUMBER}"
    assert len((await only(backend)).evidence) == 3


@pytest.mark.rule("W-11")
async def test_a_doubtful_number_is_a_question_and_no_refusal(draft: Talk, backend: Any) -> None:
    await draft.says("XY12345678", "inform")
    await link(draft, LISTED)
    assert "Stimmt die Sendungsnummer XY12345678? Sie sieht ungewöhnlich aus." in draft.text
    await draft.says(NUMBER, "inform", tracking_number=NUMBER)
    assert "ungewöhnlich" not in draft.text and f"Sendungsnummer: {NUMBER}" in draft.text
    await draft.says("ja", "affirm")
    assert (await only(backend)).tracking_number == NUMBER


async def test_a_doubtful_number_can_be_confirmed(draft: Talk, backend: Any) -> None:
    await draft.says("XY12345678", "inform")
    await link(draft, LISTED)
    await draft.says("ja", "affirm")
    appeal = await only(backend)
    assert (appeal.status.value, appeal.tracking_number) == ("submitted", "XY12345678")


async def test_what_is_neither_is_asked_for_again(draft: Talk) -> None:
    await draft.says("keine Ahnung", "inform")
    assert draft.text == f"Das habe ich nicht als Sendungsnummer erkannt.\n\n{ASKS_NUMBER}"
    await draft.says(NUMBER, "inform", tracking_number=NUMBER)
    await draft.says("habe ich nicht", "inform")
    assert draft.text == f"Das war weder ein Link noch ein Bild.\n\n{ASKS_PROOF}"
    await draft.says("nein", "deny")
    assert draft.slots["case"] is None


@pytest.mark.rule("W-12")
async def test_the_orders_own_number_is_not_asked_for_again(
    seller: Talk, backend: Any, order: Any, infraction: Any
) -> None:
    await order(
        "WO-1", released_at=NOW - 10 * DAY, due=-120, tracking={"carrier": "DHL", "number": NUMBER, "url": None}
    )
    await seller.says("WO-1 anfechten, weil die Scans da sind", "submit_appeal", order_id="WO-1")
    assert seller.text == ASKS_PROOF


@pytest.mark.rule("W-22", "W-23")
@pytest.mark.parametrize("type", ["misleading_tracking", "late_confirmed_fulfilment", "prohibited_product"])
async def test_a_type_without_evidence_does_not_demand_it(
    seller: Talk, backend: Any, infraction: Any, type: str
) -> None:
    await infraction("V-1", type)
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says(GROUND, "inform")
    assert seller.titles == ["Ja, einreichen", "Nein"] and "Nachweis" not in seller.text
    await link(seller, UNLISTED)
    assert f"Nachweis: {UNLISTED}" in seller.text, "but takes it"
