"""All settings, read from the environment once at start: safe defaults, one line of explanation each.

`SETTINGS` is the table the documentation is checked against. Production refuses to start with a secret that is
missing or printed here; development with such secrets listens on the loopback interface only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import count, islice
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, urlsplit

from actions.backend.desk_settings import DeskSettings, check_desk
from actions.backend.edge_settings import ANY_ORIGIN, EdgeSettings, check_production
from actions.backend.evidence_rules import DEFAULT_CARRIER_HOSTS
from actions.backend.retention_settings import RetentionSettings
from actions.backend.setting_fields import (
    HIGHEST_PORT,
    SettingsError,
    choice,
    keys,
    lead_days,
    number,
    pattern,
    setting,
    url,
    urls,
    zone,
)
from actions.backend.setting_fields import port as port_number
from actions.backend.webhook_settings import WebhookSettings
from actions.policy.limits import DEFAULT_LIMITS, CancelSilence, LateConfirmation

DEVELOPMENT_OPERATOR_KEY = "development-operator-key"
DEVELOPMENT_JWT_SECRET = "development-jwt-secret-known-to-everybody"  # noqa: S105 - refused outside development
CANCEL_SILENCE = get_args(CancelSilence)
LATE_CONFIRMATION = get_args(LateConfirmation)


def async_url(url: str) -> str:
    """The same database, through the asynchronous driver that Lotse uses."""
    scheme, separator, rest = url.partition("://")
    drivers = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    return f"{drivers.get(scheme, scheme)}{separator}{rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(DeskSettings, RetentionSettings, WebhookSettings, EdgeSettings):
    """What the environment says, checked. Ports, paths and addresses that were left open are filled in."""

    env: str = setting("LOTSE_ENV", "development or production", "development", choice("development", "production"))
    host: str = setting("LOTSE_HOST", "Address the gateway listens on", "127.0.0.1")
    port: int = setting("LOTSE_PORT", "Port the gateway listens on, the only public one", 8080, port_number)
    rasa_port: int = setting("LOTSE_RASA_PORT", "Loopback port of Rasa", 0, port_number, "LOTSE_PORT + 1")
    actions_port: int = setting(
        "LOTSE_ACTIONS_PORT", "Loopback port of the action server", 0, port_number, "LOTSE_PORT + 2"
    )
    internal_host: str = setting(
        "LOTSE_INTERNAL_HOST", "Address Rasa and the actions listen on; a private network's, never public", "127.0.0.1"
    )
    rasa_workers: int = setting(
        "LOTSE_RASA_WORKERS",
        "Rasa's processes: they share one loaded model, and each has the next port",
        1,
        number,
        "1; `make run`: 2 where there are two cores",
    )
    rasa_urls: tuple[str, ...] = setting(
        "LOTSE_RASA_URL", "Where Rasa is; several, comma separated", (), urls, "LOTSE_RASA_PORT on this machine"
    )
    actions_url: str = setting(
        "LOTSE_ACTIONS_URL", "Where the action server is", "", url, "none: the actions run inside Rasa's processes"
    )
    data_dir: Path = setting("LOTSE_DATA_DIR", "Where databases, evidence and logs lie", Path("var"), Path)
    database_url: str = setting(
        "LOTSE_DATABASE_URL",
        "Orders, disputes, messages (SQLite or PostgreSQL)",
        "",
        async_url,
        "an SQLite file",
        secret=True,
    )
    tracker_database_url: str = setting(
        "LOTSE_TRACKER_DATABASE_URL", "Rasa's conversations", "", async_url, "an SQLite file of its own", secret=True
    )
    redis_url: str | None = setting(
        "LOTSE_REDIS_URL", "Redis for locks that several processes share", None, str, "none: in memory", secret=True
    )
    operator_key: str = setting(
        "LOTSE_OPERATOR_KEY",
        "Key of the marketplace's systems",
        DEVELOPMENT_OPERATOR_KEY,
        str,
        "development only",
        secret=True,
    )
    jwt_secret: str = setting(
        "LOTSE_JWT_SECRET",
        "Signs people's tokens (HS256), outside production",
        DEVELOPMENT_JWT_SECRET,
        str,
        "development only",
        secret=True,
    )
    jwt_jwks: str | None = setting(
        "LOTSE_JWT_JWKS", "Public keys (file or URL) that sign people's tokens", None, str, "production needs it"
    )
    jwt_audience: str = setting("LOTSE_JWT_AUDIENCE", "Audience that tokens must name", "lotse")
    jwt_issuer: str | None = setting("LOTSE_JWT_ISSUER", "Issuer that tokens must name", None, str, "any")
    internal_secret: str = setting(
        "LOTSE_INTERNAL_SECRET", "Shared by gateway, Rasa and actions", "", str, "new at each start", secret=True
    )
    default_zone: str = setting(
        "LOTSE_DEFAULT_ZONE", "Time zone of people whose token names none", "Europe/Berlin", zone
    )
    order_id_pattern: str | None = setting(
        "LOTSE_ORDER_ID_PATTERN",
        "What an order number looks like, as a regular expression",
        None,
        pattern,
        "FO-, WO- or other letters and digits",
    )
    cancel_silence: str = setting(
        "LOTSE_CANCEL_SILENCE",
        "What silence does to a cancellation request",
        DEFAULT_LIMITS.cancel_silence,
        choice(*CANCEL_SILENCE),
        " or ".join(CANCEL_SILENCE),
    )
    extension_answer_hours: int | None = setting(
        "LOTSE_EXTENSION_ANSWER_HOURS", "Hours the customer has to answer an extension", None, number, "no limit"
    )
    seller_reasons: tuple[str, ...] = setting(
        "LOTSE_SELLER_REASONS",
        "Reasons a seller may give for a cancellation, comma separated",
        DEFAULT_LIMITS.seller_reasons,
        keys,
        ",".join(DEFAULT_LIMITS.seller_reasons),
    )
    late_confirmation: str = setting(
        "LOTSE_LATE_CONFIRMATION",
        "Whether an appeal filed in time can be approved after its 90 days",
        DEFAULT_LIMITS.late_confirmation,
        choice(*LATE_CONFIRMATION),
        " or ".join(LATE_CONFIRMATION),
    )
    review_lead_days: int = setting(
        "LOTSE_REVIEW_LEAD_DAYS",
        "Days before the end in which an undecided appeal is urgent",
        DEFAULT_LIMITS.review_lead_days,
        lead_days,
    )
    carrier_hosts: tuple[str, ...] = setting(
        "LOTSE_CARRIER_HOSTS",
        "Hosts of shipping companies, comma separated: links there are proof alone",
        DEFAULT_CARRIER_HOSTS,
        keys,
        "the large carriers",
    )
    evidence_url: str = setting(
        "LOTSE_EVIDENCE_URL",
        "Where images are kept: file://… or what fsspec reaches, as s3://…",
        "",
        str,
        "a folder in LOTSE_DATA_DIR",
        secret=True,
    )
    sweep_seconds: int = setting("LOTSE_SWEEP_SECONDS", "How often expiry is made visible", 5, number)
    graph_runner: str = setting(
        "LOTSE_GRAPH_RUNNER",
        "What takes a turn through the model: direct (ours) or dask (as Rasa does)",
        "direct",
        choice("direct", "dask"),
    )
    log_level: str = setting(
        "LOTSE_LOG_LEVEL", "How much is logged", "INFO", choice("DEBUG", "INFO", "WARNING", "ERROR")
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read and check the environment; raises `SettingsError`."""
        if env is None:
            import os

            env = os.environ
        given: dict[str, Any] = {}
        for one in SETTINGS:
            text = env.get(one.metadata["name"], "").strip()
            if text:
                try:
                    given[one.name] = one.metadata["read"](text)
                except Exception as error:
                    raise SettingsError(f"{one.metadata['name']}: {error}") from error
        settings = cls(**_complete(given))
        if not settings.rasa_urls:
            settings = replace(settings, rasa_urls=tuple(f"http://127.0.0.1:{port}" for port in settings.rasa_ports))
        settings._check()
        return settings

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def own_action_server(self) -> bool:
        """Whether the actions have a process of their own on this machine, at their port."""
        parts = urlsplit(self.actions_url)
        return parts.port == self.actions_port and _is_loopback(parts.hostname or "")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins that may use the gateway from a browser besides its own."""
        return self.origins if self.origins is not None else () if self.production else ANY_ORIGIN

    @property
    def rasa_ports(self) -> tuple[int, ...]:
        """A port for each of Rasa's processes here: from LOTSE_RASA_PORT on, without those of the other programs."""
        free = (port for port in count(self.rasa_port) if port not in (self.port, self.actions_port))
        return tuple(islice(free, self.rasa_workers))

    @property
    def evidence_dir(self) -> Path:
        return self.data_dir / "evidence"

    def _default_secrets(self) -> list[str]:
        known = []
        if self.operator_key == DEVELOPMENT_OPERATOR_KEY:
            known.append("LOTSE_OPERATOR_KEY")
        if self.jwt_secret == DEVELOPMENT_JWT_SECRET and not self.production:
            known.append("LOTSE_JWT_SECRET")
        return known

    def _check(self) -> None:
        if len({self.port, self.rasa_port, self.actions_port}) < 3:
            raise SettingsError("LOTSE_PORT, LOTSE_RASA_PORT and LOTSE_ACTIONS_PORT must differ")
        if self.rasa_ports[-1] > HIGHEST_PORT:
            raise SettingsError("LOTSE_RASA_WORKERS: there are not so many ports from LOTSE_RASA_PORT on")
        if not _is_loopback(self.internal_host) and len(self.internal_secret.encode()) < 32:
            raise SettingsError(
                f"LOTSE_INTERNAL_HOST: {self.internal_host} can be reached by others; "
                "set LOTSE_INTERNAL_SECRET (at least 32 bytes) for all processes first"
            )
        check_desk(self, self.operator_key)
        known = self._default_secrets()
        if self.production:
            missing = [*known, *([] if self.internal_secret else ["LOTSE_INTERNAL_SECRET"])]
            if missing:
                raise SettingsError(f"production needs secrets of its own: set {', '.join(missing)}")
            check_production(
                self.jwt_jwks,
                operator_key=self.operator_key,
                internal_secret=self.internal_secret,
                metrics_key=self.metrics_key,
                desk_key=self.desk_key,
            )
        elif known and not _is_loopback(self.host):
            raise SettingsError(
                f"LOTSE_HOST: {self.host} is reachable from outside; set {', '.join(known)} first, or use 127.0.0.1"
            )


_PARTS = (DeskSettings, RetentionSettings, WebhookSettings, EdgeSettings)
_LAST = [setting.name for kind in _PARTS for setting in fields(kind)]
SETTINGS = tuple(  # those that are inherited come last
    setting
    for setting in sorted(fields(Settings), key=lambda one: one.name in _LAST and _LAST.index(one.name) + 1)
    if "name" in setting.metadata
)


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
