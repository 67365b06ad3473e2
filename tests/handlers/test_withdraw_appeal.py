"""Taking an appeal back, filed or not yet (W-26)."""

from __future__ import annotations

from typing import Any

import pytest

from actions.policy import Outcome
from tests.handlers.appeals import DAY, NOW, appeals, codes, decide, edited_during_the_yes, file, refund
from tests.handlers.conftest import Talk

pytestmark = [pytest.mark.integration, pytest.mark.rule("W-26")]


@pytest.fixture
async def filed(seller: Talk, infraction: Any) -> str:
    """An appeal against V-1; its id."""
    await infraction("V-1", "misleading_tracking")
    return await file(seller, "V-1")


async def test_the_only_one(seller: Talk, backend: Any, filed: str) -> None:
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    assert seller.text == (
        f"Widerspruch {filed} gegen V-1 (Irreführende Sendungsverfolgung) wird dann nicht weiter geprüft. Er zählt "
        "nicht als abgelehnt, bis Donnerstag, 11. Februar 2027 können Sie neu anfechten.\n\n"
        "Soll ich ihn zurücknehmen?"
    )
    assert await appeals(backend) == {"V-1": "submitted"}
    await seller.press("Ja, zurücknehmen")
    assert seller.text == f"Widerspruch {filed} gegen V-1 (Irreführende Sendungsverfolgung) ist zurückgenommen."
    assert await appeals(backend) == {"V-1": "withdrawn"}


async def test_a_no_changes_nothing(seller: Talk, backend: Any, filed: str) -> None:
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    await seller.says("nein", "deny")
    assert seller.text.startswith("Gut, das Zurücknehmen ist vom Tisch.")
    assert await appeals(backend) == {"V-1": "submitted"}


async def test_one_that_changes_during_the_yes_is_not_called_withdrawn(
    seller: Talk, backend: Any, filed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    with monkeypatch.context() as patched:
        edited_during_the_yes(patched, filed)
        await seller.press("Ja, zurücknehmen")
    assert seller.text.startswith(f"Nicht zurückgenommen: Widerspruch {filed} gegen V-1")
    assert await appeals(backend) == {"V-1": "submitted"}
    await seller.press(f"{filed} zurücknehmen")
    await seller.press("Ja, zurücknehmen")
    assert await appeals(backend) == {"V-1": "withdrawn"}


async def test_it_can_be_filed_again(seller: Talk, backend: Any, filed: str) -> None:
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    await seller.says("ja", "affirm")
    again = await file(seller, "V-1")
    assert again != filed
    assert sorted(a.status.value for a in await backend.appeals.of_seller("S-1")) == ["submitted", "withdrawn"]


@pytest.mark.rule("W-13")
async def test_a_refunds_try_is_not_used_up(seller: Talk, backend: Any, order: Any) -> None:
    await order("WO-1", refunds=[refund(rejected_appeals=2)])
    for _ in range(2):
        await seller.says("Rückerstattung anfechten", "submit_appeal", order_id="WO-1", appeal_type="refund")
        await seller.says("Die Ware war in Ordnung.", "inform")
        assert "Das wäre Versuch 3 von 3." in seller.text
        await seller.says("ja", "affirm")
        await seller.says("Ich nehme ihn zurück", "withdraw_appeal")
        assert "Er zählt nicht als abgelehnt, Sie können später neu anfechten." in seller.text
        await seller.says("ja", "affirm")


async def test_a_draft(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says("Ich nehme ihn zurück", "withdraw_appeal")
    assert "ist noch ein Entwurf und nicht eingereicht.\n\nSoll ich ihn zurücknehmen?" in seller.text
    await seller.says("ja", "affirm")
    assert await appeals(backend) == {"V-1": "withdrawn"}


async def test_which_one_is_asked_with_buttons(seller: Talk, backend: Any, filed: str, infraction: Any) -> None:
    await infraction("V-2", "prohibited_product")
    await file(seller, "V-2")
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    assert seller.text == "Um welchen Widerspruch geht es?"
    assert sorted(seller.titles) == ["V-1 (Irreführende Sendungsverfolgung)", "V-2 (Verbotenes Produkt)"]
    await seller.press("V-2 (Verbotenes Produkt)")
    await seller.says("ja", "affirm")
    assert await appeals(backend) == {"V-1": "submitted", "V-2": "withdrawn"}


async def test_which_one_can_be_written(seller: Talk, backend: Any, filed: str, infraction: Any) -> None:
    await infraction("V-2", "prohibited_product")
    await file(seller, "V-2")
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    await seller.says("V-1", "inform", infraction_id="V-1")
    await seller.says("ja", "affirm")
    assert await appeals(backend) == {"V-1": "withdrawn", "V-2": "submitted"}


@pytest.mark.parametrize("entities", [{"infraction_id": "V-9"}, {"appeal_id": "A-9"}, {"order_id": "WO-9"}])
async def test_there_is_none(seller: Talk, backend: Any, filed: str, entities: dict[str, Any]) -> None:
    await seller.says("Zurücknehmen", "withdraw_appeal", **entities)
    assert seller.text == "Dazu läuft gerade kein Widerspruch, den Sie zurücknehmen könnten."


@pytest.mark.rule("W-05")
async def test_somebody_elses_is_none(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    appeal_id = await file(seller, "V-1")
    seller.sub = "S-2"
    await seller.says("Zurücknehmen", "withdraw_appeal", appeal_id=appeal_id)
    assert seller.text.startswith("Dazu läuft gerade kein Widerspruch")
    assert await appeals(backend) == {"V-1": "submitted"}


@pytest.mark.rule("W-03")
async def test_one_that_ended_before_the_yes(seller: Talk, backend: Any, filed: str) -> None:
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    button = seller.buttons[0]["payload"]
    await backend.clock.set(NOW + 90 * DAY)
    await seller.payload(button)
    assert codes(seller) == ["appeal_lapsed"]
    assert await appeals(backend) == {"V-1": "lapsed"}


async def test_one_that_was_decided_before_the_yes(seller: Talk, backend: Any, filed: str) -> None:
    await seller.says("Ich nehme den Widerspruch zurück", "withdraw_appeal")
    await decide(backend, filed, Outcome.APPROVED)
    await seller.says("ja", "affirm")
    assert codes(seller) == ["appeal_gone"] and "Dieser Widerspruch ist nicht mehr offen." in seller.text
    assert await appeals(backend) == {"V-1": "approved"}
