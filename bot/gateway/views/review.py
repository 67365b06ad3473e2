"""Messages that were hardly or not understood."""

from __future__ import annotations

from actions.backend.understanding import ReviewItem
from bot.gateway.permission import OperatorCall
from bot.gateway.schemas.review import GuessOut, ReviewMessageOut, ReviewOut, ReviewQuery


async def get_review_messages(call: OperatorCall, query: ReviewQuery) -> ReviewOut:
    """Messages that were hardly or not understood, without personal data, the newest first (see `make review`)."""
    items = await call.services.backend.understanding.page(query.after, query.limit)
    following = items[-1].id if len(items) == query.limit else None
    return ReviewOut(messages=tuple(_message(item) for item in items), next=following)


def _message(item: ReviewItem) -> ReviewMessageOut:
    return ReviewMessageOut(
        id=item.id,
        at=item.at,
        role=item.role,
        language=item.language,
        text=item.text,
        intent=item.intent,
        confidence=item.confidence,
        ranking=tuple(GuessOut(intent=intent, confidence=confidence) for intent, confidence in item.ranking),
        status=item.status.value,
        next_kind=item.next_kind,
        next_text=item.next_text,
        chosen=item.next_intent,
    )
