"""What is open for this person, own requests and the other side's (M-08, M-20, M-36)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.conftest import Talk
from tests.handlers.disputes import SELLER, cancellation_asked, extension_asked, stored, update_asked

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_order")]


@pytest.mark.rule("M-08", "M-20")
@pytest.mark.parametrize(
    ("opened", "mine", "theirs"),
    [
        (update_asked, ["Zurückziehen (FO-1)"], ["Antworten (FO-1)"]),
        (cancellation_asked, ["Zurückziehen (FO-1)"], ["Annehmen (FO-1)", "Ablehnen (FO-1)"]),
    ],
)
async def test_both_sides_see_it_with_their_own_steps(
    customer: Talk, seller: Talk, backend: Any, opened: Any, mine: list[str], theirs: list[str]
) -> None:
    await opened(backend)
    await customer.says("Was ist offen?", "list_disputes")
    assert customer.text.startswith("Eine Anfrage ist offen:") and customer.titles == mine
    await seller.says("Was ist offen?", "list_disputes")
    assert "Mittwoch, 25. November, 14:00 Uhr" in seller.text and seller.titles == theirs


@pytest.mark.rule("M-36", "M-38")
async def test_an_extension_has_no_deadline(customer: Talk, seller: Talk, backend: Any) -> None:
    await extension_asked(backend)
    await customer.says("Was ist offen?", "list_disputes")
    assert "Eine Antwortfrist gibt es dafür nicht." in customer.text
    await seller.says("Was ist offen?", "list_disputes")
    assert seller.titles == ["Zurückziehen (FO-1)"]


async def test_a_button_of_the_list_begins_the_step(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend, SELLER)
    await customer.says("Was ist offen?", "list_disputes")
    await customer.press("Ablehnen (FO-1)")
    await customer.says("ja", "affirm")
    assert await stored(backend) == ("active", None)


async def test_nothing_is_open(customer: Talk) -> None:
    await customer.says("Was ist offen?", "list_disputes")
    assert customer.text.startswith("Gerade ist nichts offen")
    assert customer.titles == ["FO-1 (Logo), fällig Do., 26. Nov."]


@pytest.mark.rule("M-04")
async def test_nobody_elses(customer: Talk, backend: Any) -> None:
    await cancellation_asked(backend)
    customer.sub = "C-2"
    await customer.says("Was ist offen?", "list_disputes")
    assert "FO-1" not in customer.text
