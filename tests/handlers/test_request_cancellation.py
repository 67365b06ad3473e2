"""Asking the other side to cancel (M-14 to M-18, M-23, M-33 to M-35)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import Talk
from tests.handlers.disputes import SELLER, cancellation_asked, codes, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-14", "M-15", "M-18")
async def test_a_request_is_no_cancellation(customer: Talk, backend: Any) -> None:
    await customer.says("Ich will das Logo stornieren, weil ich umziehe", "request_cancellation")
    assert "„weil ich umziehe“" in customer.text and "noch nicht storniert" in customer.text
    await customer.says("ja", "affirm")
    assert "Der Auftrag ist noch nicht storniert." in customer.text
    assert await stored(backend) == ("active", "cancellation")


@pytest.mark.parametrize(
    ("text", "sure", "begins"),
    [("Ich will das Logo abbestellen", 0.51, True), ("Ich will was abbestellen", 0.51, False), ("Logo hm", 0.4, False)],
    ids=["an own order is named", "none is named", "hardly a guess"],
)
async def test_a_wish_about_an_own_order_is_ours(customer: Talk, text: str, sure: float, begins: bool) -> None:
    ranking = [("nlu_fallback", 0.35), ("request_cancellation", sure), ("out_of_scope", 0.39)]
    await customer.says(text, "nlu_fallback", confidence=0.35, ranking=ranking)
    assert (customer.custom.get("kind") == "proposal") is begins


async def test_the_comment_is_optional_for_the_customer(customer: Talk, backend: Any) -> None:
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    await customer.press("Ja, Anfrage abschicken")
    order = await backend.orders.get("FO-1")
    assert order.open_dispute.text == ""


@pytest.mark.rule("M-33", "M-34", "M-35")
async def test_the_seller_gives_reason_and_explanation(seller: Talk, backend: Any) -> None:
    await seller.says("Ich muss das Logo stornieren", "request_cancellation")
    assert "Welcher Grund trifft zu?" in seller.text
    await seller.press("Zu viele Aufträge")
    assert seller.text.startswith("Erklären Sie bitte noch kurz den Anlass")
    await seller.says("Wir sind ausgebucht.", "inform")
    assert "Grund: Zu viele Aufträge. Erklärung: „Wir sind ausgebucht.“" in seller.text
    assert await stored(backend) == ("active", None)
    await seller.says("ja", "affirm")
    order = await backend.orders.get("FO-1")
    assert (order.open_dispute.reason, order.open_dispute.text) == ("overbooked", "Wir sind ausgebucht.")


@pytest.mark.rule("M-23")
async def test_an_own_dispute_is_withdrawn_in_the_same_step(customer: Talk, backend: Any) -> None:
    await update_asked(backend)
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    assert "Sie muss zuerst zurückgezogen werden, das geschieht im selben Schritt." in customer.text
    assert await stored(backend) == ("active", "update")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", "cancellation")


@pytest.mark.rule("M-23", "M-16")
async def test_the_sellers_own_request_is_accepted_instead(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend, SELLER)
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    assert customer.text.endswith("Soll ich die Stornierung annehmen?")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("cancelled", None)


@pytest.mark.rule("M-26")
async def test_without_consent_is_offered_first_where_it_is_open(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-2", "Flyer", due=-25)
    await customer.says("Ich will den Flyer stornieren", "request_cancellation")
    assert "ohne Zustimmung stornieren" in customer.text
    await customer.press("Lieber um Zustimmung bitten")
    await customer.says("ja", "affirm")
    assert await stored(backend, "FO-2") == ("active", "cancellation")


@pytest.mark.rule("M-23")
async def test_a_second_request_is_refused(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    await customer.says("FO-1 stornieren", "request_cancellation", order_id="FO-1")
    assert codes(customer) == ["withdraw_first"]


@pytest.mark.rule("M-03")
async def test_an_order_that_ended_before_the_yes(customer: Talk, backend: Any, order: Any) -> None:
    await customer.says("Ich will das Logo stornieren", "request_cancellation")
    await order("FO-1", "Logo", state="completed", updated=1)
    await customer.says("ja", "affirm")
    assert customer.text.startswith("Inzwischen hat sich etwas geändert") and codes(customer) == ["rc_closed"]
    assert await stored(backend) == ("completed", None)
