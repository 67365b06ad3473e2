"""Column types shared by all tables."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# Two characters of base32 for ten bits each: a fifth of the time of base64.b32encode, and many are made in a turn.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
BigNumber = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC with its microseconds. A naive one is an error: its offset would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"an instant needs an offset: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @staticmethod
    def to_text(value: datetime | None) -> str | None:
        """What `process_bind_param` and SQLite's dialect make of it, in one step."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"an instant needs an offset: {value!r}")
        return value.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")

    @staticmethod
    def from_text(text: str | None) -> datetime | None:
        """The way back."""
        return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def utc_now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def new_id(prefix: str, octets: int = 10) -> str:
    """An opaque id that people can read out: the prefix and random base32, e.g. D-4QK7ZJ2MXB6TWA5R.

    `octets`: how much of it is random, a multiple of five.
    """
    number = secrets.randbits(octets * 8)
    return f"{prefix}-{''.join([_PAIRS[number >> at & 1023] for at in range(0, octets * 8, 10)])}"
