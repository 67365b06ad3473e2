"""„Fechte alle an": a preview of each, one confirmation, a result for each; what is left out is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.appeals import DAY, GROUND, NOW, appeals, codes, edited_during_the_yes, refund
from tests.handlers.conftest import Talk

pytestmark = pytest.mark.integration


@pytest.fixture
async def account(order: Any, infraction: Any) -> None:
    """Three that can be appealed, five that cannot, for different reasons."""
    await order("WO-1", released_at=NOW - 10 * DAY, due=-120)
    await order("WO-2", refunds=[refund(rejected_appeals=1)])
    await infraction("V-1", "misleading_tracking")
    await infraction("V-2", "misleading_listing", days=80)
    await infraction("V-3", "repeat_ip_infringement")
    await infraction("V-4", "prohibited_product", days=91)
    await infraction("V-5", "ip_infringement", days=None)


LEFT_OUT = (
    "Nicht dabei:\n"
    "• WO-1 (Gültige Tracking-Rate): noch nötig: eine gültige Sendungsnummer und ein Nachweis (noch 80 Tage, bis "
    "Donnerstag, 11. Februar 2027)\n"
    "• V-5 (Verletzung geistigen Eigentums): unbekannt ist der Tag, an dem der Verstoß mitgeteilt wurde\n"
    "• V-3 (Wiederholte Verletzung geistigen Eigentums): nur über den Kontomanager\n"
    "• V-4 (Verbotenes Produkt): Frist abgelaufen"
)


@pytest.mark.usefixtures("account")
@pytest.mark.rule("W-20", "W-13")
async def test_all_at_once(seller: Talk, backend: Any) -> None:
    await seller.says("Fechte alle an", "submit_appeal")
    assert seller.text == (
        "Jetzt anfechtbar: V-2 (Irreführendes Angebot), V-1 (Irreführende Sendungsverfolgung) und WO-2 "
        "(Rückerstattung). Was stimmt an den Daten nicht? Schreiben Sie es kurz, der Text gilt für alle 3."
    )
    assert await appeals(backend) == {}
    await seller.says(GROUND, "inform")
    assert seller.text == (
        f"{LEFT_OUT}\n\n"
        "3 Widersprüche. Begründung: „Das Paket war pünktlich beim Boten.“\n"
        "• V-2 (Irreführendes Angebot): letzter Tag Donnerstag, 3. Dezember 2026\n"
        "• V-1 (Irreführende Sendungsverfolgung): letzter Tag Donnerstag, 11. Februar 2027\n"
        "• WO-2 (Rückerstattung): keine Frist (Versuch 2 von 3)\n\n"
        "Bis zum letzten Tag muss ein Widerspruch auch von der Plattform bestätigt sein.\n\n"
        "Soll ich diese 3 Widersprüche einreichen?"
    )
    assert set((await appeals(backend)).values()) == {"draft"}
    await seller.press("Ja, einreichen")
    assert await appeals(backend) == {"V-1": "submitted", "V-2": "submitted", "WO-2": "submitted"}
    assert seller.text.count("Eingereicht: Widerspruch A-") == 3
    assert len(seller.custom["files"]) == 2, "a refund has no deadline to put into a calendar"


@pytest.mark.usefixtures("account")
async def test_from_the_list_with_the_button(seller: Talk, backend: Any) -> None:
    await seller.says("Was kann ich anfechten?", "list_infractions")
    await seller.press("Alle 3 anfechten")
    await seller.says(GROUND, "inform")
    await seller.says("nein", "deny")
    assert set((await appeals(backend)).values()) == {"draft"}


@pytest.mark.usefixtures("account")
async def test_one_that_changes_during_the_yes_is_named_and_not_called_filed(
    seller: Talk, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seller.says("Fechte alle an", "submit_appeal")
    await seller.says(GROUND, "inform")
    first = next(appeal for appeal in await backend.appeals.of_seller("S-1") if appeal.subject.id == "V-2")
    with monkeypatch.context() as patched:
        edited_during_the_yes(patched, first.id)
        await seller.press("Ja, einreichen")
    assert await appeals(backend) == {"V-1": "submitted", "V-2": "draft", "WO-2": "submitted"}
    assert seller.text.count("Eingereicht: Widerspruch A-") == 2
    assert seller.text.startswith(f"Nicht eingereicht: Widerspruch {first.id} gegen V-2")
    go_on = next(button["payload"] for button in seller.buttons if button["title"] == f"{first.id} weiter bearbeiten")
    await seller.press("👍 Ja")
    (helped,) = (await backend.feedback.page()).feedback
    assert helped.case.id != first.id, "what was filed is asked about"
    await seller.payload(go_on)
    assert "„Anders.“" in seller.text
    await seller.press("Ja, einreichen")
    assert (await appeals(backend))["V-2"] == "submitted"


@pytest.mark.usefixtures("account")
async def test_another_text_is_the_text_of_all(seller: Talk, backend: Any) -> None:
    await seller.says("Fechte alle an", "submit_appeal")
    await seller.says(GROUND, "inform")
    await seller.says("Die Daten sind veraltet.", "inform")
    assert "3 Widersprüche. Begründung: „Die Daten sind veraltet.“" in seller.text
    await seller.says("ja", "affirm")
    assert {appeal.ground for appeal in await backend.appeals.of_seller("S-1")} == {"Die Daten sind veraltet."}


async def test_what_ended_before_the_yes_is_left_out_and_named(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", days=90)
    await infraction("V-2", "misleading_tracking", days=20)
    await seller.says("Fechte alle an", "submit_appeal")
    await seller.says(GROUND, "inform")
    button = seller.buttons[0]["payload"]
    await backend.clock.set(NOW + DAY)  # the window of the first has ended
    await seller.payload(button)
    assert seller.text.startswith("Die Frage liegt schon länger zurück")
    assert codes(seller) == ["expired"] and "Widerspruch gegen V-2" in seller.text
    assert await appeals(backend) == {"V-1": "draft", "V-2": "draft"}
    await seller.press("Ja, einreichen")
    assert await appeals(backend) == {"V-1": "draft", "V-2": "submitted"}


async def test_all_of_one_is_one(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("Fechte alle an", "submit_appeal")
    assert seller.text.startswith("Was stimmt bei V-1 (Irreführende Sendungsverfolgung) nicht?")


async def test_nothing_to_appeal(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", days=91)
    await seller.says("Fechte alle an", "submit_appeal")
    assert seller.text == "Sofort anfechten lässt sich gerade nichts."
    assert seller.titles == ["Meine Verstöße"]
