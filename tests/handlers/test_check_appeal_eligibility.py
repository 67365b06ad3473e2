"""Whether one penalty can be appealed: every failing condition, what would help, and what if."""

from __future__ import annotations

from typing import Any

import pytest

from actions.policy import Outcome
from tests.handlers.appeals import DAY, NOW, appeals, codes, decide, file, refund
from tests.handlers.conftest import Talk

pytestmark = pytest.mark.integration

RELEASED = {"released_at": NOW - 10 * DAY, "due": -120}


async def asks(seller: Talk, text: str = "Kann ich das anfechten?", **entities: Any) -> None:
    await seller.says(text, "check_appeal_eligibility", **entities)


@pytest.mark.rule("W-20")
async def test_what_can_be_appealed_names_both_deadlines(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", order_id="WO-7")
    await asks(seller, infraction_id="V-1")
    assert seller.text == (
        "Ja, V-1 (Irreführende Sendungsverfolgung, WO-7) lässt sich anfechten.\n\n"
        "Letzter Tag ist Donnerstag, 11. Februar 2027 (noch 80 Tage). Die Frist läuft ab Mitteilung des Verstoßes "
        "(Freitag, 13. November 2026) und endet in Ihrer Zeitzone am Freitag, 12. Februar 2027, 01:00 Uhr (UTC+1). "
        "Bis dahin muss der Widerspruch nicht nur eingelegt, sondern auch bestätigt sein."
    )
    assert seller.titles == ["Jetzt anfechten", "Wo klicke ich?"]
    assert await appeals(backend) == {}, "a question writes nothing"


@pytest.mark.rule("W-03")
@pytest.mark.parametrize(("days", "short"), [(90, True), (84, True), (83, False)])
async def test_the_last_days_are_warned_of(seller: Talk, infraction: Any, days: int, short: bool) -> None:
    await infraction("V-1", "misleading_tracking", days=days)
    await asks(seller, infraction_id="V-1")
    assert ("Es ist knapp" in seller.text) is short


@pytest.mark.parametrize(
    ("type", "more", "code", "words"),
    [
        pytest.param(
            "prohibited_product", {"days": 91}, ["expired"], "Über diesen Weg", marks=pytest.mark.rule("W-20")
        ),
        pytest.param(
            "photo_quality", {}, ["not_appealable"], "derzeit nicht anfechtbar", marks=pytest.mark.rule("W-02")
        ),
        pytest.param("repeat_ip_infringement", {}, ["repeat_ip"], "Kontomanager", marks=pytest.mark.rule("W-24")),
    ],
)
async def test_an_infraction_that_cannot_be_appealed(
    seller: Talk, infraction: Any, type: str, more: Any, code: list[str], words: str
) -> None:
    await infraction("V-1", type, **more)
    await asks(seller, infraction_id="V-1")
    assert codes(seller) == code and words in seller.text
    assert seller.titles == ["Meine Verstöße"]


@pytest.mark.parametrize(
    ("order_more", "type", "code"),
    [
        pytest.param({"state": "cancelled", "cancelled_by": "customer"}, "fulfilment_rate", ["fr_not_merchant"],
                     marks=pytest.mark.rule("W-10")),
        pytest.param({"confirmed_fulfilled_at": NOW}, "valid_tracking_rate",
                     ["vtr_confirmed", "vtr_no_tracking", "vtr_no_proof"], marks=pytest.mark.rule("W-11")),
        pytest.param({"released_at": NOW - 91 * DAY}, "valid_tracking_rate",
                     ["expired", "vtr_no_tracking", "vtr_no_proof"], marks=pytest.mark.rule("W-11")),
        pytest.param({}, "confirmed_fulfilment_speed", ["cfs_no_date", "cfs_no_proof"], marks=pytest.mark.rule("W-12")),
        pytest.param({}, "refund", ["refund_none"], marks=pytest.mark.rule("W-13")),
        pytest.param({"refunds": [refund(category="other")]}, "refund", ["not_appealable"],
                     marks=pytest.mark.rule("W-13", "W-02")),
        pytest.param({"refunds": [refund(responsibility="platform")]}, "refund", ["refund_not_yours"],
                     marks=pytest.mark.rule("W-13")),
        pytest.param({"refunds": [refund(rejected_appeals=3)]}, "refund", ["refund_cap"],
                     marks=pytest.mark.rule("W-13")),
    ],
)  # fmt: skip
async def test_every_failing_condition_of_an_order_is_named(
    seller: Talk, order: Any, infraction: Any, order_more: dict[str, Any], type: str, code: list[str]
) -> None:
    await order("WO-1", **{**RELEASED, **order_more})
    if type == "confirmed_fulfilment_speed" or type == "fulfilment_rate":
        await infraction("V-1", type, order_id="WO-1")
        await asks(seller, infraction_id="V-1", appeal_type=type)
    else:
        await asks(seller, order_id="WO-1", appeal_type=type)
    assert codes(seller) == code
    assert seller.text.count("\n\n") + 1 >= len(code)
    assert "Jetzt anfechten" not in seller.titles


@pytest.mark.rule("W-05")
@pytest.mark.parametrize("owner", ["S-2", None])
async def test_somebody_elses_is_as_unknown_as_what_does_not_exist(
    seller: Talk, infraction: Any, owner: str | None
) -> None:
    if owner:
        await infraction("V-1", "misleading_tracking", seller=owner)
    await asks(seller, infraction_id="V-1")
    assert seller.text == "Ich finde V-1 nicht in Ihrem Konto. Prüfen Sie bitte die Nummer."


async def test_an_unknown_date_is_neither_yes_nor_no(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", days=None)
    await asks(seller, infraction_id="V-1")
    assert "kann ich noch nicht sagen" in seller.text and "der Tag, an dem der Verstoß mitgeteilt wurde" in seller.text
    assert seller.titles == ["Kundensupport", "Meine Verstöße"]


@pytest.mark.rule("W-11")
async def test_what_is_only_not_attached_can_be_supplied_here(seller: Talk, order: Any) -> None:
    await order("WO-1", **RELEASED)
    await asks(seller, order_id="WO-1")
    assert codes(seller) == ["vtr_no_tracking", "vtr_no_proof"]
    assert "Das können Sie hier nachreichen, dann lässt sich WO-1 (Gültige Tracking-Rate) anfechten." in seller.text
    assert "ab Bestellfreigabe (Freitag, 13. November 2026)" in seller.text
    assert seller.titles == ["Jetzt anfechten", "Wo klicke ich?"]


@pytest.mark.rule("W-11")
async def test_what_if_the_proof_is_supplied(seller: Talk, backend: Any, order: Any) -> None:
    await order("WO-1", **RELEASED)
    await asks(seller, order_id="WO-1")
    await asks(seller, "Und wenn ich den Sendungsnachweis nachreiche?")
    assert seller.text.startswith(
        "Angenommen, der Nachweis liegt vor und die Sendungsnummer liegt vor:\n\n"
        "Ja, WO-1 (Gültige Tracking-Rate) lässt sich anfechten."
    )
    assert await appeals(backend) == {}


@pytest.mark.rule("W-12")
async def test_what_if_the_date_is_entered_still_names_what_else_is_missing(
    seller: Talk, order: Any, infraction: Any
) -> None:
    await order("WO-1", **RELEASED)
    await infraction("V-1", "confirmed_fulfilment_speed", order_id="WO-1")
    await asks(seller, "Und wenn das Erfüllungsdatum da ist?", infraction_id="V-1")
    assert seller.text.startswith("Angenommen, das bestätigte Erfüllungsdatum ist eingetragen:")
    assert codes(seller) == ["cfs_no_proof"]


@pytest.mark.rule("W-20")
async def test_what_if_later(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", days=86)
    await asks(seller, infraction_id="V-1")
    await asks(seller, "Geht das nächste Woche noch?", date="+7d")
    assert seller.text.startswith("Angenommen, heute wäre Montag, 30. November 2026:\n\nDie 90 Kalendertage")
    assert seller.titles == ["Jetzt anfechten", "Wo klicke ich?"], "today it can"
    await asks(seller, "Und am Freitag?", date="+4d")
    assert "lässt sich anfechten" in seller.text and "(nur noch heute)" in seller.text


@pytest.mark.rule("W-13")
async def test_a_refund_names_the_try_and_no_deadline(seller: Talk, order: Any) -> None:
    await order("WO-1", refunds=[refund(rejected_appeals=1)])
    await asks(seller, order_id="WO-1", appeal_type="refund")
    assert seller.text == (
        "Ja, WO-1 (Rückerstattung) lässt sich anfechten.\n\n"
        "Bei Rückerstattungen gilt die 90-Tage-Frist nicht.\n\n"
        "Das wäre Versuch 2 von 3."
    )


@pytest.mark.rule("W-26")
async def test_an_open_appeal_is_shown(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    appeal_id = await file(seller, "V-1")
    await asks(seller, infraction_id="V-1")
    assert codes(seller) == ["appeal_open"] and appeal_id in seller.text
    await seller.press("Widerspruch zurücknehmen")
    assert f"Widerspruch {appeal_id} gegen V-1" in seller.text


@pytest.mark.rule("W-21")
async def test_nothing_is_left_to_appeal_after_success(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await decide(backend, await file(seller, "V-1"), Outcome.APPROVED)
    await asks(seller, infraction_id="V-1")
    assert codes(seller) == ["already_reversed"] and "war schon erfolgreich" in seller.text


@pytest.mark.rule("W-10")
async def test_the_other_name_of_a_cancellation_is_a_way_out(seller: Talk, order: Any, infraction: Any) -> None:
    await order("WO-1", state="cancelled", cancelled_by="customer", released_at=NOW - 10 * DAY)
    await infraction("V-1", "order_cancellation", order_id="WO-1")
    await asks(seller, order_id="WO-1", appeal_type="fulfilment_rate")
    assert codes(seller) == ["fr_not_merchant"] and "Als „Stornierung der Bestellung“" in seller.text
    await seller.press("V-1 anfechten: Stornierung der Bestellung")
    assert seller.text.startswith("Was stimmt bei V-1 (Stornierung der Bestellung, WO-1) nicht?")


async def test_several_meanings_are_asked_for_with_buttons(seller: Talk, order: Any, infraction: Any) -> None:
    await order("WO-1", refunds=[refund()], **RELEASED)
    await infraction("V-1", "misleading_tracking", order_id="WO-1")
    await asks(seller, order_id="WO-1")
    assert seller.text == "Worum geht es genau?"
    assert sorted(seller.titles) == [
        "V-1 (Irreführende Sendungsverfolgung, WO-1)",
        "WO-1 (Gültige Tracking-Rate)",
        "WO-1 (Rückerstattung)",
    ]
    await seller.press("WO-1 (Rückerstattung)")
    assert seller.text.startswith("Ja, WO-1 (Rückerstattung) lässt sich anfechten.")


async def test_an_infraction_that_is_only_named_is_explained(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1", "inform", infraction_id="V-1")
    assert seller.text.startswith("Ja, V-1 (Irreführende Sendungsverfolgung) lässt sich anfechten.")


@pytest.mark.parametrize(
    "text",
    ["Kann ich den mit dem Scan noch anfechten?", "und die andere?", "can i still appeal the one with the late scan?"],
)
async def test_one_that_is_told_apart_need_not_be_the_last_that_was_spoken_of(
    seller: Talk, infraction: Any, text: str
) -> None:
    await infraction("V-1", "prohibited_product", title="Messer")
    await infraction("V-2", "misleading_tracking")
    await asks(seller, infraction_id="V-1")
    await asks(seller, text)
    assert "V-1" in "".join(seller.titles) and "V-2" in "".join(seller.titles)
    await asks(seller, infraction_id="V-1")
    await asks(seller, "Und das Messer, geht das noch?")
    assert "V-1 (Verbotenes Produkt" in seller.text
