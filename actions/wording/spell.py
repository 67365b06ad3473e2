"""Spelling out instants and durations the way people read them, in their own zone."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list

_DAY_OF_YEAR = {"de": "EEEE, d. MMMM", "en": "EEEE, d MMMM"}
_TIME = {"de": "{:%H:%M} Uhr", "en": "{:%H:%M}"}
_DAY = {"de": "EEEE, d. MMMM y", "en": "EEEE, d MMMM y"}
_SHORT = {"de": "EEE, d. MMM", "en": "EEE, d MMM"}
_HOURS_UP_TO = 72
_JOINERS = "\u200c\u200d"  # parts of words and of emoji
_UNITS = {
    "de": (("Tag", "Tagen"), ("Stunde", "Stunden"), ("Minute", "Minuten")),
    "en": (("day", "days"), ("hour", "hours"), ("minute", "minutes")),
}


def language(locale: str) -> str:
    """The language of a locale of ours: ``de-formal`` is written in ``de``."""
    return locale.split("-")[0]


def instant(value: datetime, locale: str, zone: ZoneInfo, *, now: datetime | None = None) -> str:
    """An aware instant in ``zone``; the year is named when it is not the year of ``now``."""
    local = value.astimezone(zone)
    same_year = now is None or now.astimezone(zone).year == local.year
    of = language(locale)
    return f"{_named_day(local.date(), (_DAY_OF_YEAR if same_year else _DAY)[of], of)}, {_TIME[of].format(local)}"


def zoned(value: datetime, locale: str, zone: ZoneInfo, *, now: datetime | None = None) -> str:
    """An instant with the offset of its zone: „Sonntag, 31. Mai, 02:00 Uhr (UTC+2)"."""
    offset = value.astimezone(zone).utcoffset() or timedelta()
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    shown = f"{'-' if offset < timedelta() else '+'}{hours}{f':{minutes:02}' if minutes else ''}" if offset else ""
    return f"{instant(value, locale, zone, now=now)} (UTC{shown})"


def short_day(value: datetime, locale: str, zone: ZoneInfo) -> str:
    """The day of an instant, short enough for a button."""
    return _named_day(value.astimezone(zone).date(), _SHORT[language(locale)], language(locale))


def day(value: date, locale: str) -> str:
    """A calendar day with its weekday and year."""
    return _named_day(value, _DAY[language(locale)], language(locale))


@lru_cache(maxsize=4096)
def _named_day(value: date, pattern: str, of: str) -> str:
    """The same few days are named again and again, and CLDR's patterns are slow."""
    return str(format_date(value, pattern, locale=of))


def duration(value: timedelta, locale: str) -> str:
    """A duration in days, hours and minutes, the two largest units that are not zero; rounded up to a minute.

    Up to three days it is given in hours, as the limits of the policies are. German days are in the dative, as they
    follow „in" and „seit".
    """
    minutes = max(1, -(-int(value.total_seconds()) // 60))
    days, rest = divmod(minutes, 24 * 60)
    if minutes <= _HOURS_UP_TO * 60:
        days, rest = 0, minutes
    amounts = (days, rest // 60, rest % 60)
    named = [
        f"{amount} {singular if amount == 1 else plural}"
        for amount, (singular, plural) in zip(amounts, _UNITS[language(locale)], strict=True)
        if amount
    ]
    return " ".join(named[:2])


def listing(items: list[str], locale: str, *, either: bool = False) -> str:
    """„a, b und c", or with ``either`` „a, b oder c"."""
    british = "en_GB" if language(locale) == "en" else language(locale)
    return str(format_list(items, style="or" if either else "standard", locale=Locale.parse(british)))


def plain(text: str) -> str:
    """Somebody's text on one line, without control characters and without marks that turn the writing direction."""
    if text.isprintable() and "  " not in text:  # nothing to do, which is nearly always so
        return text.strip()
    folded = re.sub(r"\s+", " ", text).strip()
    return "".join(char for char in folded if unicodedata.category(char) not in ("Cc", "Cf") or char in _JOINERS)


def quoted(text: str, locale: str) -> str:
    """A person's own words in quotation marks, ended like a sentence, or an empty string."""
    text = plain(re.sub(r"[„“”\"«»]", "'", text))  # so that nobody ends the quotation and speaks as Lotse
    if not text:
        return ""
    opening, closing = ("“", "”") if language(locale) == "en" else ("„", "“")
    return f"{opening}{text}{closing}" + ("" if text[-1] in ".!?…" else ".")
