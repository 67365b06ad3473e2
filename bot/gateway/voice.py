"""In which language and time zone somebody is addressed outside a turn of the dialogue."""

from __future__ import annotations

from dataclasses import dataclass

from actions.backend import PersonRecord

# Without a wish of their own customers are addressed with "du", sellers with "Sie" (design, Wording).
_DEFAULT_LOCALES = {"customer": "de", "seller": "de-formal"}


@dataclass(frozen=True, slots=True)
class Voice:
    """``locale`` is one of de, de-formal, en; ``zone`` a name of the IANA database."""

    locale: str
    zone: str


def voice_of(role: str, person: PersonRecord | None, default_zone: str) -> Voice:
    """The stored wish of a person, else the defaults of the role."""
    locale = person.locale if person is not None else None
    zone = person.zoneinfo if person is not None else None
    return Voice(locale or _DEFAULT_LOCALES[role], zone or default_zone)
