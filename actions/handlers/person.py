"""Who is writing: the identity that the gateway took from the signed token, and the locale of our replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from actions.policy import Actor, Role

_DEFAULT_LOCALE = {Role.CUSTOMER: "de", Role.SELLER: "de-formal"}


@dataclass(frozen=True, slots=True)
class Person:
    """A verified person. ``locale`` is what the token or the marketplace named, if anything."""

    role: Role
    id: str
    locale: str | None
    zone: ZoneInfo

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Person | None:
        """The person of the gateway's metadata; ``None`` for a message without identity, as in ``rasa shell``."""
        role, sub = metadata.get("role"), metadata.get("sub")
        if role not in _DEFAULT_LOCALE or not sub:
            return None
        zone = ZoneInfo(str(metadata.get("zoneinfo") or "UTC"))
        return cls(Role(role), str(sub), metadata.get("locale"), zone)

    @property
    def actor(self) -> Actor:
        """The person as the policy names them."""
        return Actor(role=self.role, id=self.id)

    @property
    def own_locale(self) -> str:
        """What the token names, else German: „du" for customers, „Sie" for sellers."""
        return self.locale or _DEFAULT_LOCALE[self.role]

    @property
    def german(self) -> str:
        """The German this person is addressed in."""
        return self.own_locale if self.own_locale.startswith("de") else _DEFAULT_LOCALE[self.role]


def reply_locale(person: Person | None, kept: object, written: object) -> str:
    """The locale of the reply: the language the person writes, else the one kept from before, else their own.

    A message whose language is not certain (``written`` is ``None``) changes nothing.
    """
    german = person.german if person else "de"
    if written == "de":
        return german
    if written == "en":
        return "en"
    if isinstance(kept, str) and kept:
        return "en" if kept == "en" else german
    return person.own_locale if person else "de"
