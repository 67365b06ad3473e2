"""Filing one appeal: subject, ground, a draft that can be changed, a yes, the number of the appeal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.policy import Outcome
from tests.handlers.appeals import DAY, GROUND, NOW, appeals, codes, decide, file, only, refund
from tests.handlers.conftest import Talk

pytestmark = pytest.mark.integration


@pytest.mark.rule("W-01", "W-20", "W-22")
async def test_from_the_wish_to_the_number(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", order_id="WO-7")
    await seller.says("Ich will V-1 anfechten", "submit_appeal", infraction_id="V-1")
    assert seller.text == (
        "Was stimmt bei V-1 (Irreführende Sendungsverfolgung, WO-7) nicht? Schreiben Sie kurz, was an den Daten "
        "falsch ist. Das steht dann so im Widerspruch."
    )
    await seller.says(GROUND, "inform")
    assert seller.text == (
        "Widerspruch gegen V-1 (Irreführende Sendungsverfolgung, WO-7). Begründung: „Das Paket war pünktlich beim "
        "Boten.“\n\n"
        "Letzter Tag ist Donnerstag, 11. Februar 2027, in Ihrer Zeitzone endet die Frist am Freitag, 12. Februar "
        "2027, 01:00 Uhr (UTC+1). Bis dahin muss der Widerspruch auch von der Plattform bestätigt sein.\n\n"
        "Zum Ändern schreiben Sie die Begründung einfach neu. Soll ich den Widerspruch einreichen?"
    )
    assert seller.titles == ["Ja, einreichen", "Nein"]
    assert await appeals(backend) == {"V-1": "draft"}, "nothing is filed before a yes"
    await seller.press("Ja, einreichen")
    appeal = await only(backend)
    assert (appeal.status.value, appeal.ground) == ("submitted", GROUND)
    assert seller.text == (
        f"Eingereicht: Widerspruch {appeal.id} gegen V-1 (Irreführende Sendungsverfolgung, WO-7). Die Plattform prüft "
        "ihn, bis Donnerstag, 11. Februar 2027 muss er bestätigt sein.\n\nWar das hilfreich?"
    )
    assert seller.custom["files"] == [
        {"name": f"{appeal.id}.ics", "url": f"/v1/chat/appeals/{appeal.id}/deadlines.ics"}
    ]


@pytest.mark.rule("W-22")
async def test_what_the_first_message_says_is_not_asked_again(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten, weil die Scans stimmen", "submit_appeal", infraction_id="V-1")
    assert "Begründung: „weil die Scans stimmen“." in seller.text
    await seller.says("ja", "affirm")
    assert (await only(backend)).ground == "weil die Scans stimmen"


async def test_the_only_penalty_needs_no_number(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("Ich lege Widerspruch ein", "submit_appeal")
    assert "Was stimmt bei V-1" in seller.text


async def test_the_draft_can_be_changed(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says("Das stimmt so nicht.", "inform")
    await seller.says("Der Bote hat am Montag gescannt.", "inform")
    assert "Begründung: „Der Bote hat am Montag gescannt.“" in seller.text
    await seller.says("ja", "affirm")
    assert (await only(backend)).ground == "Der Bote hat am Montag gescannt."


async def test_a_yes_with_a_new_ground_is_shown_first(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says(GROUND, "inform")
    await seller.says("ja, weil der Bote am Montag gescannt hat", "affirm")
    assert await appeals(backend) == {"V-1": "draft"}
    assert "Montag" in seller.text
    await seller.says("ja", "affirm")
    assert await appeals(backend) == {"V-1": "submitted"}


@pytest.mark.parametrize(("text", "intent"), [("nein", "deny"), ("vergiss es", "stop")])
async def test_a_no_files_nothing(seller: Talk, backend: Any, infraction: Any, text: str, intent: str) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says(GROUND, "inform")
    await seller.says(text, intent)
    assert "nicht eingereicht. Der Entwurf bleibt gespeichert" in seller.text
    await seller.says("ja", "affirm")
    assert await appeals(backend) == {"V-1": "draft"}


async def test_a_second_yes_files_no_second_appeal(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says(GROUND, "inform")
    button = seller.buttons[0]["payload"]
    await seller.payload(button)
    await seller.payload(button)
    assert seller.text == "Das ist schon erledigt. Ein zweites Mal passiert nichts."
    assert await appeals(backend) == {"V-1": "submitted"}


@pytest.mark.rule("W-20")
async def test_a_window_that_ends_before_the_yes(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", days=90)
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says(GROUND, "inform")
    button = seller.buttons[0]["payload"]
    await backend.clock.set(NOW + timedelta(hours=11))  # midnight, UTC
    await seller.payload(button)
    assert seller.text.startswith("Das geht inzwischen nicht mehr, ich habe nichts geändert.\n\nDie 90 Kalendertage")
    assert codes(seller) == ["expired"] and "Über diesen Weg" in seller.text
    assert await appeals(backend) == {"V-1": "draft"}


@pytest.mark.parametrize(
    ("type", "days", "code"),
    [
        pytest.param("misleading_tracking", 91, "expired", marks=pytest.mark.rule("W-20")),
        pytest.param("repeat_ip_infringement", 1, "repeat_ip", marks=pytest.mark.rule("W-24")),
        pytest.param("photo_quality", 1, "not_appealable", marks=pytest.mark.rule("W-02")),
    ],
)
async def test_what_cannot_be_appealed_gets_no_draft(
    seller: Talk, backend: Any, infraction: Any, type: str, days: int, code: str
) -> None:
    await infraction("V-1", type, days=days)
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    assert codes(seller) == [code] and seller.slots["case"] is None
    assert await appeals(backend) == {}


@pytest.mark.rule("W-26")
async def test_a_second_attempt_leads_to_the_open_one(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    appeal_id = await file(seller, "V-1")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    assert codes(seller) == ["appeal_open"] and appeal_id in seller.text
    assert await appeals(backend) == {"V-1": "submitted"}


@pytest.mark.rule("W-26")
async def test_both_names_of_a_cancellation_lead_to_one_appeal(
    seller: Talk, backend: Any, order: Any, infraction: Any
) -> None:
    await order("WO-1", state="cancelled", cancelled_by="seller", released_at=NOW - 10 * DAY)
    await infraction("V-1", "order_cancellation", order_id="WO-1")
    appeal_id = await file(seller, "V-1")
    await seller.says("Erfüllungsrate anfechten", "submit_appeal", order_id="WO-1", appeal_type="fulfilment_rate")
    assert appeal_id in seller.text and "als „Stornierung der Bestellung“" in seller.text
    assert len(await appeals(backend)) == 1


@pytest.mark.rule("W-21")
async def test_after_a_rejection_another_one_can_be_filed(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await decide(backend, await file(seller, "V-1"), Outcome.REJECTED, "Der Scan fehlt.")
    await file(seller, "V-1")
    found = await backend.appeals.of_seller("S-1")
    assert sorted(appeal.status.value for appeal in found) == ["rejected", "submitted"]


@pytest.mark.rule("W-13")
async def test_a_refund_names_its_try_and_no_clock(seller: Talk, backend: Any, order: Any) -> None:
    await order("WO-1", refunds=[refund(rejected_appeals=1)])
    await seller.says("Ich fechte die Rückerstattung an", "submit_appeal", order_id="WO-1", appeal_type="refund")
    await seller.says("Die Ware war in Ordnung.", "inform")
    assert "Bei Rückerstattungen gilt die 90-Tage-Frist nicht." in seller.text
    assert "Das wäre Versuch 2 von 3." in seller.text and "2027" not in seller.text
    await seller.says("ja", "affirm")
    assert "Die Plattform prüft ihn, eine Frist gibt es dafür nicht." in seller.text
    assert "files" not in seller.custom
    await decide(backend, (await only(backend)).id, Outcome.REJECTED)
    await seller.says("nochmal", "submit_appeal", order_id="WO-1", appeal_type="refund")
    await seller.says("Die Ware war in Ordnung.", "inform")
    assert "Das wäre Versuch 3 von 3." in seller.text
    await seller.says("ja", "affirm")
    last = next(a for a in await backend.appeals.of_seller("S-1") if a.status.value == "submitted")
    await decide(backend, last.id, Outcome.REJECTED)
    await seller.says("nochmal", "submit_appeal", order_id="WO-1", appeal_type="refund")
    assert codes(seller) == ["refund_cap"]
    assert "schon 3-mal abgelehnt" in seller.text and "über diesen Weg" in seller.text


async def test_an_ambiguous_wording_is_asked_with_the_candidates(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_listing")
    await infraction("V-2", "misleading_listing", days=20)
    await seller.says("wegen irreführendem Angebot Widerspruch", "submit_appeal", appeal_type="misleading_listing")
    assert seller.text == "Worum geht es genau?"
    assert seller.titles == ["V-2 (Irreführendes Angebot)", "V-1 (Irreführendes Angebot)"]
    await seller.says("irgendwas", "inform")
    assert seller.text.startswith("Ich weiß noch nicht, welchen Verstoß Sie meinen.")
    await seller.press("V-1 (Irreführendes Angebot)")
    assert "Was stimmt bei V-1" in seller.text, "the name of a type is no ground"


async def test_a_metric_and_an_infraction_are_not_guessed_between(seller: Talk, order: Any, infraction: Any) -> None:
    await order("WO-1", released_at=NOW - 10 * DAY, confirmed_fulfilled_at=NOW - 9 * DAY)
    await infraction("V-1", "late_confirmed_fulfilment", order_id="WO-1")
    await seller.says("WO-1 war nicht zu spät, Widerspruch", "submit_appeal", order_id="WO-1")
    assert seller.text == "Worum geht es genau?"
    assert sorted(seller.titles) == [
        "V-1 (Als verspätet ausgeführt bestätigte Bestellung, WO-1)",
        "WO-1 (Schnelligkeit bis zur bestätigten Abwicklung)",
    ]


async def test_another_one_was_meant(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await infraction("V-2", "prohibited_product")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says(GROUND, "inform")
    await seller.says("nein, V-2", "correct", infraction_id="V-2")
    assert "Widerspruch gegen V-2 (Verbotenes Produkt)" in seller.text, "with the type of its own"
    await seller.says("ja", "affirm")
    assert (await appeals(backend))["V-2"] == "submitted"
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says("nein, den anderen", "correct")
    assert seller.text == "Worum geht es genau?"


@pytest.mark.rule("W-03", "W-22")
async def test_questions_in_between_keep_the_draft(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says("Bis wann?", "ask_appeal_deadline")
    assert seller.text.startswith("Letzter Tag ist Donnerstag, 11. Februar 2027 (noch 80 Tage).")
    assert seller.text.endswith("Das steht dann so im Widerspruch.")
    await seller.says(GROUND, "inform")
    await seller.says("Wo klicke ich da?", "ask_appeal_steps")
    assert "Klicken Sie auf die Bestell-ID" in seller.text
    assert seller.text.endswith("Zurück zum Widerspruch: Es geht noch um das Einreichen. Soll ich das so machen?")
    await seller.says("ja", "affirm")
    assert seller.text.startswith("Eingereicht:")


async def test_a_new_ground_that_sounds_like_a_correction_is_the_new_ground(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_listing")
    await seller.says("Widerspruch gegen V-1", "submit_appeal", infraction_id="V-1")
    await seller.says("Das Angebot ist richtig beschrieben.", "inform")
    await seller.says("Die Beschreibung nennt die Maße richtig.", "correct", confidence=0.45)
    assert "Maße richtig" in seller.text and "richtig beschrieben" not in seller.text
