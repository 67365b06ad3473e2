"""Hypothesis strategies for facts, commands and actors of the resolution centre."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from actions.policy import (
    Accept,
    AnswerUpdate,
    Decline,
    Dispute,
    DisputeKind,
    DisputeStatus,
    Expire,
    ForceCancel,
    Limits,
    OrderFacts,
    OrderState,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Withdraw,
)

from .moments import HOUR, NOW, US
from .order_tables import ACTORS

# Near the limits on purpose: whole hours, give or take a microsecond.
distances = st.builds(
    lambda hours, ticks: hours * HOUR + ticks * US, st.integers(-80, 80), st.sampled_from([-1, 0, 0, 0, 1])
) | st.timedeltas(timedelta(days=-20), timedelta(days=20))
instants = distances.map(lambda distance: NOW + distance)
actors = st.sampled_from(list(ACTORS.values()))
limits = st.builds(
    Limits,
    cancel_silence=st.sampled_from(["close_keep_active", "auto_cancel"]),
    extension_answer_window=st.none() | st.just(96 * HOUR),
)
_ids = st.sampled_from(["open", "past", "unknown"])
_texts = st.sampled_from(["", " ", "Text"])


@st.composite
def disputes(draw: st.DrawFn, name: str = "open", open_only: bool = True) -> Dispute:
    kind = draw(st.sampled_from(list(DisputeKind)))
    by = {DisputeKind.UPDATE: [Role.CUSTOMER], DisputeKind.EXTENSION: [Role.SELLER]}.get(
        kind, [Role.CUSTOMER, Role.SELLER]
    )
    opened_at: datetime = draw(instants)
    ended = [status for status in DisputeStatus if status is not DisputeStatus.OPEN]
    return Dispute(
        name,
        kind,
        draw(st.sampled_from(by)),
        opened_at,
        None if kind is DisputeKind.EXTENSION else opened_at + 48 * HOUR,
        DisputeStatus.OPEN if open_only else draw(st.sampled_from(ended)),
        draw(instants) if kind is DisputeKind.EXTENSION else None,
    )


orders = st.builds(
    OrderFacts,
    st.just("FO-1"),
    st.just("c-1"),
    st.just("s-1"),
    st.sampled_from(list(OrderState)),
    expected_delivery_at=st.none() | instants,
    agreed_delivery_at=st.none() | instants,
    delivered_at=st.none(),
    open_dispute=st.none() | disputes(),
    past_disputes=st.tuples() | st.tuples(disputes("past", open_only=False)),
)
commands = st.one_of(
    st.builds(RequestUpdate, _texts),
    st.builds(RequestCancellation, st.sampled_from([None, "other", "made up"]), _texts, st.none() | _ids),
    st.builds(RequestExtension, st.none() | instants, _texts),
    st.builds(AnswerUpdate, _ids, _texts),
    st.builds(Accept, _ids),
    st.builds(Decline, _ids, _texts),
    st.builds(Withdraw, _ids),
    st.just(ForceCancel()),
    st.builds(Expire, _ids),
)
