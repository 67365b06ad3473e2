"""Instants, durations and lists as people read them, and what happens when a value or a text is missing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from actions.wording import LOCALES, MissingText, Term, Wording, spell

pytestmark = pytest.mark.unit

BERLIN, NEW_YORK, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("at", "locale", "zone", "text"),
    [
        (utc(2026, 11, 23, 13), "de", BERLIN, "Montag, 23. November, 14:00 Uhr"),
        (utc(2026, 11, 23, 13), "de-formal", BERLIN, "Montag, 23. November, 14:00 Uhr"),
        (utc(2026, 11, 23, 13), "en", BERLIN, "Monday, 23 November, 14:00"),
        (utc(2026, 11, 23, 23, 30), "de", BERLIN, "Dienstag, 24. November, 00:30 Uhr"),
        (utc(2026, 11, 23, 3), "en", NEW_YORK, "Sunday, 22 November, 22:00"),
        (utc(2026, 11, 23, 13), "de", KATHMANDU, "Montag, 23. November, 18:45 Uhr"),
        (utc(2026, 3, 29, 0, 59), "de", BERLIN, "Sonntag, 29. März, 01:59 Uhr"),
        (utc(2026, 3, 29, 1, 0), "de", BERLIN, "Sonntag, 29. März, 03:00 Uhr"),
        (utc(2026, 10, 25, 0, 59), "de", BERLIN, "Sonntag, 25. Oktober, 02:59 Uhr"),
        (utc(2026, 10, 25, 1, 0), "de", BERLIN, "Sonntag, 25. Oktober, 02:00 Uhr"),
        (utc(2026, 10, 25, 2, 0), "de", BERLIN, "Sonntag, 25. Oktober, 03:00 Uhr"),
        (utc(2026, 5, 4, 7, 5), "de", BERLIN, "Montag, 4. Mai, 09:05 Uhr"),
    ],
)
def test_instants(at: datetime, locale: str, zone: ZoneInfo, text: str) -> None:
    assert spell.instant(at, locale, zone, now=utc(2026, 6, 1)) == text
    elsewhere = at.astimezone(timezone(timedelta(hours=-9)))
    assert spell.instant(elsewhere, locale, zone, now=utc(2026, 6, 1)) == text, "the zone of the value does not matter"


@pytest.mark.rule("M-10", "M-26")
def test_48_hours_across_the_march_change_end_an_hour_later_on_the_wall() -> None:
    filed = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN).astimezone(UTC)
    due = filed + timedelta(hours=48)
    assert spell.instant(due, "de", BERLIN, now=filed) == "Montag, 30. März, 13:00 Uhr"
    autumn = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN).astimezone(UTC)
    assert spell.instant(autumn + timedelta(hours=48), "de", BERLIN, now=autumn) == "Montag, 26. Oktober, 11:00 Uhr"


@pytest.mark.parametrize(
    ("now", "zone", "year"),
    [
        (utc(2026, 12, 31, 12), BERLIN, True),
        (utc(2026, 12, 31, 23, 30), BERLIN, False),
        (utc(2026, 12, 31, 23, 30), NEW_YORK, True),
        (None, BERLIN, False),
    ],
)
def test_the_year_is_named_when_it_is_another_one(now: datetime | None, zone: ZoneInfo, year: bool) -> None:
    assert ("2027" in spell.instant(utc(2027, 1, 4, 9), "de", zone, now=now)) is year


@pytest.mark.parametrize(
    ("length", "german", "english"),
    [
        (timedelta(0), "1 Minute", "1 minute"),
        (timedelta(microseconds=1), "1 Minute", "1 minute"),
        (timedelta(seconds=61), "2 Minuten", "2 minutes"),
        (timedelta(hours=1), "1 Stunde", "1 hour"),
        (timedelta(hours=5, minutes=20), "5 Stunden 20 Minuten", "5 hours 20 minutes"),
        (timedelta(hours=24), "24 Stunden", "24 hours"),
        (timedelta(hours=48), "48 Stunden", "48 hours"),
        (timedelta(hours=72), "72 Stunden", "72 hours"),
        (timedelta(days=4), "4 Tagen", "4 days"),
        (timedelta(days=4, hours=3, minutes=59), "4 Tagen 3 Stunden", "4 days 3 hours"),
        (timedelta(days=4, minutes=5), "4 Tagen 5 Minuten", "4 days 5 minutes"),
    ],
)
def test_durations(length: timedelta, german: str, english: str) -> None:
    assert spell.duration(length, "de") == spell.duration(length, "de-formal") == german
    assert spell.duration(length, "en") == english


@pytest.mark.rule("M-10", "M-15", "M-26")
def test_the_limits_are_said_in_the_policys_hours(wording: Wording) -> None:
    from actions.policy import DEFAULT_LIMITS

    said = wording.text(
        "answer_window_customer", "de", BERLIN, {"window": DEFAULT_LIMITS.answer_window, "silence": "–"}
    )
    assert "bis zu 48 Stunden Zeit" in said
    assert "24 Stunden nach" in wording.text("force_rule", "de", BERLIN, {"after": DEFAULT_LIMITS.force_after})


def test_lists() -> None:
    assert spell.listing(["a"], "de") == "a"
    assert spell.listing(["a", "b", "c"], "de-formal") == "a, b und c"
    assert spell.listing(["a", "b"], "en", either=True) == "a or b"


def test_a_list_in_british_english_has_no_comma_before_and() -> None:
    assert spell.listing(["a", "b", "c"], "en") == "a, b and c"


def test_values_are_spelled_by_what_they_are(wording: Wording) -> None:
    assert wording.spell(Term("role_seller"), "de", BERLIN) == "die Verkäuferseite"
    assert wording.spell([Term("missing_reason"), Term("missing_text")], "en", BERLIN) == "a reason and an explanation"
    assert wording.spell(date(2026, 5, 30), "de", BERLIN) == "Samstag, 30. Mai 2026"
    assert wording.spell(7, "de", BERLIN) == "7"


def test_what_is_missing_raises(wording: Wording) -> None:
    with pytest.raises(MissingText, match="no_such_text"):
        wording.text("no_such_text", "de", BERLIN)
    with pytest.raises(MissingText, match="in fr"):
        wording.text("thank", "fr", BERLIN)
    with pytest.raises(MissingText, match=r"names \{order_id\}"):
        wording.text("no_access", "de", BERLIN, {"order": "FO-1"})
    with pytest.raises(MissingText, match="no_such_term"):
        wording.text("no_access", "de", BERLIN, {"order_id": Term("no_such_term")})


def test_a_value_of_none_is_missing(wording: Wording) -> None:
    with pytest.raises(MissingText):
        wording.text("no_access", "de", BERLIN, {"order_id": None})


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_is_spoken(wording: Wording, locale: str) -> None:
    assert wording.text("thank", locale, "Europe/Berlin")


@pytest.mark.rule("W-03")
@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "Sonntag, 31. Mai, 02:00 Uhr (UTC+2)"),
        ("America/Los_Angeles", "Samstag, 30. Mai, 17:00 Uhr (UTC-7)"),
        ("Asia/Kolkata", "Sonntag, 31. Mai, 05:30 Uhr (UTC+5:30)"),
        ("America/St_Johns", "Samstag, 30. Mai, 21:30 Uhr (UTC-2:30)"),
        ("UTC", "Sonntag, 31. Mai, 00:00 Uhr (UTC)"),
    ],
)
def test_the_end_of_a_window_is_shown_in_the_readers_zone_with_its_offset(zone: str, shown: str) -> None:
    """Q14: the last day is counted in UTC, west of it the window closes on that day."""
    closes_at = datetime(2026, 5, 31, tzinfo=UTC)
    assert spell.zoned(closes_at, "de", ZoneInfo(zone), now=closes_at) == shown
