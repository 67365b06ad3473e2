"""Ninety calendar days: counted in UTC, the last one whole, whatever the clocks of the merchant do (Q12 to Q15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.policy import (
    APPEAL_TYPES,
    DEFAULT_LIMITS,
    PLATFORM,
    Actor,
    Allowed,
    Appeal,
    AppealFacts,
    AppealStatus,
    AppealType,
    Canceller,
    CloseAppeal,
    DecideAppeal,
    Evidence,
    EvidenceKind,
    FileAppeal,
    ForceCancel,
    GoodsOrder,
    Infraction,
    LapseAppeal,
    Limits,
    MoveRefunds,
    OrderFacts,
    OrderState,
    Outcome,
    Refund,
    RefundCategory,
    Refused,
    Responsibility,
    Role,
    Standing,
    Subject,
    SubjectKind,
    SubmitAppeal,
    Window,
    WithdrawAppeal,
    appealable,
    closing,
    decide,
    status_at,
    urgent_from,
    window_of,
)

from .moments import DAY, NOW, US

pytestmark = pytest.mark.unit
MERCHANT = Actor(Role.SELLER, "m-1")
STRICT, HONOUR = Limits(), Limits(late_confirmation="honour_if_filed_in_time")
BERLIN, AUCKLAND, HONOLULU = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")

LAST_DAYS = [
    pytest.param(datetime(2026, 3, 1, 0, 0, tzinfo=UTC), date(2026, 5, 30), id="the catalogue's, first instant"),
    pytest.param(datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC), date(2026, 5, 30), id="the same, last instant"),
    pytest.param(datetime(2026, 1, 10, 23, 30, tzinfo=UTC), date(2026, 4, 10), id="Q14: 10 April in UTC"),
    pytest.param(datetime(2026, 1, 11, 0, 30, tzinfo=BERLIN), date(2026, 4, 10), id="Q14: the same instant in Berlin"),
    pytest.param(datetime(2026, 3, 1, 12, tzinfo=AUCKLAND), date(2026, 5, 29), id="east: already the next day there"),
    pytest.param(datetime(2026, 3, 1, 20, tzinfo=HONOLULU), date(2026, 5, 31), id="west: still the day before there"),
    pytest.param(datetime(2028, 1, 1, 12, tzinfo=UTC), date(2028, 3, 31), id="over a leap day"),
    pytest.param(datetime(2026, 1, 1, 12, tzinfo=UTC), date(2026, 4, 1), id="without a leap day"),
    pytest.param(datetime(2027, 12, 1, 12, tzinfo=UTC), date(2028, 2, 29), id="onto a leap day"),
    pytest.param(datetime(2026, 10, 2, 12, tzinfo=UTC), date(2026, 12, 31), id="to the last day of a year"),
    pytest.param(datetime(2026, 3, 28, 23, 30, tzinfo=BERLIN), date(2026, 6, 26), id="before the clocks go forward"),
    pytest.param(datetime(2026, 10, 25, 0, 30, tzinfo=BERLIN), date(2027, 1, 22), id="before the clocks go back"),
]


def about(kind: str, anchor_at: datetime | None, **changes: object) -> AppealFacts:
    """Facts with every condition of the type true."""
    listed = APPEAL_TYPES[kind]
    infraction = Infraction("V-1", listed.infractions[0], anchor_at, order_id="WO-1") if listed.infractions else None
    order = GoodsOrder(
        "WO-1",
        released_at=anchor_at,
        confirmed_fulfilled_at=NOW if kind == AppealType.CONFIRMED_FULFILMENT_SPEED else None,
        cancelled_by=Canceller.MERCHANT,
        tracking_number="RR123456785DE",
        refunds=(Refund("r1", RefundCategory.QUALITY, Responsibility.MERCHANT),),
    )
    facts = AppealFacts(
        kind, "m-1", Subject(SubjectKind.ORDER, "WO-1"), infraction, order, evidence=(Evidence(EvidenceKind.IMAGE),)
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


CLOCKED = [key for key, kind in APPEAL_TYPES.items() if kind.anchor != "none"]


@pytest.mark.rule("W-03", "W-11", "W-20", "Q13", "Q14")
@pytest.mark.parametrize(("anchor_at", "last_day"), LAST_DAYS)
@pytest.mark.parametrize("kind", CLOCKED)
def test_the_last_day_counts_whole(kind: str, anchor_at: datetime, last_day: date) -> None:
    facts = about(kind, anchor_at)
    first_outside = datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC) + DAY
    for at in (first_outside - DAY, first_outside - US):
        verdict = decide(facts, SubmitAppeal("x"), MERCHANT, at)
        assert isinstance(verdict, Allowed)
        assert verdict.effects == (FileAppeal(first_outside, 1),)
        assert appealable(facts, MERCHANT, at).days_left == 0
    late = decide(facts, SubmitAppeal("x"), MERCHANT, first_outside)
    assert isinstance(late, Refused) and late.codes == ("expired",)
    assert late.reasons[0].params["last_day"] == last_day
    assert late.reasons[0].params["closes_at"] == first_outside
    assert appealable(facts, MERCHANT, first_outside).days_left == -1


@pytest.mark.rule("W-13", "Q17")
def test_refunds_have_no_window_at_all() -> None:
    facts = about(AppealType.REFUND, None)
    for at in (NOW, NOW + 4000 * DAY):
        assert decide(facts, SubmitAppeal("x"), MERCHANT, at) == Allowed((FileAppeal(None, 1),), ("W-13", "W-26"))
        option = appealable(facts, MERCHANT, at)
        assert (option.window, option.days_left, option.is_urgent) == (None, None, False)
        assert (option.attempt, option.attempts) == (1, 3)
    filed = Appeal("a", AppealType.REFUND, AppealStatus.SUBMITTED, "WO-1", filed_at=NOW)
    decision = decide(replace(facts, appeal=filed), DecideAppeal(Outcome.REJECTED), PLATFORM, NOW + 4000 * DAY)
    assert isinstance(decision, Allowed)


CLOSES = datetime(2026, 5, 31, tzinfo=UTC)
FILED = Appeal("a", AppealType.UNFULFILLED_ORDER, AppealStatus.SUBMITTED, "WO-1", "V-1", CLOSES - US, CLOSES)


@pytest.mark.rule("W-03", "Q15")
@pytest.mark.parametrize("outcome", list(Outcome))
def test_strictly_nothing_is_decided_after_the_last_day(outcome: Outcome) -> None:
    facts = about(AppealType.UNFULFILLED_ORDER, datetime(2026, 3, 1, 9, tzinfo=UTC), appeal=FILED)
    assert isinstance(decide(facts, DecideAppeal(outcome), PLATFORM, CLOSES - US, STRICT), Allowed)
    for at in (CLOSES, CLOSES + 9 * DAY):
        verdict = decide(facts, DecideAppeal(outcome), PLATFORM, at, STRICT)
        assert isinstance(verdict, Refused) and verdict.codes == ("appeal_lapsed",)
        assert verdict.reasons[0].params["last_day"] == date(2026, 5, 30)
        assert isinstance(decide(facts, WithdrawAppeal(), MERCHANT, at, STRICT), Refused)
        assert isinstance(decide(facts, LapseAppeal(), PLATFORM, at, STRICT), Allowed)
        assert status_at(FILED, at, STRICT) is AppealStatus.LAPSED
    assert isinstance(decide(facts, LapseAppeal(), PLATFORM, CLOSES - US, STRICT), Refused)


@pytest.mark.rule("W-03", "Q15")
def test_honouring_lets_what_was_filed_in_time_be_decided_later() -> None:
    facts = about(AppealType.UNFULFILLED_ORDER, datetime(2026, 3, 1, 9, tzinfo=UTC), appeal=FILED)
    for at in (CLOSES - US, CLOSES, CLOSES + 900 * DAY):
        assert isinstance(decide(facts, DecideAppeal(Outcome.APPROVED), PLATFORM, at, HONOUR), Allowed)
        assert isinstance(decide(facts, WithdrawAppeal(), MERCHANT, at, HONOUR), Allowed)
        assert isinstance(decide(facts, LapseAppeal(), PLATFORM, at, HONOUR), Refused)
    # It honours what was filed in time, nothing else.
    late = replace(facts, appeal=replace(FILED, filed_at=CLOSES))
    assert isinstance(decide(late, DecideAppeal(Outcome.APPROVED), PLATFORM, CLOSES, HONOUR), Refused)
    assert isinstance(decide(late, LapseAppeal(), PLATFORM, CLOSES, HONOUR), Allowed)
    undated = replace(facts, appeal=replace(FILED, filed_at=None))
    assert isinstance(decide(undated, LapseAppeal(), PLATFORM, CLOSES, HONOUR), Allowed)
    unfiled = decide(replace(facts, appeal=None), SubmitAppeal("x"), MERCHANT, CLOSES, HONOUR)
    assert isinstance(unfiled, Refused) and unfiled.codes == ("expired",)


@pytest.mark.rule("Q15")
@pytest.mark.parametrize("lead", [0, 1, 7, 90])
def test_the_last_days_are_urgent(lead: int) -> None:
    limits = Limits(review_lead_days=lead)
    facts = about(AppealType.UNFULFILLED_ORDER, datetime(2026, 3, 1, 9, tzinfo=UTC))
    begin = CLOSES - lead * DAY
    assert urgent_from(CLOSES, limits) == begin
    assert not appealable(facts, MERCHANT, begin - US, limits).is_urgent
    assert appealable(facts, MERCHANT, begin, limits).is_urgent == (lead > 0)
    assert appealable(facts, MERCHANT, CLOSES - US, limits).is_urgent == (lead > 0)
    assert not appealable(facts, MERCHANT, CLOSES, limits).is_urgent


@pytest.mark.rule("Q13", "Q14")
@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(0, 24 * 3600 * 10**6 - 1))
def test_any_time_of_the_anchor_day_gives_the_same_window(day: datetime, microseconds: int) -> None:
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    closes_at = closing(midnight + timedelta(microseconds=microseconds))
    assert closes_at == midnight + 91 * DAY
    window = Window("issued", midnight, closes_at)
    assert window.last_day == (midnight + 90 * DAY).date()
    assert [window.days_left(midnight + n * DAY) for n in (0, 90, 91)] == [90, 0, -1]


@pytest.mark.rule("Q12")
def test_the_end_of_the_calendar_does_not_crash() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert closing(last) == last
    facts = about(AppealType.UNFULFILLED_ORDER, last)
    assert isinstance(decide(facts, SubmitAppeal("x"), MERCHANT, NOW), Allowed)
    window = window_of(facts, APPEAL_TYPES[AppealType.UNFULFILLED_ORDER], DEFAULT_LIMITS)
    assert window is not None and window.last_day == date.max


@pytest.mark.parametrize(
    "build",
    [
        lambda naive: Infraction("V-1", "x", naive),
        lambda naive: Infraction("V-1", "x", NOW, naive),
        lambda naive: GoodsOrder("WO-1", released_at=naive),
        lambda naive: GoodsOrder("WO-1", confirmed_fulfilled_at=naive),
        lambda naive: Appeal("a", "x", AppealStatus.SUBMITTED, filed_at=naive),
        lambda naive: Appeal("a", "x", AppealStatus.SUBMITTED, closes_at=naive),
        lambda naive: decide(about(AppealType.REFUND, None), SubmitAppeal("x"), MERCHANT, naive),
    ],
)
def test_a_datetime_without_an_offset_is_an_error(build: object) -> None:
    with pytest.raises(ValueError, match="offset"):
        build(datetime(2026, 3, 28, 12))  # type: ignore[operator]


def test_commands_and_facts_belong_together() -> None:
    with pytest.raises(TypeError):
        decide(about(AppealType.REFUND, None), ForceCancel(), MERCHANT, NOW)
    with pytest.raises(TypeError):
        decide(OrderFacts("FO-1", "c", "s", OrderState.ACTIVE), SubmitAppeal("x"), MERCHANT, NOW)


def test_the_standing_of_a_fresh_appeal_is_possible() -> None:
    for kind in CLOCKED:
        assert appealable(about(kind, NOW), MERCHANT, NOW).standing is Standing.POSSIBLE


@pytest.mark.rule("W-13", "W-21", "Q17b")
def test_an_approval_moves_exactly_the_refunds_that_could_be_appealed() -> None:
    refunds = (
        Refund("other", RefundCategory.OTHER, Responsibility.MERCHANT),
        Refund("quality", RefundCategory.QUALITY, Responsibility.MERCHANT),
        Refund("moved", RefundCategory.QUALITY, Responsibility.PLATFORM),
        Refund("logistics", RefundCategory.LOGISTICS, Responsibility.MERCHANT),
    )
    filed = Appeal("a", AppealType.REFUND, AppealStatus.SUBMITTED, "WO-1", filed_at=NOW)
    facts = about(AppealType.REFUND, None, order=GoodsOrder("WO-1", refunds=refunds), appeal=filed)
    assert decide(facts, DecideAppeal(Outcome.APPROVED), PLATFORM, NOW) == Allowed(
        (CloseAppeal("a", AppealStatus.APPROVED), MoveRefunds("WO-1", ("quality", "logistics"))), ("W-21",)
    )
