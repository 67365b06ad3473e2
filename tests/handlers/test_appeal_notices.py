"""What the outbox tells a merchant about appeals, from the database to the words, and the steps on its buttons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.backend import IdempotencyKey
from actions.backend.appeal_views import AppealSnapshot
from actions.policy import Outcome, Subject, SubjectKind, SubmitAppeal, WithdrawAppeal
from actions.wording import Rendered
from tests.handlers.appeals import DAY, GROUND, NOW, SELLER, decide, file
from tests.handlers.conftest import WORDING, Talk

pytestmark = pytest.mark.integration


async def told(backend: Any) -> dict[str, Rendered]:
    """The notices that wait, by code, as the gateway renders them."""
    return {
        row.code: WORDING.notice(
            row.code, row.params, role=row.recipient_role.value, locale="de", zone="Europe/Berlin", now=NOW
        )
        for row in await backend.outbox.pending()
    }


async def press(seller: Talk, notice: Rendered) -> str:
    (button,) = notice.buttons
    return await seller.payload(button.payload)


@pytest.mark.rule("W-21")
async def test_approval(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    appeal_id = await file(seller, "V-1")
    assert await told(backend) == {}, "the chat itself answered"
    await decide(backend, appeal_id, Outcome.APPROVED)
    assert (await told(backend))["appeal_approved"] == Rendered(
        f"Dein Widerspruch {appeal_id} gegen V-1 (Irreführende Sendungsverfolgung) wurde bestätigt, der Verstoß V-1 "
        "ist rückgängig gemacht."
    )


@pytest.mark.rule("W-21")
async def test_rejection_and_the_way_on(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    await decide(backend, await file(seller, "V-1"), Outcome.REJECTED, "Der Scan fehlt.")
    notice = (await told(backend))["appeal_rejected"]
    assert "Grund: „Der Scan fehlt.“ Bis Donnerstag, 11. Februar 2027 kannst du neu anfechten." in notice.text
    assert (await press(seller, notice)).startswith("Was stimmt bei V-1")


@pytest.mark.rule("W-03")
async def test_warning_and_lapse(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking", days=80)
    appeal_id = await file(seller, "V-1")
    await backend.clock.set(NOW + timedelta(days=4))
    await backend.sweeper.sweep()
    notice = (await told(backend))["appeal_warning"]
    assert "Letzter Tag für die Bestätigung ist Donnerstag, 3. Dezember 2026" in notice.text
    assert "am Freitag, 4. Dezember, 01:00 Uhr (UTC+1)" in notice.text
    assert appeal_id in await press(seller, notice)
    await backend.clock.set(NOW + 11 * DAY)
    await backend.sweeper.sweep()
    notice = (await told(backend))["appeal_lapsed"]
    assert "wurde bis Donnerstag, 3. Dezember 2026 nicht bestätigt" in notice.text
    await press(seller, notice)
    assert "Kundensupport" in seller.text


async def test_copies_of_what_was_done_elsewhere(seller: Talk, backend: Any, infraction: Any) -> None:
    await infraction("V-1", "misleading_tracking")
    subject = Subject(SubjectKind.INFRACTION, "V-1")
    draft = await backend.appeals.draft(
        SELLER, "misleading_tracking", subject, ground=GROUND, key=IdempotencyKey("k1", "draft", "V-1")
    )
    assert isinstance(draft, AppealSnapshot)
    commands: tuple[SubmitAppeal | WithdrawAppeal, ...] = (SubmitAppeal(), WithdrawAppeal())
    for number, command in enumerate(commands):
        key = IdempotencyKey(f"k{number}", command.name, draft.id)
        assert (await backend.appeals.execute(draft.id, command, SELLER, key=key)).allowed
    notices = await told(backend)
    assert notices["own_appeal_submitted"].text.endswith("bis Donnerstag, 11. Februar 2027 muss er bestätigt sein.")
    assert notices["own_appeal_withdrawn"].text.endswith("ist zurückgenommen. Er zählt nicht als abgelehnt.")
