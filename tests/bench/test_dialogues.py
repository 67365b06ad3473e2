"""The conversations of the load: well formed, and of everyone alone."""

from __future__ import annotations

import pytest

from bench import seed
from bench.dialogues import Dialogue, load, plays
from bench.load import find
from bench.sides import Button

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("dialogue", load(), ids=lambda dialogue: dialogue.name)
def test_nothing_is_pressed_before_it_was_shown(dialogue: Dialogue) -> None:
    """A button is pressed only by somebody who was answered before."""
    answered = set()
    for step in dialogue.steps:
        assert not step.pressed or step.role in answered, step
        answered.add(step.role)


@pytest.mark.parametrize("dialogue", load(), ids=lambda dialogue: dialogue.name)
def test_what_comes_of_everything_is_checked(dialogue: Dialogue) -> None:
    subjects = {*dialogue.orders, *dialogue.infractions}
    assert set(dialogue.then) <= subjects
    assert set(dialogue.then) >= (set(dialogue.infractions) or set(dialogue.orders))


def test_there_is_something_of_everything() -> None:
    steps = [step for dialogue in load() for step in dialogue.steps]
    pressed = sum(step.pressed for step in steps) / len(steps)
    assert 0.25 < pressed < 0.6
    assert {dialogue.locales.get("customer") for dialogue in load()} == {None, "en"}
    outcomes = {word for dialogue in load() for then in dialogue.then.values() for word in then.get("disputes", ())}
    assert {"update answered", "cancellation accepted", "cancellation declined", "extension accepted"} <= outcomes


def test_no_two_plays_share_a_person_or_a_number() -> None:
    some = list(plays(0, 300))
    assert len({person.id for one in some for person in one.people.values()}) == 600
    numbers = [number for one in some for number in one.ids.values()]
    assert len(set(numbers)) == len(numbers)


def test_a_play_says_its_own_numbers() -> None:
    one = next(one for one in plays(0, 50) if one.dialogue.name == "seller cancels, by number")
    assert one.ids["shop"] in one.words(one.dialogue.steps[0])


def test_the_button_is_the_first_whose_title_begins_so() -> None:
    buttons = [Button("Nein", "a"), Button("Ja, annehmen", "b"), Button("Ja", "c")]
    assert find(buttons, "Ja") == buttons[1]
    assert find(buttons, "Vielleicht") is None
    assert find((), "Ja") is None


def test_strangers_have_orders_of_their_own() -> None:
    from datetime import UTC, datetime

    rows = list(seed.strangers(60, datetime(2026, 11, 21, tzinfo=UTC)))
    assert len({row["id"] for row in rows}) == 60
    assert len({row["customer_id"] for row in rows}) == 3
    assert {row["state"] for row in rows} == {"active", "completed"}
