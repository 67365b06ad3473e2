"""How one setting is described and read from its environment variable."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from actions.policy.limits import Limits

HIGHEST_PORT = 65535


class SettingsError(ValueError):
    """A setting that cannot be used; the message is one line that says which and why."""


def setting(
    name: str,
    about: str,
    default: Any = None,
    read: Callable[[str], Any] = str,
    shown: str = "",
    *,
    secret: bool = False,
) -> Any:
    """A field that is read from the environment variable `name`; `shown` is its default in words.

    A `secret` stays out of the object's `repr`, and so out of logs and tracebacks. A URL may carry a password.
    """
    return field(
        default=default,
        repr=not secret,
        metadata={"name": name, "about": about, "read": read, "shown": shown or ("" if default is None else default)},
    )


def choice(*allowed: str) -> Callable[[str], str]:
    """One of these words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return read


def number(text: str) -> int:
    """A whole number above 0."""
    value = int(text)
    if value <= 0:
        raise ValueError("must be above 0")
    return value


def lead_days(text: str) -> int:
    """Days, as the policy allows them."""
    return Limits(review_lead_days=int(text)).review_lead_days


def port(text: str) -> int:
    """A port number."""
    if not 0 < int(text) <= HIGHEST_PORT:
        raise ValueError("must be a port number")
    return int(text)


def zone(text: str) -> str:
    """A time zone by its name."""
    return ZoneInfo(text).key


def pattern(text: str) -> str:
    """A regular expression."""
    re.compile(text)
    return text


def url(text: str) -> str:
    """An http(s) address without a path."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or parts.path.strip("/"):
        raise ValueError("must be an address such as http://rasa:5005")
    return text.rstrip("/")


def urls(text: str) -> tuple[str, ...]:
    """Addresses without a path, separated by commas."""
    return tuple(dict.fromkeys(url(one) for one in keys(text)))


def keys(text: str) -> tuple[str, ...]:
    """Words separated by commas."""
    return tuple(key.strip() for key in text.split(",") if key.strip())
