"""The 48 hours and the 24 hours to the microsecond, in any zone and across both clock changes (Q2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from actions.policy import (
    PLATFORM,
    Accept,
    Allowed,
    AnswerUpdate,
    CancelOrder,
    CloseDispute,
    Dispute,
    DisputeKind,
    DisputeStatus,
    Expire,
    ForceCancel,
    Limits,
    OpenDispute,
    OrderFacts,
    OrderState,
    Refused,
    RequestCancellation,
    RequestUpdate,
    Role,
    Withdraw,
    decide,
    expiry_effects,
    possible_from,
    push_effects,
)
from actions.policy.instants import after, utc

from .moments import DAY, HOUR, NOW, US
from .order_tables import ACTORS

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
CUSTOMER, SELLER = ACTORS["customer"], ACTORS["seller"]

# When it is filed, and 48 elapsed hours later, both on the wall clock of the place.
FORTY_EIGHT_HOURS = [
    pytest.param(
        datetime(2026, 3, 28, 12, tzinfo=BERLIN), datetime(2026, 3, 30, 13, tzinfo=BERLIN), id="Berlin, March"
    ),
    pytest.param(
        datetime(2026, 10, 24, 12, tzinfo=BERLIN), datetime(2026, 10, 26, 11, tzinfo=BERLIN), id="Berlin, October"
    ),
    pytest.param(
        datetime(2026, 3, 7, 12, tzinfo=NEW_YORK), datetime(2026, 3, 9, 13, tzinfo=NEW_YORK), id="New York, March"
    ),
    pytest.param(
        datetime(2026, 10, 31, 12, tzinfo=NEW_YORK), datetime(2026, 11, 2, 11, tzinfo=NEW_YORK), id="New York, November"
    ),
    pytest.param(
        datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN),
        datetime(2026, 10, 26, 1, 30, tzinfo=BERLIN),
        id="Berlin, over the hour that comes twice",
    ),
    pytest.param(
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0),
        datetime(2026, 10, 27, 1, 30, tzinfo=BERLIN),
        id="Berlin, filed in the first of the two hours",
    ),
    pytest.param(
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        datetime(2026, 10, 27, 2, 30, tzinfo=BERLIN),
        id="Berlin, filed in the second of the two hours",
    ),
    pytest.param(datetime(2028, 2, 27, 9, tzinfo=UTC), datetime(2028, 2, 29, 9, tzinfo=UTC), id="to a leap day"),
    pytest.param(datetime(2026, 12, 30, 23, tzinfo=UTC), datetime(2027, 1, 1, 23, tzinfo=UTC), id="over the year"),
]
# The date delivery was promised for, and 24 elapsed hours later.
A_DAY = [
    pytest.param(
        datetime(2026, 3, 28, 12, tzinfo=BERLIN), datetime(2026, 3, 29, 13, tzinfo=BERLIN), id="Berlin, March"
    ),
    pytest.param(
        datetime(2026, 10, 24, 12, tzinfo=BERLIN), datetime(2026, 10, 25, 11, tzinfo=BERLIN), id="Berlin, October"
    ),
    pytest.param(
        datetime(2026, 3, 7, 12, tzinfo=NEW_YORK), datetime(2026, 3, 8, 13, tzinfo=NEW_YORK), id="New York, March"
    ),
    pytest.param(datetime(2026, 6, 1, 0, tzinfo=UTC), datetime(2026, 6, 2, 0, tzinfo=UTC), id="no clock change"),
]


def order(**changes: object) -> OrderFacts:
    return OrderFacts("FO-1", "c-1", "s-1", **{"state": OrderState.ACTIVE, **changes})  # type: ignore[arg-type]


def filed(at: datetime, kind: DisputeKind, by: Role) -> Dispute:
    """A dispute with the due instant that `decide` gives it when it is filed at `at`."""
    command = RequestUpdate("?") if kind is DisputeKind.UPDATE else RequestCancellation("other", "Text")
    verdict = decide(order(), command, CUSTOMER if by is Role.CUSTOMER else SELLER, at)
    assert isinstance(verdict, Allowed)
    (effect,) = verdict.effects
    assert isinstance(effect, OpenDispute)
    return Dispute("d1", kind, by, at, effect.due_at)


@pytest.mark.unit
@pytest.mark.rule("M-10", "M-12", "M-15", "M-35", "Q2")
@pytest.mark.parametrize(("opened_at", "due_at"), FORTY_EIGHT_HOURS)
@pytest.mark.parametrize(
    ("kind", "by"),
    [
        (DisputeKind.UPDATE, Role.CUSTOMER),
        (DisputeKind.CANCELLATION, Role.CUSTOMER),
        (DisputeKind.CANCELLATION, Role.SELLER),
    ],
)
def test_the_answer_window_is_48_elapsed_hours_and_includes_its_end(
    opened_at: datetime, due_at: datetime, kind: DisputeKind, by: Role
) -> None:
    dispute = filed(opened_at, kind, by)
    assert dispute.due_at == due_at.astimezone(UTC)
    facts = order(open_dispute=dispute)
    other, filer = (SELLER, CUSTOMER) if by is Role.CUSTOMER else (CUSTOMER, SELLER)
    answer = AnswerUpdate("d1", "Text") if kind is DisputeKind.UPDATE else Accept("d1")
    end = due_at.astimezone(UTC)
    for actor, command in ((other, answer), (filer, Withdraw("d1"))):
        for at in (end - US, end):
            assert isinstance(decide(facts, command, actor, at), Allowed)
        late = decide(facts, command, actor, end + US)
        assert isinstance(late, Refused) and late.codes == ("too_late",)
        assert late.reasons[0].params["due_at"] == end
    for at in (end - US, end):
        assert isinstance(decide(facts, Expire("d1"), PLATFORM, at), Refused)
        assert expiry_effects(facts, at, Limits()) == ()
    assert isinstance(decide(facts, Expire("d1"), PLATFORM, end + US), Allowed)


@pytest.mark.unit
@pytest.mark.rule("M-26", "M-27", "M-28", "Q2")
@pytest.mark.parametrize(("promised", "from_then"), A_DAY)
@pytest.mark.parametrize("agreed", [False, True], ids=["as expected", "as agreed"])
def test_force_begins_24_elapsed_hours_after_the_date_that_counts(
    promised: datetime, from_then: datetime, agreed: bool
) -> None:
    early = promised - 10 * DAY
    facts = (
        order(expected_delivery_at=early, agreed_delivery_at=promised)
        if agreed
        else order(expected_delivery_at=promised)
    )
    begin = from_then.astimezone(UTC)
    for at in (begin, begin + US):
        assert decide(facts, ForceCancel(), CUSTOMER, at) == Allowed((CancelOrder(),), ("M-26",))
    verdict = decide(facts, ForceCancel(), CUSTOMER, begin - US)
    assert isinstance(verdict, Refused)
    assert verdict.codes == ("force_extended" if agreed else "force_early",)
    assert verdict.reasons[0].params["possible_from"] == begin
    assert possible_from(facts, ForceCancel(), CUSTOMER, begin - US) == begin


@pytest.mark.unit
@pytest.mark.rule("Q2")
def test_an_instant_is_the_same_in_every_zone() -> None:
    facts = order(expected_delivery_at=datetime(2026, 3, 28, 12, tzinfo=BERLIN))
    assert facts.expected_delivery_at == datetime(2026, 3, 28, 11, tzinfo=UTC)
    assert facts.expected_delivery_at is not None and facts.expected_delivery_at.tzinfo is UTC
    tokyo = datetime(2026, 3, 29, 20, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert isinstance(decide(facts, ForceCancel(), CUSTOMER, tokyo), Allowed)
    assert isinstance(decide(facts, ForceCancel(), CUSTOMER, tokyo - US), Refused)


@pytest.mark.unit
@pytest.mark.parametrize(
    "build",
    [
        lambda naive: order(expected_delivery_at=naive),
        lambda naive: order(agreed_delivery_at=naive),
        lambda naive: Dispute("d1", DisputeKind.UPDATE, Role.CUSTOMER, naive),
        lambda naive: Dispute("d1", DisputeKind.UPDATE, Role.CUSTOMER, NOW, naive),
        lambda naive: decide(order(), ForceCancel(), CUSTOMER, naive),
        lambda naive: push_effects(
            order(open_dispute=Dispute("d1", DisputeKind.UPDATE, Role.CUSTOMER, NOW, NOW)), OrderState.COMPLETED, naive
        ),
    ],
)
def test_a_datetime_without_an_offset_is_an_error(build: object) -> None:
    with pytest.raises(ValueError, match="offset"):
        build(datetime(2026, 3, 28, 12))  # type: ignore[operator]


@pytest.mark.unit
def test_the_ends_of_the_calendar_do_not_crash() -> None:
    last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    assert after(last, timedelta(hours=1)) == last
    assert utc(datetime.max.replace(tzinfo=NEW_YORK)) == last
    assert utc(datetime.min.replace(tzinfo=BERLIN)) == first
    verdict = decide(order(expected_delivery_at=last), ForceCancel(), CUSTOMER, NOW)
    assert isinstance(verdict, Refused) and verdict.reasons[0].params["possible_from"] == last
    assert isinstance(decide(order(expected_delivery_at=first), ForceCancel(), CUSTOMER, NOW), Allowed)


@pytest.mark.unit
@pytest.mark.rule("M-03")
@pytest.mark.parametrize("state", list(OrderState))
def test_an_order_that_closes_ends_what_is_open(state: OrderState) -> None:
    facts = order(open_dispute=Dispute("d1", DisputeKind.UPDATE, Role.CUSTOMER, NOW - 48 * HOUR, NOW))
    closes = state in (OrderState.COMPLETED, OrderState.CANCELLED)

    def statuses(at: datetime) -> list[DisputeStatus]:
        return [effect.status for effect in push_effects(facts, state, at)]  # type: ignore[union-attr]

    assert statuses(NOW) == [DisputeStatus.SUPERSEDED] * closes
    # What ran out before has ended by running out (M.I, invariant 4).
    assert statuses(NOW + US) == [DisputeStatus.EXPIRED] * closes
    assert push_effects(order(), state, NOW) == ()


@pytest.mark.unit
@pytest.mark.rule("M-03", "M-18", "Q4")
@pytest.mark.parametrize("state", list(OrderState))
def test_silence_cancels_only_what_is_open(state: OrderState) -> None:
    dispute = Dispute("d1", DisputeKind.CANCELLATION, Role.CUSTOMER, NOW - 48 * HOUR, NOW)
    effects = expiry_effects(order(state=state, open_dispute=dispute), NOW + US, Limits(cancel_silence="auto_cancel"))
    ended = CloseDispute("d1", DisputeStatus.EXPIRED)
    closed = state in (OrderState.COMPLETED, OrderState.CANCELLED)
    assert effects == ((ended,) if closed else (ended, CancelOrder()))
    answered = Dispute("d1", DisputeKind.UPDATE, Role.CUSTOMER, NOW - 48 * HOUR, NOW, DisputeStatus.ANSWERED)
    assert expiry_effects(order(state=state, open_dispute=answered), NOW + US, Limits()) == ()
    assert push_effects(order(open_dispute=answered), state, NOW) == ()
