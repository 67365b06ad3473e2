"""Every phrase of the two tables: the value that is found in it, and the day it means in Europe/Berlin."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from actions.handlers.dates import resolve
from bot.nlu.date_words import words_of
from bot.nlu.dates import find_dates

BERLIN = ZoneInfo("Europe/Berlin")
TABLES = {
    language: yaml.safe_load((Path(__file__).parent / f"dates_{language}.yml").read_text("utf-8"))
    for language in ("de", "en")
}
DATES = [(language, row) for language, table in TABLES.items() for row in table["dates"]]
NO_DATES = [(language, phrase) for language, table in TABLES.items() for phrase in table["not_dates"]]

pytestmark = pytest.mark.unit


def _name(value: Any) -> str | None:
    return f"{value['phrase']}@{value['now'][:10]}" if isinstance(value, dict) else None


@pytest.mark.parametrize(("language", "row"), DATES, ids=_name)
def test_a_phrase_gives_its_value(language: str, row: dict[str, Any]) -> None:
    assert [span.value for span in find_dates(row["phrase"])] == [row["value"]]


@pytest.mark.parametrize(("language", "row"), DATES, ids=_name)
def test_a_value_gives_its_day(language: str, row: dict[str, Any]) -> None:
    current = datetime.fromisoformat(row["current_delivery"]) if row["current_delivery"] else None
    found = resolve(row["value"], now=datetime.fromisoformat(row["now"]), zone=BERLIN, current=current)
    assert found is not None
    if "T" in row["resolved"]:
        assert found == datetime.fromisoformat(row["resolved"])
        return
    assert found.astimezone(BERLIN).date() == date.fromisoformat(row["resolved"])
    if current is not None:  # the delivery keeps its time of day
        assert found.astimezone(BERLIN).time() == current.astimezone(BERLIN).time()


@pytest.mark.parametrize(("language", "phrase"), NO_DATES)
def test_what_is_no_date_gives_nothing(language: str, phrase: str) -> None:
    assert find_dates(phrase) == []


def test_the_tables_are_as_large_as_they_should_be() -> None:
    assert all(len(table["dates"]) >= 60 and len(table["not_dates"]) >= 40 for table in TABLES.values())


@pytest.mark.parametrize(
    "value", ["", "soon", "13-40", "31-11", "week:60", "next:someday", "2026-02-30", "+", "in:3", "in:1dT25:00"]
)
def test_a_value_that_is_no_day_resolves_to_none(value: str) -> None:
    now = datetime.fromisoformat("2026-11-24T10:15:00+01:00")
    assert resolve(value, now=now, zone=BERLIN, current=None) is None


def test_an_iso_instant_from_a_button_is_taken_as_it_is() -> None:
    now = datetime.fromisoformat("2026-11-24T10:15:00+01:00")
    value = "2026-12-14T18:00:00+01:00"
    assert resolve(value, now=now, zone=BERLIN, current=None) == datetime.fromisoformat(value)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Ich schaffe es bis Freitag um 15 Uhr, versprochen.", "Freitag um 15 Uhr"),
        ("übermorgn wäre gut", "übermorgn"),
        ("please make it the 14th of December", "14th of December"),
        ("ich brauche drei Tage länger", "drei Tage länger"),
        ("bis zum 5. ginge es", "5."),
        ("extend it by two weeks", "by two weeks"),
        ("Ginge Freitag, den 4. Dezember auch?", "Freitag, den 4. Dezember"),
    ],
)
def test_the_span_is_the_phrase(text: str, phrase: str) -> None:
    (span,) = find_dates(text)
    assert text[span.start : span.end] == phrase


def test_two_dates_are_found_in_reading_order() -> None:
    assert [s.value for s in find_dates("nicht am Freitag, sondern am 14.12.")] == ["next:friday", "12-14"]


@pytest.mark.parametrize("text", ["Äußerst naechste Woche", "İstanbul am 14.12.", "x" * 3, "🙏 bis Freitag 🙏"])
def test_every_character_keeps_its_place(text: str) -> None:
    words = words_of(text)
    assert len(words.origin) == len(words.text) + 1
    assert words.origin[0] == 0 and words.origin[-1] == len(text)
    assert list(words.origin) == sorted(words.origin)
    for span in find_dates(text):
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""


@pytest.mark.parametrize(
    "text",
    [
        "er ist seit zwei Tagen drüber",
        "um zwei Tage überzogen",
        "he is late by two days",
        "last Friday",
        "jeden Montag",
    ],
)
def test_the_past_is_no_date_to_ask_for(text: str) -> None:
    assert find_dates(text) == []
