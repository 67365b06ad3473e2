"""Who is asking: the marketplace's systems by operator key, people by a token that the marketplace signed.

What a person may do is not decided here but by the policy; see ``permission`` for what an endpoint asks for.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import available_timezones

import jwt

from actions.policy import Role
from bot.gateway.problems import unauthorized

ROLES = ("customer", "seller")
_MAX_CLAIM = 255
# A marketplace's clock may run a little ahead of ours; seconds.
_CLOCK_SKEW = 5.0
_MOST_KNOWN = 4096  # tokens that are not verified anew with each request
_ZONES = frozenset(available_timezones())


@dataclass(frozen=True, slots=True)
class Person:
    """A verified person. ``locale`` (de, de-formal, en), ``name`` and ``zoneinfo`` are the token's, or None.

    ``expires_at``: when the token ends, in seconds since the epoch; a connection must not outlive it.
    """

    iss: str | None
    role: Role
    sub: str
    locale: str | None = None
    name: str | None = None
    zoneinfo: str | None = None
    expires_at: float = math.inf


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key with the algorithms it may be used for."""

    key: Any
    algorithms: tuple[str, ...]


class KeySource(Protocol):
    """Where verification keys come from."""

    async def find(self, kid: str | None) -> VerificationKey:
        """The key for a token's ``kid``. Raises ``UnknownKey``, or ``Problem`` 503 when no keys can be had."""


class UnknownKey(LookupError):
    """No key fits the token."""


class SharedSecret:
    """HS256 with one secret: for development only."""

    def __init__(self, secret: str) -> None:
        self._key = VerificationKey(secret.encode(), ("HS256",))

    async def find(self, kid: str | None) -> VerificationKey:
        return self._key


class NoKeys:
    """No keys at all: every token is refused."""

    async def find(self, kid: str | None) -> VerificationKey:
        raise UnknownKey(kid)


class Preferred:
    """Tokens that name a key are checked with ``named``, all others with ``other``."""

    def __init__(self, named: KeySource, other: KeySource) -> None:
        self._named = named
        self._other = other

    async def find(self, kid: str | None) -> VerificationKey:
        return await (self._other if kid is None else self._named).find(kid)


@dataclass(frozen=True, slots=True)
class _Known:
    """A token that was verified: with which key, and whose it is."""

    kid: str | None
    key: Any
    person: Person


class TokenVerifier:
    """Turns a token into a ``Person``, or refuses it with 401. What it found is kept by the token's hash."""

    def __init__(self, keys: KeySource, audience: str, issuer: str | None = None) -> None:
        self._keys = keys
        self._audience = audience
        self._issuer = issuer
        self._known: dict[bytes, _Known] = {}

    async def verify(self, token: str) -> Person:
        """The person whom ``token`` names. Raises ``Problem`` 401, or 503 when the keys cannot be fetched."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is not None and await self._still(known):
            return known.person
        kid, key, person = await self._read(token)
        if len(self._known) >= _MOST_KNOWN:
            self._known.pop(next(iter(self._known)))  # the one that came first
        self._known[digest] = _Known(kid, key, person)
        return person

    async def _still(self, known: _Known) -> bool:
        """Whether a token that was verified before is valid now: neither over, nor its key replaced or withdrawn."""
        if known.person.expires_at <= time.time():
            return False
        try:
            return (await self._keys.find(known.kid)).key is known.key
        except UnknownKey:
            return False

    async def _read(self, token: str) -> tuple[str | None, Any, Person]:
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            kid = kid if isinstance(kid, str) else None
            found = await self._keys.find(kid)
            claims = jwt.decode(
                token,
                key=found.key,
                algorithms=list(found.algorithms),
                audience=self._audience,
                issuer=self._issuer,
                # iat is judged below, with a tolerance that exp must not have
                options={"require": ["exp", "iat", "sub", "aud"], "verify_iat": False},
            )
        except UnknownKey:
            raise unauthorized("the token was signed with an unknown key") from None
        except jwt.PyJWTError as error:
            raise unauthorized(f"the token is not valid: {type(error).__name__}") from None
        except (OverflowError, TypeError, ValueError, RecursionError):
            raise unauthorized("the token is not valid: its claims cannot be read") from None
        return kid, found.key, person_of(claims)


def person_of(claims: Mapping[str, Any]) -> Person:
    """The person of verified claims. Raises ``Problem`` 401 when a claim has the wrong type or value."""
    for name in ("exp", "iat"):
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise unauthorized(f"the token is not valid: {name}")
    if claims["iat"] > time.time() + _CLOCK_SKEW:
        raise unauthorized("the token is not valid: iat lies in the future")
    role = claims.get("role")
    if role not in ROLES:
        raise unauthorized("the token is not valid: role")
    sub = claims["sub"]
    if not isinstance(sub, str) or not sub.strip() or len(sub) > _MAX_CLAIM or not sub.isprintable():
        raise unauthorized("the token is not valid: sub")
    iss = claims.get("iss")
    if iss is not None and (not isinstance(iss, str) or not iss or len(iss) > _MAX_CLAIM or "\x00" in iss):
        raise unauthorized("the token is not valid: iss")
    return Person(
        iss=iss,
        role=Role(role),
        sub=sub,
        locale=_locale(claims.get("locale")),
        name=_name(claims.get("name")),
        zoneinfo=_zone(claims.get("zoneinfo")),
        expires_at=float(claims["exp"]),
    )


def same_key(given: str, expected: str) -> bool:
    """Compare a key in constant time; an empty expected key fits nothing."""
    return bool(expected) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _locale(value: object) -> str | None:
    """One of our locales for a language tag such as ``de-AT``; None for a language that we do not speak."""
    if not isinstance(value, str):
        return None
    tag = value.strip().lower().replace("_", "-")
    if tag in ("de-formal", "de-x-formal", "de-de-formal"):
        return "de-formal"
    language = tag.split("-")[0]
    return language if language in ("de", "en") else None


def _name(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    cleaned = "".join(character for character in value if character.isprintable()).strip()
    return cleaned[:_MAX_CLAIM] or None


def _zone(value: object) -> str | None:
    return value if isinstance(value, str) and value in _ZONES else None
