"""What people said about settled cases, for the marketplace."""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from actions.backend import Feedback, Settled
from actions.policy import Role
from bot.gateway import encoding
from bot.gateway.permission import OperatorCall
from bot.gateway.schemas import feedback as schemas


async def get_feedback(call: OperatorCall, query: schemas.FeedbackQuery) -> schemas.FeedbackList:
    """Ratings in their order, and how many there are of each."""
    page = await call.services.backend.feedback.page(
        query.after,
        query.limit,
        outcome=None if query.outcome is msgspec.UNSET else Settled(query.outcome),
        role=None if query.role is msgspec.UNSET else Role(query.role),
    )
    return schemas.FeedbackList(
        feedback=tuple(_out(found) for found in page.feedback),
        next=page.next,
        total=schemas.TallyOut(**asdict(page.total)),
        by_outcome={name.value: schemas.TallyOut(**asdict(tally)) for name, tally in page.by_outcome.items()},
    )


def _out(given: Feedback) -> schemas.FeedbackOut:
    return schemas.FeedbackOut(
        id=given.id,
        number=given.number,
        person=schemas.FeedbackPerson(role=given.role.value, id=given.person_id),  # type: ignore[arg-type]
        conversation_id=given.conversation_id,
        case=schemas.SettledOut(kind=given.case.kind, id=given.case.id, order_id=given.case.order_id),  # type: ignore[arg-type]
        outcome=given.case.outcome.value,
        rating=given.rating.value,
        asked_at=encoding.utc(given.asked_at),
        rated_at=encoding.utc(given.rated_at),
        comment=given.comment,
        commented_at=encoding.utc_or_none(given.commented_at),
    )
