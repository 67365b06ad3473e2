"""The seller asks for a later delivery date (M-36 to M-38)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import Talk
from tests.handlers.disputes import codes, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-36", "M-37", "M-38")
async def test_date_then_question_then_effect(seller: Talk, backend: Any) -> None:
    await seller.says("Ich brauche länger für das Logo", "request_extension")
    assert "Bis wann brauchen Sie Zeit?" in seller.text
    await seller.says("drei Tage länger", "inform", date="+3d")
    assert "um Verlängerung bis Sonntag, 29. November, 14:00 Uhr" in seller.text
    assert "Der neue gilt erst, wenn Mia Sommer zustimmt." in seller.text
    await seller.says("ja", "affirm")
    assert "Eine Antwortfrist gibt es dafür nicht." in seller.text
    order = await backend.orders.get("FO-1")
    assert order.agreed_delivery_at is None and order.open_dispute.kind.value == "extension"


async def test_all_in_one_message(seller: Talk, backend: Any) -> None:
    await seller.says("Logo drei Tage länger, weil ich krank war", "request_extension", date="+3d")
    assert "mit Ihrer Nachricht: „weil ich krank war“." in seller.text
    await seller.press("Ja, abschicken")
    assert await stored(backend) == ("active", "extension")


@pytest.mark.rule("M-37")
@pytest.mark.parametrize("date", ["2026-11-25", "2026-11-20"])
async def test_an_earlier_date_is_asked_for_again(seller: Talk, backend: Any, date: str) -> None:
    await seller.says("Logo bis dann", "request_extension", date=date)
    assert "date_not_later" in codes(seller) or "date_past" in codes(seller)
    await seller.says("nächsten Montag", "inform", date="2026-11-30")
    await seller.says("ja", "affirm")
    assert await stored(backend) == ("active", "extension")


async def test_another_date_before_the_yes(seller: Talk, backend: Any) -> None:
    await seller.says("Logo drei Tage länger", "request_extension", date="+3d")
    await seller.says("nein, fünf", "correct", date="+5d")
    await seller.says("ja", "affirm")
    order = await backend.orders.get("FO-1")
    assert order.open_dispute.new_delivery_at.day == 1


async def test_what_is_no_date(seller: Talk) -> None:
    await seller.says("Ich brauche länger für das Logo", "request_extension")
    await seller.says("irgendwann", "inform")
    assert seller.text.startswith("Das Datum habe ich nicht verstanden.")
    await seller.says("nein", "deny")
    assert seller.slots["case"] is None


@pytest.mark.rule("M-36")
async def test_a_customer_may_not(customer: Talk, backend: Any) -> None:
    await customer.says("Logo drei Tage länger", "request_extension", date="+3d", order_id="FO-1")
    assert codes(customer) == ["seller_only"]


@pytest.mark.rule("M-22")
async def test_the_customers_question_comes_first(seller: Talk, backend: Any) -> None:
    await update_asked(backend)
    await seller.says("Logo drei Tage länger", "request_extension", date="+3d", order_id="FO-1")
    assert codes(seller) == ["slot_taken"] and "Antworten" in seller.titles
