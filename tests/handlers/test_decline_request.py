"""Refusing the other side's cancellation or extension (M-15, M-17, M-37)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import Talk
from tests.handlers.disputes import SELLER, cancellation_asked, codes, extension_asked, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-15", "M-17")
async def test_the_order_stays_and_the_word_goes_along(seller: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    await seller.says("Ich lehne ab, weil ich fast fertig bin", "decline_request")
    assert "„weil ich fast fertig bin“" in seller.text
    assert await stored(backend) == ("active", "cancellation")
    await seller.says("ja", "affirm")
    assert await stored(backend) == ("active", None)
    order = await backend.orders.get("FO-1")
    assert order.disputes[-1].answer == "weil ich fast fertig bin"


async def test_how_far_the_work_is_goes_along_with_the_refusal(seller: Talk, backend: Any) -> None:
    """A remark at the confirmation may read like an update; nobody has asked for one on this order."""
    await cancellation_asked(backend)
    await seller.says("Ich lehne ab", "decline_request")
    await seller.says("Der Dreh war schon gestern, das Material liegt im Schnitt.", "provide_update")
    assert "„Der Dreh war schon gestern, das Material liegt im Schnitt.“" in seller.text
    await seller.says("ja", "affirm")
    order = await backend.orders.get("FO-1")
    assert order.disputes[-1].answer == "Der Dreh war schon gestern, das Material liegt im Schnitt."


@pytest.mark.rule("M-35")
async def test_the_customer_declines_a_cancellation(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend, SELLER)
    await customer.says("Nein, ich lehne ab", "decline_request")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", None)


@pytest.mark.rule("M-37")
async def test_a_declined_extension_moves_nothing(customer: Talk, backend: Any) -> None:
    await extension_asked(backend)
    await customer.says("Nein, ich lehne ab", "decline_request")
    await customer.says("ja", "affirm")
    order = await backend.orders.get("FO-1")
    assert order.agreed_delivery_at is None and order.open_dispute is None


@pytest.mark.rule("M-10")
async def test_a_question_is_answered_in_words(seller: Talk, backend: Any) -> None:
    await update_asked(backend)
    await seller.says("Ich lehne ab", "decline_request")
    assert seller.slots["case"]["flow"] == "provide_update"


@pytest.mark.rule("M-24")
async def test_ones_own_is_not_ones_to_decline(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    await customer.says("FO-1 ablehnen", "decline_request", order_id="FO-1")
    assert codes(customer) == ["own_dispute"]
