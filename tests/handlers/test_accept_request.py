"""Agreeing to the other side's cancellation or extension (M-15, M-16, M-37)."""

from __future__ import annotations

from typing import Any

import pytest

from actions.policy import RequestCancellation
from tests.handlers.conftest import NOW, Talk
from tests.handlers.disputes import (
    CUSTOMER,
    HOUR,
    SELLER,
    cancellation_asked,
    codes,
    does,
    extension_asked,
    stored,
    update_asked,
)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-15", "M-16")
async def test_the_seller_accepts_a_cancellation(seller: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    await seller.says("Einverstanden mit der Stornierung", "accept_request")
    assert "„Ich ziehe um.“" in seller.text and "nicht rückgängig machen" in seller.text
    assert await stored(backend) == ("active", "cancellation")
    await seller.says("ja", "affirm")
    assert await stored(backend) == ("cancelled", None)


@pytest.mark.rule("M-35")
async def test_the_customer_accepts_a_cancellation(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend, SELLER)
    await customer.says("Einverstanden", "accept_request")
    assert "Zu viele Aufträge" in customer.text
    await customer.press("Ja, annehmen")
    assert await stored(backend) == ("cancelled", None)


@pytest.mark.rule("M-37", "M-28")
async def test_the_customer_accepts_an_extension(customer: Talk, backend: Any) -> None:
    await extension_asked(backend)
    await customer.says("Einverstanden mit der Verlängerung", "accept_request")
    assert "24 Stunden" in customer.text
    await customer.says("ja", "affirm")
    order = await backend.orders.get("FO-1")
    assert (order.agreed_delivery_at - NOW).days == 9 and order.open_dispute is None


@pytest.mark.rule("M-10")
async def test_a_question_is_answered_in_words(seller: Talk, backend: Any) -> None:
    await update_asked(backend)
    await seller.says("Einverstanden", "accept_request")
    assert seller.slots["case"]["flow"] == "provide_update" and seller.slots["case"]["asked"] == "text"


@pytest.mark.rule("M-24")
async def test_ones_own_is_not_ones_to_accept(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    await customer.says("FO-1 annehmen", "accept_request", order_id="FO-1")
    assert codes(customer) == ["own_dispute"]
    assert await stored(backend) == ("active", "cancellation")


@pytest.mark.rule("M-13")
async def test_too_late(seller: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    await seller.says("Einverstanden", "accept_request")
    button = seller.buttons[0]["payload"]
    await backend.clock.set(NOW + 48 * HOUR + HOUR)
    await seller.payload(button)
    assert await stored(backend) == ("active", None)


async def test_nothing_is_open(seller: Talk) -> None:
    await seller.says("Einverstanden mit der Stornierung", "accept_request")
    assert seller.text.startswith("Gerade wartet keine Anfrage auf Ihre Zustimmung.")


async def test_which_one_is_asked_with_buttons(seller: Talk, backend: Any, order: Any) -> None:
    await order("FO-2", "Flyer")
    await cancellation_asked(backend)
    await does(backend, CUSTOMER, RequestCancellation(), "FO-2")
    await seller.says("Einverstanden", "accept_request")
    assert sorted(seller.titles) == ["Stornierung von FO-1 (Logo)", "Stornierung von FO-2 (Flyer)"]
    await seller.press("Stornierung von FO-2 (Flyer)")
    await seller.says("ja", "affirm")
    assert await stored(backend, "FO-2") == ("cancelled", None)
    assert await stored(backend) == ("active", "cancellation")
