"""All settings, read from the environment once at start: safe defaults, one line of explanation each.

`SETTINGS` is the table the documentation is checked against. Production refuses to start with a secret that is
missing or printed here; development with such secrets listens on the loopback interface only.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote
from zoneinfo import ZoneInfo

from actions.backend.evidence_rules import DEFAULT_CARRIER_HOSTS
from actions.policy.limits import DEFAULT_LIMITS, CancelSilence, LateConfirmation, Limits

DEVELOPMENT_OPERATOR_KEY = "development-operator-key"
DEVELOPMENT_JWT_SECRET = "development-jwt-secret-known-to-everybody"  # noqa: S105 - refused outside development
CANCEL_SILENCE = get_args(CancelSilence)
LATE_CONFIRMATION = get_args(LateConfirmation)


class SettingsError(ValueError):
    """A setting that cannot be used; the message is one line that says which and why."""


def _setting(
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


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return read


def _number(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError("must be above 0")
    return number


def _lead_days(text: str) -> int:
    return Limits(review_lead_days=int(text)).review_lead_days


def _port(text: str) -> int:
    if not 0 < int(text) < 65536:
        raise ValueError("must be a port number")
    return int(text)


def _zone(text: str) -> str:
    return ZoneInfo(text).key


def _pattern(text: str) -> str:
    re.compile(text)
    return text


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(",") if key.strip())


def async_url(url: str) -> str:
    """The same database, through the asynchronous driver that Lotse uses."""
    scheme, separator, rest = url.partition("://")
    drivers = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    return f"{drivers.get(scheme, scheme)}{separator}{rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says, checked. Ports, paths and addresses that were left open are filled in."""

    env: str = _setting("LOTSE_ENV", "development or production", "development", _choice("development", "production"))
    host: str = _setting("LOTSE_HOST", "Address the gateway listens on", "127.0.0.1")
    port: int = _setting("LOTSE_PORT", "Port the gateway listens on, the only public one", 8080, _port)
    rasa_port: int = _setting("LOTSE_RASA_PORT", "Loopback port of Rasa", 0, _port, "LOTSE_PORT + 1")
    actions_port: int = _setting("LOTSE_ACTIONS_PORT", "Loopback port of the actions", 0, _port, "LOTSE_PORT + 2")
    data_dir: Path = _setting("LOTSE_DATA_DIR", "Where databases, evidence and logs lie", Path("var"), Path)
    database_url: str = _setting(
        "LOTSE_DATABASE_URL",
        "Orders, disputes, messages (SQLite or PostgreSQL)",
        "",
        async_url,
        "an SQLite file",
        secret=True,
    )
    tracker_database_url: str = _setting(
        "LOTSE_TRACKER_DATABASE_URL", "Rasa's conversations", "", async_url, "an SQLite file of its own", secret=True
    )
    redis_url: str | None = _setting(
        "LOTSE_REDIS_URL", "Redis for locks that several processes share", None, str, "none: in memory", secret=True
    )
    operator_key: str = _setting(
        "LOTSE_OPERATOR_KEY",
        "Key of the marketplace's systems",
        DEVELOPMENT_OPERATOR_KEY,
        str,
        "development only",
        secret=True,
    )
    jwt_secret: str = _setting(
        "LOTSE_JWT_SECRET",
        "Signs people's tokens (HS256)",
        DEVELOPMENT_JWT_SECRET,
        str,
        "development only",
        secret=True,
    )
    jwt_jwks: str | None = _setting("LOTSE_JWT_JWKS", "Public keys (file or URL) that sign people's tokens")
    jwt_audience: str = _setting("LOTSE_JWT_AUDIENCE", "Audience that tokens must name", "lotse")
    jwt_issuer: str | None = _setting("LOTSE_JWT_ISSUER", "Issuer that tokens must name", None, str, "any")
    internal_secret: str = _setting(
        "LOTSE_INTERNAL_SECRET", "Shared by gateway, Rasa and actions", "", str, "new at each start", secret=True
    )
    default_zone: str = _setting(
        "LOTSE_DEFAULT_ZONE", "Time zone of people whose token names none", "Europe/Berlin", _zone
    )
    order_id_pattern: str | None = _setting(
        "LOTSE_ORDER_ID_PATTERN",
        "What an order number looks like, as a regular expression",
        None,
        _pattern,
        "FO-, WO- or other letters and digits",
    )
    cancel_silence: str = _setting(
        "LOTSE_CANCEL_SILENCE",
        "What silence does to a cancellation request",
        DEFAULT_LIMITS.cancel_silence,
        _choice(*CANCEL_SILENCE),
        " or ".join(CANCEL_SILENCE),
    )
    extension_answer_hours: int | None = _setting(
        "LOTSE_EXTENSION_ANSWER_HOURS", "Hours the customer has to answer an extension", None, _number, "no limit"
    )
    seller_reasons: tuple[str, ...] = _setting(
        "LOTSE_SELLER_REASONS",
        "Reasons a seller may give for a cancellation, comma separated",
        DEFAULT_LIMITS.seller_reasons,
        _keys,
        ",".join(DEFAULT_LIMITS.seller_reasons),
    )
    late_confirmation: str = _setting(
        "LOTSE_LATE_CONFIRMATION",
        "Whether an appeal filed in time can be approved after its 90 days",
        DEFAULT_LIMITS.late_confirmation,
        _choice(*LATE_CONFIRMATION),
        " or ".join(LATE_CONFIRMATION),
    )
    review_lead_days: int = _setting(
        "LOTSE_REVIEW_LEAD_DAYS",
        "Days before the end in which an undecided appeal is urgent",
        DEFAULT_LIMITS.review_lead_days,
        _lead_days,
    )
    carrier_hosts: tuple[str, ...] = _setting(
        "LOTSE_CARRIER_HOSTS",
        "Hosts of shipping companies, comma separated: links there are proof alone",
        DEFAULT_CARRIER_HOSTS,
        _keys,
        "the large carriers",
    )
    evidence_url: str = _setting(
        "LOTSE_EVIDENCE_URL",
        "Where images are kept: file://… or what fsspec reaches, as s3://…",
        "",
        str,
        "a folder in LOTSE_DATA_DIR",
        secret=True,
    )
    sweep_seconds: int = _setting("LOTSE_SWEEP_SECONDS", "How often expiry is made visible", 5, _number)
    conversation_days: int = _setting(
        "LOTSE_CONVERSATION_DAYS", "Days after which Rasa forgets a silent conversation", 90, _number
    )
    graph_runner: str = _setting(
        "LOTSE_GRAPH_RUNNER", "What runs the model's graph: direct (ours) or dask", "direct", _choice("direct", "dask")
    )
    log_level: str = _setting(
        "LOTSE_LOG_LEVEL", "How much is logged", "INFO", _choice("DEBUG", "INFO", "WARNING", "ERROR")
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read and check the environment; raises `SettingsError`."""
        if env is None:
            import os

            env = os.environ
        given: dict[str, Any] = {}
        for setting in SETTINGS:
            text = env.get(setting.metadata["name"], "").strip()
            if text:
                try:
                    given[setting.name] = setting.metadata["read"](text)
                except Exception as error:
                    raise SettingsError(f"{setting.metadata['name']}: {error}") from error
        settings = cls(**_complete(given))
        settings._check()
        return settings

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def evidence_dir(self) -> Path:
        return self.data_dir / "evidence"

    @property
    def rasa_url(self) -> str:
        return f"http://127.0.0.1:{self.rasa_port}"

    @property
    def actions_url(self) -> str:
        return f"http://127.0.0.1:{self.actions_port}"

    def _default_secrets(self) -> list[str]:
        known = []
        if self.operator_key == DEVELOPMENT_OPERATOR_KEY:
            known.append("LOTSE_OPERATOR_KEY")
        if self.jwt_secret == DEVELOPMENT_JWT_SECRET and not (self.production and self.jwt_jwks):
            known.append("LOTSE_JWT_SECRET")
        return known

    def _check(self) -> None:
        if len({self.port, self.rasa_port, self.actions_port}) < 3:
            raise SettingsError("LOTSE_PORT, LOTSE_RASA_PORT and LOTSE_ACTIONS_PORT must differ")
        known = self._default_secrets()
        if self.production:
            missing = [*known, *([] if self.internal_secret else ["LOTSE_INTERNAL_SECRET"])]
            if missing:
                raise SettingsError(f"production needs secrets of its own: set {', '.join(missing)}")
            if not self.jwt_jwks and len(self.jwt_secret.encode()) < 32:
                raise SettingsError("LOTSE_JWT_SECRET: must be at least 32 bytes long")
        elif known and not _is_loopback(self.host):
            raise SettingsError(
                f"LOTSE_HOST: {self.host} is reachable from outside; set {', '.join(known)} first, or use 127.0.0.1"
            )


SETTINGS = tuple(setting for setting in fields(Settings) if "name" in setting.metadata)


def _complete(given: dict[str, Any]) -> dict[str, Any]:
    """Fill in what depends on other settings."""
    data_dir = given.setdefault("data_dir", Path("var")).resolve()
    given["data_dir"] = data_dir
    port = given.get("port", 8080)
    given.setdefault("rasa_port", port + 1)
    given.setdefault("actions_port", port + 2)
    given.setdefault("database_url", f"sqlite+aiosqlite:///{quote(str(data_dir))}/lotse.db")
    given.setdefault("evidence_url", f"file://{data_dir}/evidence")
    given.setdefault("tracker_database_url", f"sqlite+aiosqlite:///{quote(str(data_dir))}/conversations.db")
    return given


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
