"""The texts of ``data/responses``, chosen by locale and filled with values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from actions.wording import spell

LOCALES = ("de", "de-formal", "en")
_PREFIX = "utter_"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times as fast


class MissingText(LookupError):
    """A text, one of its locales, or a value that it names, is not there."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value that is itself a text, for example the name of a role: ``Term("role_seller")``."""

    name: str


@dataclass(frozen=True, slots=True)
class ShortDay:
    """An instant of which only the day is named, short enough for a button."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Zoned:
    """An instant that a rule fixes in UTC, shown in the reader's zone with its offset."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Button:
    """A button: its title, and a Rasa payload (``/intent{json}``) that the gateway replaces by an opaque token."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to be shown, with its buttons."""

    text: str
    buttons: tuple[Button, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Wording:
    """All texts by name (without ``utter_``) and locale."""

    texts: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, folder: Path) -> Wording:
        """Read every ``*.yml`` of a folder; a text defined twice is an error, since Rasa would drop one silently.

        So is a folder without any: better no start than a crash at the first sentence.
        """
        texts: dict[str, dict[str, str]] = {}
        for path in sorted(folder.glob("*.yml")):
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}  # noqa: S506 - a safe loader
            for name, variations in (content.get("responses") or {}).items():
                key = name.removeprefix(_PREFIX)
                if key in texts:
                    raise MissingText(f"{name} is defined twice, the second time in {path.name}")
                texts[key] = {_locale_of(variation): variation["text"].strip() for variation in variations}
        if not texts:
            raise MissingText(f"there are no texts in {folder}")
        return cls(texts)

    def text(
        self,
        name: str,
        locale: str,
        zone: str | ZoneInfo,
        params: Mapping[str, Any] | None = None,
        *,
        now: datetime | None = None,
    ) -> str:
        """The text ``name`` in ``locale`` with instants of ``params`` spelled out in ``zone``.

        Raises ``MissingText`` when the text, its locale or a value that it names is missing.
        """
        template = self._template(name, locale)
        zone = ZoneInfo(zone) if isinstance(zone, str) else zone
        given = params or {}
        filled: dict[str, str] = {}
        for key in _named(template):
            if given.get(key) is None:
                raise MissingText(f"{_PREFIX}{name} names {{{key}}}, which was not given")
            filled[key] = self.spell(given[key], locale, zone, now)
        return template.format_map(filled)

    def spell(self, value: object, locale: str, zone: ZoneInfo, now: datetime | None = None) -> str:
        """One value as people read it: instants in their zone, durations in words, terms in the locale."""
        if isinstance(value, Term):
            return self._template(value.name, locale)
        if isinstance(value, ShortDay):
            return spell.short_day(value.at, locale, zone)
        if isinstance(value, Zoned):
            return spell.zoned(value.at, locale, zone, now=now)
        if isinstance(value, datetime):
            return spell.instant(value, locale, zone, now=now)
        if isinstance(value, date):
            return spell.day(value, locale)
        if isinstance(value, timedelta):
            return spell.duration(value, locale)
        if isinstance(value, list | tuple):
            return spell.listing([self.spell(item, locale, zone, now) for item in value], locale)
        return spell.plain(str(value))

    def notice(
        self,
        code: str,
        params: Mapping[str, Any],
        *,
        role: str,
        locale: str,
        zone: str | ZoneInfo,
        now: datetime | None = None,
    ) -> Rendered:
        """A notice of the outbox for a recipient in ``role``; see ``actions.wording.notices``."""
        from actions.wording.notices import notice  # the module builds on this one

        return notice(self, code, params, role=role, locale=locale, zone=zone, now=now)

    def __contains__(self, name: object) -> bool:
        return name in self.texts

    def _template(self, name: str, locale: str) -> str:
        try:
            return self.texts[name][locale]
        except KeyError:
            raise MissingText(f"no text {_PREFIX}{name} in {locale}") from None


@cache
def _named(template: str) -> tuple[str, ...]:
    """The values that a text of ours names, each once."""
    return tuple(dict.fromkeys(key for _, key, _, _ in Formatter().parse(template) if key is not None))


def _locale_of(variation: Mapping[str, Any]) -> str:
    for condition in variation.get("condition") or ():
        if condition.get("name") == "locale":
            return str(condition["value"])
    raise MissingText(f"a variation has no locale: {variation.get('text', '')[:40]!r}")
