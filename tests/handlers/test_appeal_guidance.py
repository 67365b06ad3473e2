"""Questions about appeals: where to click, how long, what became of one."""

from __future__ import annotations

from typing import Any

import pytest

from actions.policy import APPEAL_TYPES, Outcome
from tests.handlers.appeals import DAY, NOW, codes, decide, file, refund
from tests.handlers.conftest import WORDING, Talk

pytestmark = pytest.mark.integration


@pytest.mark.rule("W-04", "W-10", "W-11", "W-12", "W-13", "W-22", "W-23", "W-24")
@pytest.mark.parametrize("key", APPEAL_TYPES)
async def test_the_route_of_each_type(seller: Talk, key: str) -> None:
    await seller.says("Wo klicke ich?", "ask_appeal_steps", appeal_type=key)
    assert WORDING.text(f"route_{APPEAL_TYPES[key].route}", "de-formal", "UTC") in seller.text
    assert seller.titles == ([] if key == "repeat_ip_infringement" else ["Hier anfechten"])


async def test_the_route_of_what_is_named(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "ip_infringement")
    await seller.says("Wo klicke ich bei V-1?", "ask_appeal_steps", infraction_id="V-1")
    assert seller.text.startswith("So geht es bei „Verletzung geistigen Eigentums“:")


async def test_an_order_with_several_is_asked_about(seller: Talk, order: Any) -> None:
    await order("WO-1", released_at=NOW - 10 * DAY, due=-120, refunds=[refund()])
    await seller.says("Wo klicke ich bei WO-1?", "ask_appeal_steps", order_id="WO-1")
    assert sorted(seller.titles) == ["Gültige Tracking-Rate", "Rückerstattung"]
    await seller.press("Rückerstattung")
    assert "Bestellungen > Verlauf" in seller.text


@pytest.mark.rule("W-04")
async def test_without_a_subject_it_says_what_it_depends_on(seller: Talk) -> None:
    await seller.says("Wo klicke ich?", "ask_appeal_steps")
    assert seller.text.startswith("Der Weg beginnt im Händler-Dashboard")


@pytest.mark.parametrize(
    ("type", "words"),
    [
        pytest.param(None, "Sie haben 90 Kalendertage ab Mitteilung", marks=pytest.mark.rule("W-03", "W-20")),
        pytest.param("valid_tracking_rate", "90 Kalendertage ab Bestellfreigabe", marks=pytest.mark.rule("W-11")),
        pytest.param("refund", "gilt die 90-Tage-Frist nicht", marks=pytest.mark.rule("W-13")),
        pytest.param("repeat_ip_infringement", "Je früher Sie sich melden", marks=pytest.mark.rule("W-24")),
    ],
)
async def test_the_rule_of_the_deadline(seller: Talk, type: str | None, words: str) -> None:
    entities: dict[str, Any] = {"appeal_type": type} if type else {}
    await seller.says("Wie lange habe ich Zeit?", "ask_appeal_deadline", **entities)
    assert words in seller.text
    assert type != "repeat_ip_infringement" or "90" not in seller.text


@pytest.mark.rule("W-20")
@pytest.mark.parametrize(("days", "words"), [(10, "(noch 80 Tage)"), (90, "(nur noch heute)"), (91, "abgelaufen")])
async def test_the_deadline_of_what_is_named(seller: Talk, infraction: Any, days: int, words: str) -> None:
    await infraction("V-1", "misleading_tracking", days=days)
    await seller.says("Bis wann bei V-1?", "ask_appeal_deadline", infraction_id="V-1")
    assert words in seller.text and "2026" in seller.text


async def test_which_deadline_is_asked_with_buttons_that_answer_it(seller: Talk, order: Any) -> None:
    await order("WO-1", released_at=NOW - 10 * DAY, due=-120, refunds=[refund()])
    await seller.says("Bis wann bei WO-1?", "ask_appeal_deadline", order_id="WO-1")
    assert seller.text == "Worum geht es genau?"
    await seller.press("WO-1 (Rückerstattung)")
    assert "gilt die 90-Tage-Frist nicht" in seller.text


@pytest.mark.rule("W-05")
async def test_a_question_about_somebody_elses_leaves_open_what_was_open(seller: Talk, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says("Bis wann ginge V-2?", "ask_appeal_deadline", infraction_id="V-2")
    assert codes(seller) == ["no_access"] and seller.slots["case"]["asked"] == "text"


async def test_status_in_every_state(seller: Talk, backend: Any, infraction: Any) -> None:
    for number in range(1, 6):
        await infraction(f"V-{number}", "misleading_tracking", days=80)
    await seller.says("Was ist mit meinem Widerspruch?", "appeal_status")
    assert seller.text == "Dazu gibt es von Ihnen keinen Widerspruch."
    ids = [await file(seller, f"V-{number}") for number in range(1, 5)]
    await seller.says("V-5 anfechten", "submit_appeal", infraction_id="V-5")
    await seller.says("vergiss es", "stop")
    await decide(backend, ids[0], Outcome.APPROVED)
    await decide(backend, ids[1], Outcome.REJECTED, "Der Scan fehlt.")
    await seller.says("V-3 zurücknehmen", "withdraw_appeal", infraction_id="V-3")
    await seller.says("ja", "affirm")
    await seller.says("Was ist mit meinen Widersprüchen?", "appeal_status")
    told = {line.split(" gegen ")[1][:3]: line.split(": ", 1)[1] for line in seller.text.split("\n\n")}
    assert told == {
        "V-1": "bestätigt. Der Verstoß ist rückgängig gemacht.",
        "V-2": "abgelehnt. Grund: „Der Scan fehlt.“",
        "V-3": "zurückgenommen.",
        "V-4": "eingereicht am Mo., 23. Nov., noch nicht entschieden. Bis Donnerstag, 3. Dezember 2026 muss er "
        "bestätigt sein.",
        "V-5": "Entwurf, noch nicht eingereicht.",
    }
    await backend.clock.set(NOW + 30 * DAY)
    await seller.says("Und V-4?", "appeal_status", infraction_id="V-4")
    assert seller.text.endswith("verfallen. Die Frist war um, bevor er bestätigt wurde.")


@pytest.mark.rule("W-13", "W-21")
async def test_status_of_a_refund(seller: Talk, backend: Any, order: Any) -> None:
    await order("WO-1", refunds=[refund()])
    await seller.says("Rückerstattung anfechten", "submit_appeal", order_id="WO-1", appeal_type="refund")
    await seller.says("Die Ware war in Ordnung.", "inform")
    await seller.says("ja", "affirm")
    appeal_id = seller.custom["appeal_ids"][0]
    await seller.press("Stand der Widersprüche")
    assert seller.text.endswith("noch nicht entschieden. Eine Frist gibt es dafür nicht.")
    await decide(backend, appeal_id, Outcome.APPROVED)
    await seller.says("Und jetzt?", "appeal_status", appeal_id=appeal_id)
    assert seller.text.endswith("bestätigt. Die Rückerstattung geht nicht mehr zu Ihren Lasten.")


async def test_a_draft_can_be_taken_up_again(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1")
    await seller.says("vergiss es", "stop")
    await seller.says("Was ist mit meinem Widerspruch?", "appeal_status")
    (appeal,) = await backend.appeals.of_seller("S-1")
    await seller.press(f"{appeal.id} weiter bearbeiten")
    assert seller.text.startswith("Was stimmt bei V-1")
