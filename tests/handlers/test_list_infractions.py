"""The scan: everything in the account, ranked, with what is missing or why not, and the next step (W-01 to W-05)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.appeals import DAY, NOW, appeals, file, refund
from tests.handlers.conftest import Talk

pytestmark = pytest.mark.integration


async def test_every_standing_has_its_heading_and_the_most_urgent_comes_first(
    seller: Talk, order: Any, infraction: Any
) -> None:
    await order("WO-1", released_at=NOW - 10 * DAY, due=-120)
    await order("WO-2", refunds=[refund(rejected_appeals=2)], confirmed_fulfilled_at=NOW)
    await infraction("V-1", "misleading_tracking", days=10)
    await infraction("V-2", "misleading_listing", days=88)
    await infraction("V-3", "repeat_ip_infringement")
    await infraction("V-4", "prohibited_product", days=91)
    await infraction("V-5", "ip_infringement", days=None)
    await infraction("V-6", "photo_quality")
    await file(seller, "V-1")
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert seller.text == (
        "In Ihrem Konto stehen 8 Verstöße und Strafen, 2 davon können Sie sofort anfechten.\n\n"
        "Jetzt anfechtbar:\n"
        "• V-2 (Irreführendes Angebot): noch 2 Tage, bis Mittwoch, 25. November 2026\n"
        "• WO-2 (Rückerstattung): keine Frist\n\n"
        "Hier fehlt noch etwas:\n"
        "• WO-1 (Gültige Tracking-Rate): noch nötig: eine gültige Sendungsnummer und ein Nachweis "
        "(noch 80 Tage, bis Donnerstag, 11. Februar 2027)\n\n"
        "Widerspruch läuft schon:\n"
        "• V-1 (Irreführende Sendungsverfolgung)\n\n"
        "Noch unklar, der Marktplatz muss etwas nachtragen:\n"
        "• V-5 (Verletzung geistigen Eigentums): unbekannt ist der Tag, an dem der Verstoß mitgeteilt wurde\n\n"
        "Nur über den Kontomanager:\n"
        "• V-3 (Wiederholte Verletzung geistigen Eigentums)\n\n"
        "Über diesen Weg nicht anfechtbar:\n"
        "• V-4 (Verbotenes Produkt): Frist abgelaufen\n"
        "• V-6 (photo quality): derzeit nicht anfechtbar"
    )
    assert seller.titles == [
        "Alle 2 anfechten",
        "V-2 anfechten",
        "WO-2 anfechten",
        "WO-1 anfechten",
        "Was ist mit V-1?",
        "Was ist mit V-5?",
    ]


@pytest.mark.rule("W-03")
@pytest.mark.parametrize(("days", "words"), [(90, "nur noch heute"), (89, "noch 1 Tag"), (88, "noch 2 Tage")])
async def test_the_days_that_are_left(seller: Talk, infraction: Any, days: int, words: str) -> None:
    await infraction("V-1", "unfulfilled_order", days=days)
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert f"V-1 (Nicht ausgeführte Bestellung): {words}, bis " in seller.text


async def test_one_penalty_is_not_counted(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "unfulfilled_order")
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert seller.text.startswith("Jetzt anfechtbar:\n• V-1")
    assert seller.titles == ["V-1 anfechten"]


async def test_nothing_that_can_be_appealed_at_once(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "unfulfilled_order", days=100)
    await infraction("V-2", "unfulfilled_order", days=101)
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert seller.text.startswith(
        "In Ihrem Konto stehen 2 Verstöße und Strafen. Sofort anfechten lässt sich davon gerade nichts."
    )
    assert sorted(seller.titles) == ["Was ist mit V-1?", "Was ist mit V-2?"]


async def test_an_empty_account(seller: Talk) -> None:
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert seller.text == "In Ihrem Konto gibt es keine Verstöße und keine Strafen."


@pytest.mark.rule("W-05")
async def test_other_merchants_penalties_are_not_listed(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "unfulfilled_order", seller="S-2")
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert "V-1" not in seller.text


async def test_more_than_fit_are_counted(seller: Talk, infraction: Any) -> None:
    for number in range(1, 9):
        await infraction(f"V-{number}", "unfulfilled_order", days=number)
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert seller.text.endswith("… und 3 weitere") and "V-8" in seller.text and "V-1 " not in seller.text
    assert len(seller.buttons) == 6


async def test_an_order_with_several_penalties_has_buttons_that_can_be_told_apart(seller: Talk, order: Any) -> None:
    await order("WO-1", released_at=NOW - 10 * DAY, due=-120, refunds=[refund()])
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert seller.titles == ["WO-1 anfechten: Rückerstattung", "WO-1 anfechten: Gültige Tracking-Rate"]
    await seller.press("WO-1 anfechten: Rückerstattung")
    assert seller.text.startswith("Was stimmt bei WO-1 (Rückerstattung) nicht?")


@pytest.mark.rule("W-12")
async def test_what_only_the_marketplace_can_enter_has_no_button_to_appeal(
    seller: Talk, order: Any, infraction: Any
) -> None:
    await order("WO-1", released_at=NOW - 10 * DAY)
    await infraction("V-1", "confirmed_fulfilment_speed", order_id="WO-1")
    await seller.says("Was kann ich anfechten?", "list_infractions")
    assert "V-1 (Schnelligkeit bis zur bestätigten Abwicklung, WO-1): bestätigtes Erfüllungsdatum fehlt" in seller.text
    assert seller.titles == ["Was ist mit V-1?"]


@pytest.mark.rule("W-05")
@pytest.mark.parametrize(
    "intent",
    [
        "list_infractions",
        "check_appeal_eligibility",
        "submit_appeal",
        "withdraw_appeal",
        "appeal_status",
        "ask_appeal_steps",
        "ask_appeal_deadline",
    ],
)
async def test_a_customer_is_told_kindly_that_this_is_for_sellers(
    customer: Talk, backend: Any, infraction: Any, intent: str
) -> None:
    await infraction("V-1", "unfulfilled_order")
    await customer.says("Ich will V-1 anfechten", intent, infraction_id="V-1")
    assert customer.text.startswith("Widerspruch gegen Verstöße und Strafen gibt es nur für Verkäufer")
    assert customer.titles == ["Nach dem Stand fragen", "Um Stornierung bitten"]
    assert await appeals(backend) == {}


async def test_in_english(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "unfulfilled_order", days=88)
    await seller.says("What can I appeal?", "list_infractions", language="en")
    assert seller.text == (
        "Can be appealed now:\n• V-1 (unfulfilled order): 2 days left, until Wednesday, 25 November 2026"
    )
