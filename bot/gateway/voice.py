"""In which language and time zone somebody is addressed outside a turn of the dialogue."""

from __future__ import annotations

from dataclasses import dataclass

from actions.backend import Backend, PersonRecord
from actions.wording import LOCALES

# Without a wish of their own customers are addressed with "du", sellers with "Sie" (design, Wording).
_DEFAULT_LOCALES = {"customer": "de", "seller": "de-formal"}


@dataclass(frozen=True, slots=True)
class Voice:
    """``locale`` is one of de, de-formal, en; ``zone`` a name of the IANA database."""

    locale: str
    zone: str


async def voice_in(
    backend: Backend, conversation_id: str, role: str, person: PersonRecord | None, default_zone: str
) -> Voice:
    """The language in which the assistant answered last in this conversation, else the wish, else the role's."""
    return voice_of(role, person, await backend.conversations.spoken_locale(conversation_id), default_zone)


def voice_of(role: str, person: PersonRecord | None, spoken: str | None, default_zone: str) -> Voice:
    """The same for somebody whose last answer's locale is known."""
    locale = spoken if spoken in LOCALES else person.locale if person is not None else None
    zone = person.zoneinfo if person is not None else None
    return Voice(locale or _DEFAULT_LOCALES[role], zone or default_zone)
