"""The list of appealable types: closed, versioned, understood whole; and the option made from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from importlib.resources import files

import pytest

from actions.policy import (
    APPEAL_TYPES,
    APPEAL_TYPES_VERSION,
    Actor,
    Appeal,
    AppealFacts,
    AppealStatus,
    AppealType,
    Evidence,
    EvidenceKind,
    GoodsOrder,
    Infraction,
    Limits,
    Role,
    Standing,
    Subject,
    SubjectKind,
    appealable,
)
from actions.policy.appeal_conditions import CHECKS
from actions.policy.appeal_types import read_types

from .moments import DAY, NOW

pytestmark = pytest.mark.unit
TEXT = files("actions.policy").joinpath("appeal_types.toml").read_text(encoding="utf-8")
MERCHANT = Actor(Role.SELLER, "m-1")
ORDER = Subject(SubjectKind.ORDER, "WO-1")


@pytest.mark.rule("W-01", "W-02", "W-10", "W-11", "W-12", "W-13", "W-22", "W-23", "W-24")
def test_the_thirteen_types_with_rule_anchor_and_route() -> None:
    listed = {key: (kind.rule, kind.level, kind.anchor, kind.route) for key, kind in APPEAL_TYPES.items()}
    order = ("W-22", "infraction", "issued", "order_infractions")
    policy = ("W-23", "infraction", "issued", "policy_infractions")
    assert listed == {
        "fulfilment_rate": ("W-10", "metric", "issued", "order_infractions_action"),
        "valid_tracking_rate": ("W-11", "metric", "released", "tracking_article"),
        "confirmed_fulfilment_speed": ("W-12", "metric", "issued", "tracking_article"),
        "refund": ("W-13", "metric", "none", "refund_details"),
        **dict.fromkeys(
            ["misleading_tracking", "order_cancellation", "unfulfilled_order", "late_confirmed_fulfilment"], order
        ),
        **dict.fromkeys(
            ["prohibited_product", "misleading_listing", "ip_infringement", "material_listing_change"], policy
        ),
        "repeat_ip_infringement": ("W-24", "infraction", "none", "account_manager"),
    }
    assert set(listed) == set(AppealType) and len(listed) == 13
    assert APPEAL_TYPES_VERSION


@pytest.mark.rule("W-11", "W-12", "W-22", "W-23")
def test_only_two_types_demand_evidence() -> None:
    assert {key: kind.needs for key, kind in APPEAL_TYPES.items() if kind.needs} == {
        "valid_tracking_rate": ("tracking", "proof"),
        "confirmed_fulfilment_speed": ("proof",),
    }


def test_every_check_is_used_and_every_code_is_one_condition() -> None:
    conditions = [condition for kind in APPEAL_TYPES.values() for condition in kind.conditions]
    assert {condition.check for condition in conditions} == set(CHECKS)
    assert len({condition.code for condition in conditions}) == len(conditions)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('key = "refund"', 'key = "fulfilment_rate"'),
        ('anchor = "released"', 'anchor = "shipped"'),
        ('level = "metric"', 'level = "shop"'),
        ('check = "not_confirmed"', 'check = "sunny"'),
        ('needs = ["proof"]', 'needs = ["patience"]'),
        ('window = "W-11"\n', ""),
        ('refer = "repeat_ip"', 'refers = "repeat_ip"'),
        ('code = "fr_not_merchant"', 'kode = "fr_not_merchant"'),
    ],
)
def test_a_list_that_is_not_understood_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError):
        read_types(TEXT.replace(old, new, 1))


@pytest.mark.rule("W-02")
def test_a_new_type_is_a_change_of_data() -> None:
    more = TEXT + '[[types]]\nkey = "late_answer"\nrule = "W-02"\nlevel = "metric"\nanchor = "issued"\nroute = "r"\n'
    version, types = read_types(more + 'window = "W-03"\ninfractions = ["late_answer"]\n')
    assert version == APPEAL_TYPES_VERSION and types["late_answer"].carriers == ("late_answer",)


def facts(kind: str, day: int | None = 5, **changes: object) -> AppealFacts:
    issued_at: datetime | None = None if day is None else NOW - day * DAY
    own = APPEAL_TYPES[kind].infractions if kind in APPEAL_TYPES else (kind,)
    infraction = Infraction("V-1", own[0], issued_at, order_id="WO-1") if own else None
    base = AppealFacts(kind, "m-1", ORDER, infraction, GoodsOrder("WO-1", released_at=issued_at))
    return replace(base, **changes)  # type: ignore[arg-type]


RUNNING = Appeal("a", "unfulfilled_order", AppealStatus.SUBMITTED, "WO-1", "V-1", NOW, NOW + DAY)


@pytest.mark.parametrize(
    ("given", "standing", "needs"),
    [
        pytest.param(facts("unfulfilled_order"), Standing.POSSIBLE, ("ground",), id="possible"),
        pytest.param(facts("unfulfilled_order", 91), Standing.LOST, ("ground",), id="too late"),
        pytest.param(facts("unfulfilled_order", None), Standing.UNKNOWN, ("ground",), id="no date"),
        pytest.param(facts("unfulfilled_order", others=(RUNNING,)), Standing.RUNNING, ("ground",), id="running"),
        pytest.param(facts("repeat_ip_infringement"), Standing.REFERRED, ("ground",), id="account manager"),
        pytest.param(facts("average_rating"), Standing.LOST, ("ground",), id="unlisted"),
        pytest.param(facts("fulfilment_rate"), Standing.LOST, ("ground",), id="not cancelled by the merchant"),
        pytest.param(
            facts("valid_tracking_rate"),
            Standing.MISSING,
            ("ground", "tracking", "proof"),
            id="both missing",
        ),
        pytest.param(
            facts("valid_tracking_rate", tracking_number="RR123456785DE"),
            Standing.MISSING,
            ("ground", "proof"),
            id="proof missing",
        ),
        pytest.param(
            facts("valid_tracking_rate", tracking_number="RR1", evidence=(Evidence(EvidenceKind.IMAGE),)),
            Standing.POSSIBLE,
            ("ground",),
            id="nothing missing",
        ),
        pytest.param(
            facts("valid_tracking_rate", 91), Standing.LOST, ("ground", "tracking", "proof"), id="missing and too late"
        ),
        pytest.param(
            facts("valid_tracking_rate", order=None),
            Standing.MISSING,
            ("ground", "tracking", "proof"),
            id="order unknown and proof missing",
        ),
        pytest.param(facts("confirmed_fulfilment_speed"), Standing.MISSING, ("ground", "proof"), id="date missing"),
    ],
)
def test_standing_and_needs(given: AppealFacts, standing: Standing, needs: tuple[str, ...]) -> None:
    option = appealable(given, MERCHANT, NOW)
    assert (option.standing, option.needs) == (standing, needs)
    assert "ground" not in appealable(given, MERCHANT, NOW, Limits(ground_required=False)).needs


@pytest.mark.rule("W-21")
def test_the_standing_of_what_was_reversed_is_settled() -> None:
    given = facts("unfulfilled_order", 91)
    assert given.infraction is not None
    undone = replace(given, infraction=replace(given.infraction, is_reversed=True))
    assert appealable(undone, MERCHANT, NOW).standing is Standing.SETTLED


@pytest.mark.rule("W-03")
def test_what_if_it_is_later_or_more_is_attached() -> None:
    given = facts("valid_tracking_rate", 85)
    assert appealable(given, MERCHANT, NOW).days_left == 5
    with_both = replace(given, tracking_number="RR123456785DE", evidence=(Evidence(EvidenceKind.IMAGE),))
    assert appealable(with_both, MERCHANT, NOW).standing is Standing.POSSIBLE
    assert appealable(with_both, MERCHANT, NOW + 7 * DAY).standing is Standing.LOST


@pytest.mark.rule("W-01")
@pytest.mark.parametrize(
    ("given", "order_id", "infraction_id"),
    [
        pytest.param(AppealFacts("refund", "m-1", ORDER), "WO-1", None, id="an order"),
        pytest.param(AppealFacts("x", "m-1", Subject(SubjectKind.INFRACTION, "V-1")), None, "V-1", id="an infraction"),
        pytest.param(
            AppealFacts("x", "m-1", ORDER, Infraction("V-2", "x", NOW)), "WO-1", "V-2", id="an order by its infraction"
        ),
        pytest.param(
            AppealFacts("x", "m-1", Subject(SubjectKind.INFRACTION, "V-1"), Infraction("V-1", "x", NOW, None, "WO-2")),
            "WO-2",
            "V-1",
            id="an infraction on an order",
        ),
    ],
)
def test_both_levels_are_known_where_the_facts_say_them(
    given: AppealFacts, order_id: str | None, infraction_id: str | None
) -> None:
    assert (given.order_id, given.infraction_id) == (order_id, infraction_id)
