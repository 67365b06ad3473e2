"""What is drawn beside the text: cards for open disputes, a date picker. The text alone says it all."""

from __future__ import annotations

from typing import Any

import pytest

from actions.backend import Backend
from tests.handlers.conftest import Talk

pytestmark = pytest.mark.integration


async def test_open_disputes_are_cards_and_what_follows_stays_text(
    backend: Backend, order: Any, customer: Talk, seller: Talk
) -> None:
    await order("FO-1", "Logo", due=-50)
    await seller.says("drei Tage länger", "request_extension", order_id="FO-1", date="+5d")
    await seller.says("ja", "affirm")
    await customer.says("ich will stornieren", "force_cancellation", order_id="FO-1")
    await customer.says("was ist offen?", "list_disputes")
    rich = customer.custom["rich"]
    (card,) = rich["cards"]
    assert (card["id"], card["title"], card["state"], card["tone"]) == ("FO-1", "Logo", "Du bist dran", "warn")
    assert [field["label"] for field in card["fields"]] == ["Bitte um Verlängerung des Liefertermins", "Neuer Termin"]
    paragraphs = customer.text.split("\n\n")
    assert rich["text"] == paragraphs[0]
    assert rich["after"] == "\n\n".join(paragraphs[2:]) != ""  # back to the open question
    await seller.says("was ist offen?", "list_disputes")
    (card,) = seller.custom["rich"]["cards"]
    assert (card["state"], card["tone"]) == ("Wartet auf die andere Seite", "calm")
    assert "after" not in seller.custom["rich"]


async def test_a_deadline_is_on_the_card(backend: Backend, order: Any, customer: Talk, seller: Talk) -> None:
    await order("FO-1", "Logo")
    await customer.says("wie weit?", "request_order_update", order_id="FO-1")
    await customer.says("ja", "affirm")
    await seller.says("was ist offen?", "list_disputes")
    (card,) = seller.custom["rich"]["cards"]
    stored = await backend.orders.get("FO-1")
    assert stored is not None and stored.open_dispute is not None and stored.open_dispute.due_at is not None
    assert card["due_at"] == stored.open_dispute.due_at.isoformat()


async def test_the_picker_begins_after_the_promised_day(
    backend: Backend, order: Any, customer: Talk, seller: Talk
) -> None:
    await order("FO-1", "Logo", due=72)
    await seller.says("ich brauche mehr Zeit", "request_extension", order_id="FO-1")
    stored = await backend.orders.get("FO-1")
    assert stored is not None and stored.effective_delivery_at is not None
    pick = seller.custom["pick"]
    assert pick["kind"] == "date"
    assert stored.effective_delivery_at.date().isoformat() < pick["min"] < pick["suggest"] < pick["max"]
