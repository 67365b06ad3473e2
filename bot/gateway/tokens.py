"""Minting tokens in development, as a marketplace would: for the demo page, the terminal chat and the tests."""

from __future__ import annotations

import time

import jwt


def mint(
    secret: str,
    *,
    audience: str,
    role: str,
    sub: str,
    issuer: str | None = None,
    name: str | None = None,
    locale: str | None = None,
    zoneinfo: str | None = None,
    seconds: int = 12 * 3600,
) -> str:
    """A token (HS256) for a person, valid for ``seconds`` from now."""
    now = int(time.time())
    claims: dict[str, object] = {"sub": sub, "role": role, "aud": audience, "iat": now, "exp": now + seconds}
    optional = {"iss": issuer, "name": name, "locale": locale, "zoneinfo": zoneinfo}
    claims.update({key: value for key, value in optional.items() if value is not None})
    return jwt.encode(claims, secret, algorithm="HS256")
