"""What the tests of the appeal flows share: a lively account, the platform's decisions, an uploaded picture."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.backend import Backend, IdempotencyKey
from actions.backend.appeal_proposals import AppealProposals
from actions.backend.appeal_tables import AppealRow
from actions.backend.appeal_views import AppealSnapshot, StoredImage
from actions.policy import Actor, Outcome, Role
from tests.handlers.conftest import NOW, Talk

DAY = timedelta(days=1)
SELLER = Actor(Role.SELLER, "S-1")
GROUND = "Das Paket war pünktlich beim Boten."
_keys = count(1)


def refund(**more: Any) -> dict[str, Any]:
    """A refund at the seller's cost, as the marketplace pushes it."""
    fields = {"id": "R-1", "category": "quality", "responsibility": "merchant", "rejected_appeals": 0}
    return {**fields, **more}


async def appeals(backend: Backend) -> dict[str, str]:
    """The seller's appeals in the database: subject and status."""
    return {appeal.subject.id: appeal.status.value for appeal in await backend.appeals.of_seller("S-1")}


async def only(backend: Backend) -> AppealSnapshot:
    """The only appeal that there is."""
    (appeal,) = await backend.appeals.of_seller("S-1")
    return appeal


async def file(seller: Talk, infraction_id: str) -> str:
    """File an appeal in the chat; its id."""
    await seller.says(f"{infraction_id} anfechten", "submit_appeal", infraction_id=infraction_id)
    await seller.says(GROUND, "inform")
    await seller.says("ja", "affirm")
    return str(seller.custom["appeal_ids"][0])


async def decide(backend: Backend, appeal_id: str, outcome: Outcome, reason: str = "") -> None:
    """The platform decides."""
    done = await backend.appeals.decide(appeal_id, outcome, reason)
    assert done.allowed


async def upload(backend: Backend, seller: Talk) -> str:
    """A picture comes in for the appeal that the conversation is about, as the gateway attaches it."""
    appeal_id = await backend.conversations.subject(seller.conversation_id)
    assert appeal_id
    key = IdempotencyKey(f"u-{next(_keys)}", "attach", appeal_id)
    image = StoredImage("ab" * 32, "image/png", 4096, 640, 480)
    attached = await backend.appeals.attach(appeal_id, SELLER, image=image, key=key)
    assert isinstance(attached, AppealSnapshot)
    return await seller.payload(f'/inform{{"evidence_id": "{attached.evidence[-1].id}"}}')


def edited_during_the_yes(patched: pytest.MonkeyPatch, appeal_id: str) -> None:
    """Somebody else changes the appeal after a yes found it as it was shown, and before the yes has its lock."""
    carry_out = AppealProposals._do

    def do(proposals: AppealProposals, session: Session, **asked: Any) -> Any:
        if asked["shown"]["appeal_id"] == appeal_id:
            session.execute(update(AppealRow).where(AppealRow.id == appeal_id).values(ground="Anders.", version=9))
        return carry_out(proposals, session, **asked)

    patched.setattr(AppealProposals, "_do", do)


def codes(talk: Talk) -> list[str]:
    """The codes of the refusal that was just said."""
    return [reason["code"] for reason in talk.custom.get("reasons", [])]


__all__ = [
    "DAY",
    "GROUND",
    "NOW",
    "SELLER",
    "appeals",
    "codes",
    "decide",
    "edited_during_the_yes",
    "file",
    "only",
    "refund",
    "upload",
]
