"""JSON of the gateway: msgspec for both directions, instants answered in UTC."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()
_AT = re.compile(r" - at `(?P<path>[^`]*)`$")
_NUMBER = re.compile(r"\s*[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?\s*$")
_NAMED = re.compile(r"`(?P<name>[^`]+)`")


class Unreadable(ValueError):
    """A value that does not have the shape asked for; ``field`` is the path to it, ``malformed`` that it is no JSON."""

    def __init__(self, field: str, detail: str, *, malformed: bool = False) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail
        self.malformed = malformed


def encode(value: object) -> bytes:
    """JSON bytes of a struct."""
    return _ENCODER.encode(value)


def plain(value: Any) -> Any:
    """``value`` as JSON types, every instant in UTC: for free-form parts such as the parameters of a reason."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def utc(value: datetime) -> datetime:
    """An aware instant in UTC."""
    return value.astimezone(UTC)


def utc_or_none(value: datetime | None) -> datetime | None:
    """Like ``utc``, for instants that may be absent."""
    return None if value is None else utc(value)


def read_json(content: bytes, kind: type[T]) -> T:
    """The struct in ``content``. Raises ``Unreadable``."""
    try:
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.ValidationError as error:
            if "Expected `int" not in str(error) or "got `float`" not in str(error):
                raise
            return msgspec.convert(_whole(msgspec.json.decode(content)), kind)
    except msgspec.ValidationError as error:
        raise _unreadable(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("body", str(error), malformed=True) from None


def _whole(value: Any) -> Any:
    """Numbers such as 3.0 as integers: JSON knows one kind of number, and so does JSON Schema."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_strings(values: Mapping[str, str], kind: type[T]) -> T:
    """The struct in path, query or header values, which all are strings. Raises ``Unreadable``."""
    shape: Any = kind
    for name in _instants(shape):
        if _NUMBER.match(values.get(name, "")):
            raise Unreadable(name, "Invalid RFC3339 encoded datetime")  # msgspec would take seconds since the epoch
    try:
        return msgspec.convert(dict(values), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _unreadable(error) from None


@functools.cache
def _instants(kind: Any) -> tuple[str, ...]:
    """The fields of a struct that can be instants."""
    hints = get_type_hints(kind)
    fields = msgspec.structs.fields(kind)
    return tuple(field.encode_name for field in fields if datetime in (hints[field.name], *get_args(hints[field.name])))


def _unreadable(error: msgspec.ValidationError) -> Unreadable:
    message = str(error)
    path = _AT.search(message)
    detail = message[: path.start()] if path else message
    field = path["path"].removeprefix("$").removeprefix(".") if path else ""
    if "missing required field" in detail or "unknown field" in detail or detail.startswith("Invalid value in `"):
        named = _NAMED.search(detail)
        if named:
            field = f"{field}.{named['name']}" if field else named["name"]
    return Unreadable(field or "body", detail)
