"""How an order stands, and asking the seller for news (M-09 to M-13)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import NOW, Talk
from tests.handlers.disputes import HOUR, codes, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-09", "M-10", "M-12")
async def test_state_then_question_then_effect(customer: Talk, backend: Any) -> None:
    await customer.says("Wie weit ist mein Logo?", "request_order_update")
    assert customer.text.startswith(
        "FO-1 (Logo) ist in Arbeit. Die Lieferung ist bis Donnerstag, 26. November, 14:00 Uhr"
    )
    assert "48 Stunden" in customer.text and customer.text.endswith("Soll ich nachfragen?")
    assert await stored(backend) == ("active", None), "nothing is sent before a yes"
    await customer.says("ja", "affirm")
    assert "bis Mittwoch, 25. November, 14:00 Uhr" in customer.text
    assert await stored(backend) == ("active", "update")


async def test_own_words_are_sent(customer: Talk, backend: Any) -> None:
    await customer.says("Wie weit ist mein Logo?", "request_order_update")
    await customer.says("Geht es auch in Blau?", "inform")
    assert "„Geht es auch in Blau?“" in customer.text
    await customer.says("ja", "affirm")
    order = await backend.orders.get("FO-1")
    assert order.open_dispute.text == "Geht es auch in Blau?"


async def test_a_no_sends_nothing(customer: Talk, backend: Any) -> None:
    await customer.says("Wie weit ist mein Logo?", "request_order_update")
    await customer.says("nein", "deny")
    assert await stored(backend) == ("active", None)


async def test_an_own_order_may_be_named_by_its_digits_where_only_one_has_them(customer: Talk, order: Any) -> None:
    await order("FO-48213", "Flyer")
    await customer.says("Wie weit ist Auftrag 48213?", "request_order_update", order_id="48213")
    assert customer.text.startswith("FO-48213 (Flyer) ist in Arbeit.")
    await order("WO-48213", "Karte")
    await customer.says("Wie weit ist Auftrag 48213?", "request_order_update", order_id="48213")
    assert codes(customer) == ["no_access"]


@pytest.mark.rule("M-22")
async def test_one_question_at_a_time(customer: Talk, backend: Any) -> None:
    await update_asked(backend)
    await customer.says("Wie weit ist mein Logo?", "request_order_update", order_id="FO-1")
    assert codes(customer) == ["slot_taken"] and "Zurückziehen" in customer.titles


@pytest.mark.rule("M-02")
@pytest.mark.parametrize("state", ["completed", "cancelled"])
async def test_a_closed_order(customer: Talk, backend: Any, order: Any, state: str) -> None:
    await order("FO-2", "Flyer", state=state)
    await customer.says("Wie weit ist FO-2?", "request_order_update", order_id="FO-2")
    assert codes(customer) == ["rc_closed"]
    assert await stored(backend, "FO-2") == (state, None)


@pytest.mark.rule("M-04")
async def test_somebody_elses_order_is_not_there(customer: Talk, order: Any) -> None:
    await order("FO-2", "Flyer", customer="C-2")
    await customer.says("Wie weit ist FO-2?", "request_order_update", order_id="FO-2")
    text = customer.text
    await customer.says("Wie weit ist FO-3?", "request_order_update", order_id="FO-3")
    assert customer.text == text.replace("FO-2", "FO-3")


@pytest.mark.rule("M-07")
async def test_a_seller_hears_how_it_stands(seller: Talk, backend: Any) -> None:
    await seller.says("Wie steht das Logo?", "request_order_update")
    assert seller.text.startswith("FO-1 (Logo) ist in Arbeit. Die Lieferung ist bis")
    assert seller.slots["case"] is None and "Um Verlängerung bitten" in seller.titles


async def test_which_order_is_asked_with_buttons(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-2", "Flyer", due=24)
    await customer.says("Wie weit ist es?", "request_order_update")
    assert [title.split(",")[0] for title in customer.titles] == ["FO-2 (Flyer)", "FO-1 (Logo)"]
    await customer.says("den zweiten", "inform")
    assert customer.text.startswith("FO-1 (Logo)")


@pytest.mark.rule("M-26")
async def test_an_order_in_revision_is_not_delivered(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-2", "Flyer", due=-30, delivered_at=NOW - 40 * HOUR)
    await customer.says("Wie weit ist FO-2?", "request_order_update", order_id="FO-2")
    assert "überfällig" in customer.text and "geliefert," not in customer.text
