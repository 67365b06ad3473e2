"""The seller answers a request for an update (M-10, M-11)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import NOW, Talk
from tests.handlers.disputes import HOUR, cancellation_asked, codes, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-10", "M-11")
async def test_the_words_go_to_the_customer_after_a_yes(seller: Talk, backend: Any) -> None:
    await update_asked(backend)
    await seller.says("Sag dem Kunden, das Logo ist fast fertig", "provide_update")
    assert "„das Logo ist fast fertig“" in seller.text and (await stored(backend))[1] == "update"
    await seller.says("ja", "affirm")
    order = await backend.orders.get("FO-1")
    assert order.open_dispute is None and order.disputes[-1].answer == "das Logo ist fast fertig"


@pytest.mark.rule("M-11")
async def test_the_words_are_asked_for(seller: Talk, backend: Any) -> None:
    await update_asked(backend)
    await seller.says("Ich möchte antworten", "provide_update")
    assert "„Wie weit ist es?“" in seller.text and "Mittwoch, 25. November, 14:00 Uhr" in seller.text
    await seller.says("Morgen ist es fertig.", "inform")
    await seller.says("Übermorgen ist es fertig.", "inform")
    await seller.press("Ja, abschicken")
    order = await backend.orders.get("FO-1")
    assert order.disputes[-1].answer == "Übermorgen ist es fertig."


@pytest.mark.rule("M-13")
async def test_too_late(seller: Talk, backend: Any) -> None:
    await update_asked(backend)
    await seller.says("Sag dem Kunden, das Logo ist fast fertig", "provide_update")
    button = seller.buttons[0]["payload"]
    await backend.clock.set(NOW + 49 * HOUR)
    await seller.payload(button)
    assert "ist verschickt" not in seller.text
    order = await backend.orders.get("FO-1")
    assert order.disputes[-1].answer in (None, "")


@pytest.mark.rule("M-15")
async def test_a_cancellation_is_no_question(seller: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    await seller.says("Sag dem Kunden, es ist fertig", "provide_update", order_id="FO-1")
    assert codes(seller) == ["not_an_update"]
    assert await stored(backend) == ("active", "cancellation")


async def test_nobody_asked(seller: Talk) -> None:
    await seller.says("Sag dem Kunden, das Logo ist fast fertig", "provide_update")
    assert seller.text.startswith("Gerade wartet keine Nachfrage auf eine Antwort von Ihnen.")
