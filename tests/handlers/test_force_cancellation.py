"""Cancelling without the seller's consent, 24 hours after the due date (M-26 to M-29)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import NOW, Talk
from tests.handlers.disputes import HOUR, SELLER, cancellation_asked, codes, extension_asked, stored, update_asked

pytestmark = pytest.mark.integration


@pytest.mark.rule("M-26")
async def test_at_once_after_one_yes(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-1", "Logo", due=-24)
    await customer.says("Ich storniere das Logo jetzt", "force_cancellation")
    assert "sofort storniert" in customer.text and "nicht rückgängig machen" in customer.text
    assert await stored(backend) == ("active", None)
    await customer.press("Ja, jetzt stornieren")
    assert "ohne Zustimmung storniert" in customer.text
    assert await stored(backend) == ("cancelled", None)


@pytest.mark.rule("M-27")
async def test_too_early_says_from_when_and_what_is_possible_until_then(
    customer: Talk, backend: Any, order: Any
) -> None:
    await order("FO-1", "Logo", due=-23)
    await customer.says("Ich storniere das Logo jetzt", "force_cancellation")
    assert codes(customer) == ["force_early"] and "Möglich ist es ab Montag, 23. November, 15:00 Uhr" in customer.text
    assert "Um Stornierung bitten" in customer.titles
    await backend.clock.set(NOW + HOUR)
    await customer.says("Und jetzt?", "force_cancellation", order_id="FO-1")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("cancelled", None)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param({"delivered_at": NOW, "state": "delivered"}, "force_delivered", marks=pytest.mark.rule("M-26")),
        pytest.param({"state": "completed"}, "rc_closed", marks=pytest.mark.rule("M-02")),
    ],
)
async def test_no_longer(customer: Talk, backend: Any, order: Any, more: dict[str, Any], code: str) -> None:
    await order("FO-1", "Logo", due=-48, **more)
    await customer.says("Ich storniere FO-1 jetzt", "force_cancellation", order_id="FO-1")
    assert codes(customer) == [code]
    assert (await stored(backend))[0] == more["state"]


@pytest.mark.rule("M-29")
async def test_a_seller_may_not(seller: Talk, backend: Any, order: Any) -> None:
    await order("FO-1", "Logo", due=-48)
    await seller.says("Ich storniere das Logo einfach", "force_cancellation")
    assert codes(seller) == ["force_seller"] and "Um Stornierung bitten" in seller.titles


@pytest.mark.rule("M-26")
async def test_without_a_date_nobody_can_tell(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-1", "Logo", due=None)
    await customer.says("Ich storniere FO-1 jetzt", "force_cancellation", order_id="FO-1")
    assert "ist kein Liefertermin eingetragen" in customer.text
    assert await stored(backend) == ("active", None)


@pytest.mark.rule("M-23", "M-26")
@pytest.mark.parametrize("opened", [update_asked, extension_asked])
async def test_what_is_open_ends_in_the_same_step(customer: Talk, backend: Any, order: Any, opened: Any) -> None:
    await order("FO-1", "Logo", due=-48)
    await opened(backend)
    await customer.says("Ich storniere das Logo jetzt", "force_cancellation")
    assert (await stored(backend))[1] is not None
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("cancelled", None)


@pytest.mark.rule("M-23")
async def test_the_sellers_request_is_accepted_instead(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-1", "Logo", due=-48)
    await cancellation_asked(backend, SELLER)
    await customer.says("Ich storniere das Logo jetzt", "force_cancellation")
    assert customer.text.endswith("Soll ich die Stornierung annehmen?")


@pytest.mark.rule("M-28")
async def test_a_delivery_before_the_yes_stops_it(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-1", "Logo", due=-48)
    await customer.says("Ich storniere das Logo jetzt", "force_cancellation")
    await order("FO-1", "Logo", due=-48, state="delivered", delivered_at=NOW, updated=1)
    await customer.says("ja", "affirm")
    assert codes(customer) == ["force_delivered"]
    assert await stored(backend) == ("delivered", None)


async def test_the_second_one_is_the_second_that_was_shown(customer: Talk, backend: Any, order: Any) -> None:
    await order("FO-1", "Plakat", due=-50, state="delivered", delivered_at=NOW)
    for number, due in ((2, -40), (3, -35), (4, -30)):
        await order(f"FO-{number}", f"Heft {number}", due=due)
    await customer.says("Ich storniere ohne Zustimmung", "force_cancellation")
    assert [title.split(",")[0] for title in customer.titles] == ["FO-2 (Heft 2)", "FO-3 (Heft 3)", "FO-4 (Heft 4)"]
    await customer.says("den zweiten", "inform")
    assert customer.custom["order_id"] == "FO-3"
