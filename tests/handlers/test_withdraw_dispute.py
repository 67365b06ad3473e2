"""Taking an own open request back (M-08, M-24, M-25)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import NOW, Talk
from tests.handlers.disputes import (
    HOUR,
    SELLER,
    cancellation_asked,
    codes,
    extension_asked,
    stored,
    update_asked,
)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-08", "M-24")
@pytest.mark.parametrize("opened", [update_asked, cancellation_asked])
async def test_the_customers_own(customer: Talk, backend: Any, opened: Any) -> None:
    await opened(backend)
    await customer.says("Ich ziehe die Anfrage zurück", "withdraw_dispute")
    assert customer.text.endswith("Soll ich sie zurückziehen?") and (await stored(backend))[1]
    await customer.says("ja", "affirm")
    assert "ist zurückgezogen" in customer.text
    assert await stored(backend) == ("active", None)


@pytest.mark.rule("M-36", "M-24")
async def test_the_sellers_own(seller: Talk, backend: Any) -> None:
    await extension_asked(backend)
    await seller.says("Ich ziehe die Bitte zurück", "withdraw_dispute")
    await seller.press("Ja, zurückziehen")
    assert await stored(backend) == ("active", None)


@pytest.mark.rule("M-25")
async def test_the_other_sides_is_not_theirs_to_withdraw(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend, SELLER)
    await customer.says("FO-1 zurückziehen", "withdraw_dispute", order_id="FO-1")
    assert codes(customer) == ["not_yours"] and "Ablehnen" in customer.titles
    assert await stored(backend) == ("active", "cancellation")


async def test_nothing_is_open(customer: Talk) -> None:
    await customer.says("Ich ziehe die Anfrage zurück", "withdraw_dispute")
    assert customer.text.startswith("Von dir ist gerade nichts offen, das du zurückziehen könntest.")


@pytest.mark.rule("M-13")
async def test_it_ran_out_before_the_yes(customer: Talk, backend: Any) -> None:
    await update_asked(backend)
    await customer.says("Ich ziehe die Anfrage zurück", "withdraw_dispute")
    button = customer.buttons[0]["payload"]
    await backend.clock.set(NOW + 49 * HOUR)
    await customer.payload(button)
    assert "zurückgezogen" not in customer.text
    order = await backend.orders.get("FO-1")
    assert order.open_dispute is None
