"""What holds for all facts, commands, actors and instants."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.policy import (
    Actor,
    Allowed,
    CancelOrder,
    CloseDispute,
    DisputeStatus,
    Expire,
    ForceCancel,
    Limits,
    OrderCommand,
    OrderFacts,
    OrderState,
    Refused,
    Role,
    Undetermined,
    available,
    decide,
    expiry_effects,
    possible_from,
)

from .moments import DAY, NOW, US
from .strategies import actors, commands, distances, instants, limits, orders

T = TypeVar("T")
pytestmark = pytest.mark.unit
many = settings(max_examples=400, deadline=None)


def moved(value: T, by: timedelta) -> T:
    """The same facts or verdict, every instant in it moved."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, tuple):
        return tuple(moved(entry, by) for entry in value)  # type: ignore[return-value]
    if isinstance(value, dict):
        return {key: moved(entry, by) for key, entry in value.items()}  # type: ignore[return-value]
    if hasattr(value, "__dataclass_fields__"):
        changes = {entry.name: moved(getattr(value, entry.name), by) for entry in fields(value)}  # type: ignore[arg-type]
        return replace(value, **changes)  # type: ignore[type-var]
    return value


def instants_in(value: Any) -> list[datetime]:
    if isinstance(value, datetime):
        return [value]
    if isinstance(value, dict):
        return [found for entry in value.values() for found in instants_in(entry)]
    if isinstance(value, tuple):
        return [found for entry in value for found in instants_in(entry)]
    if hasattr(value, "__dataclass_fields__"):
        return [found for entry in fields(value) for found in instants_in(getattr(value, entry.name))]
    return []


@many
@given(orders, commands, actors, limits, distances)
def test_only_differences_of_time_matter(
    facts: OrderFacts, command: OrderCommand, actor: Actor, rules: Limits, by: timedelta
) -> None:
    verdict = decide(facts, command, actor, NOW, rules)
    assert decide(moved(facts, by), moved(command, by), actor, NOW + by, rules) == moved(verdict, by)


@many
@given(orders, commands, actors, st.integers(-14 * 60, 14 * 60))
def test_the_zone_an_instant_is_written_in_does_not_matter(
    facts: OrderFacts, command: OrderCommand, actor: Actor, minutes: int
) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(minutes=minutes)))
    verdict = decide(facts, command, actor, elsewhere)
    assert verdict == decide(facts, command, actor, NOW)
    assert all(found.tzinfo is UTC for found in instants_in(verdict))


@many
@given(orders, commands, actors, limits)
def test_verdicts_are_complete(facts: OrderFacts, command: OrderCommand, actor: Actor, rules: Limits) -> None:
    verdict = decide(facts, command, actor, NOW, rules)
    match verdict:
        case Allowed(effects, ids):
            assert effects and ids
        case Refused(reasons):
            assert all(reason.params["order_id"] == "FO-1" for reason in reasons)
            assert len(set(verdict.codes)) == len(reasons)
        case Undetermined(missing):
            assert missing == ("expected_delivery_at",) and isinstance(command, ForceCancel)


@pytest.mark.rule("M-13", "M-12", "M-18")
@many
@given(orders, commands, actors, limits)
def test_it_makes_no_difference_whether_a_sweeper_has_run(
    facts: OrderFacts, command: OrderCommand, actor: Actor, rules: Limits
) -> None:
    swept = facts
    for effect in expiry_effects(facts, NOW, rules):
        if isinstance(effect, CloseDispute):
            ended = next(dispute for dispute in [facts.open_dispute] if dispute is not None)
            past = (replace(ended, status=DisputeStatus.EXPIRED), *facts.past_disputes)
            swept = replace(swept, open_dispute=None, past_disputes=past)
        if isinstance(effect, CancelOrder):
            swept = replace(swept, state=OrderState.CANCELLED)
    if not isinstance(command, Expire):
        assert decide(swept, command, actor, NOW, rules) == decide(facts, command, actor, NOW, rules)
    assert expiry_effects(swept, NOW, rules) == ()


@pytest.mark.rule("M-04")
@many
@given(orders, commands, instants)
def test_strangers_cannot_tell_orders_apart(facts: OrderFacts, command: OrderCommand, now: datetime) -> None:
    if isinstance(command, Expire):
        return
    for stranger in (Actor(Role.CUSTOMER, "s-1"), Actor(Role.SELLER, "x"), Actor(Role.PLATFORM, "c-1")):
        verdict = decide(facts, command, stranger, now)
        bare = OrderFacts(facts.id, "c-1", "s-1", OrderState.ACTIVE)
        assert verdict == decide(bare, command, stranger, now)
        assert isinstance(verdict, Refused) and verdict.codes == ("no_access",)


@pytest.mark.rule("M-26")
@many
@given(orders, instants, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_what_may_be_forced_may_be_forced_later_too(facts: OrderFacts, now: datetime, wait: timedelta) -> None:
    customer = Actor(Role.CUSTOMER, "c-1")
    if isinstance(decide(facts, ForceCancel(), customer, now), Allowed):
        assert isinstance(decide(facts, ForceCancel(), customer, now + wait), Allowed)


@pytest.mark.rule("M-27", "M-12")
@many
@given(orders, commands, actors, instants, limits)
def test_possible_from_is_the_first_instant(
    facts: OrderFacts, command: OrderCommand, actor: Actor, now: datetime, rules: Limits
) -> None:
    opens = possible_from(facts, command, actor, now, rules)
    verdict = decide(facts, command, actor, now, rules)
    if opens is None:
        if not isinstance(verdict, Allowed):
            for wait in (US, DAY, 3 * DAY, 400 * DAY):
                assert not isinstance(decide(facts, command, actor, now + wait, rules), Allowed)
    else:
        assert opens > now
        assert isinstance(decide(facts, command, actor, opens, rules), Allowed)
        if not isinstance(verdict, Allowed):
            assert not isinstance(decide(facts, command, actor, opens - US, rules), Allowed)


@many
@given(orders, actors, instants, limits)
def test_the_menu_says_what_decide_says(facts: OrderFacts, actor: Actor, now: datetime, rules: Limits) -> None:
    options = available(facts, actor, now, rules)
    assert len({option.command_name for option in options}) == len(options)
    for option in options:
        assert option.command_name == option.command.name
        assert not instants_in(option.command)
        if not option.needs:
            assert option.verdict == decide(facts, option.command, actor, now, rules)
        else:
            without = decide(facts, option.command, actor, now, rules)
            assert isinstance(without, Refused)
            lacks = {"reason_needed", "date_missing", "answer_missing"}
            left = set(without.codes) - lacks
            assert lacks & set(without.codes) or left & {"no_access", "rc_closed"}
            told = set(option.verdict.codes) if isinstance(option.verdict, Refused) else set()
            assert told == left
        if option.possible_from is not None:
            assert not isinstance(option.verdict, Allowed) and option.possible_from > now
