"""Settings of the gateway's edge: who may call from where and how often, who may read the metrics, how it ends."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from actions.backend.setting_fields import SettingsError, keys, number, setting

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

ANY_ORIGIN = ("*",)
SHORTEST_SECRET = 32  # bytes; what `openssl rand -hex 16` gives


def rate(text: str) -> int:
    """How many a minute; 0 switches the limit off."""
    value = int(text)
    if value < 0:
        raise ValueError("must be 0 or more")
    return value


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks (CIDR), comma separated."""
    return tuple(ipaddress.ip_network(given) for given in keys(text))


def origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them, comma separated, or `*` for any."""
    found = keys(text)
    for origin in found:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin):
            raise ValueError(f"{origin} is no origin such as https://shop.example")
    return found


@dataclass(frozen=True, kw_only=True)
class EdgeSettings:
    """What `Settings` inherits. Rates are token buckets that refill within a minute."""

    trusted_proxies: tuple[Network, ...] = setting(
        "LOTSE_TRUSTED_PROXIES", "Networks of our proxies: X-Forwarded-For counts from them alone", (), networks, "none"
    )
    origins: tuple[str, ...] | None = setting(
        "LOTSE_ORIGINS", "Origins of pages with the widget, or *", None, origins, "development any, production our own"
    )
    rate_messages: int = setting("LOTSE_RATE_MESSAGES", "Messages and uploads a person a minute; 0: no limit", 40, rate)
    rate_person: int = setting("LOTSE_RATE_PERSON", "Requests a person a minute; 0: no limit", 300, rate)
    rate_address: int = setting("LOTSE_RATE_ADDRESS", "Requests an address a minute; 0: no limit", 3000, rate)
    rate_failed: int = setting("LOTSE_RATE_FAILED", "Failed sign-ins an address a minute; 0: no limit", 60, rate)
    sockets_person: int = setting("LOTSE_SOCKETS_PERSON", "Live connections of a person to one gateway", 20, number)
    metrics_key: str = setting(
        "LOTSE_METRICS_KEY",
        "Key that reads /metrics of each process",
        "",
        str,
        "the operator key; of Rasa and the actions the internal secret",
        secret=True,
    )
    stop_seconds: int = setting(
        "LOTSE_STOP_SECONDS", "How long answers under way may take when the gateway is asked to end", 10, number
    )


def check_production(jwks: str | None, **secrets: str) -> None:
    """What a public gateway must have; raises `SettingsError`. `secrets` by the ends of their settings' names.

    Tokens of people need public keys: whoever can check a token that was signed with a shared secret can also make
    one, and the secret would lie in every process of ours.
    """
    if not jwks:
        raise SettingsError("LOTSE_JWT_JWKS: production needs the public keys that sign people's tokens (file or URL)")
    if jwks.lower().startswith("http://"):
        raise SettingsError("LOTSE_JWT_JWKS: production fetches keys by https:// only, or reads them from a file")
    for name, secret in secrets.items():
        if secret and len(secret.encode()) < SHORTEST_SECRET:
            raise SettingsError(f"LOTSE_{name.upper()}: must be at least {SHORTEST_SECRET} bytes long in production")
