"""What the gateway needs to know, apart from where the settings come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from actions.backend.edge_settings import ANY_ORIGIN, Network

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Rates:
    """How many a minute, 0 without limit: messages and requests of a person, requests and wrong keys of an address."""

    messages: int = 0
    person: int = 0
    address: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Configuration of one gateway process; durations in seconds.

    In production `jwks` (a file path or an https URL) replaces `jwt_secret`, and neither the test clock nor the demo
    page exist. `answer_within` is how long a person waits before hearing that it takes longer: with everything around
    it an answer must be there within 10 s; an upload alone may take `upload_within` to arrive. `longest_wait` bounds
    long polling: clients that give up after 10 s get an answer, too. A body has to be there after `body_within`, a
    connection that is idle or still sends its headers ends after `idle_within`. Asked to stop, the gateway gives what
    is under way `stop_within`. `place` names where this process is: the next one there knows what it left behind.
    """

    operator_key: str
    engine_urls: tuple[str, ...]
    actions_url: str
    internal_secret: str
    production: bool = False
    host: str = "127.0.0.1"
    port: int = 8080
    place: str = ""
    jwt_secret: str = ""
    jwt_audience: str = "lotse"
    jwt_issuer: str | None = None
    jwks: str = ""
    default_zone: str = "Europe/Berlin"
    responses: Path = ROOT / "data" / "responses"
    answer_within: float = 7.5
    request_within: float = 9.5
    upload_within: float = 60.0
    engine_timeout: float = 25.0
    lease: float = 30.0
    retry_cap: float = 5.0
    give_up_after: int = 20
    pending_interval: float = 1.0
    dispatch_interval: float = 1.0
    sweep_interval: float = 5.0
    live_interval: float = 0.5
    longest_wait: float = 8.0
    max_body: int = 64 * 1024
    body_within: float = 5.0
    idle_within: float = 75.0
    stop_within: float = 10.0
    desk_key: str = ""
    desk_interval: float = 5.0
    privacy_url: str | None = None
    rates: Rates = Rates()
    redis_url: str | None = None
    tracker_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    origins: tuple[str, ...] = ANY_ORIGIN
    sockets_person: int = 20
    metrics_key: str = ""
    webhook_private: tuple[Network, ...] = ()
    webhook_source: str = "/lotse"
    webhook_interval: float = 1.0
    webhook_connect: float = 5.0
    webhook_within: float = 15.0
    webhook_lease: float = 30.0

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the marketplace's systems: what they ask is not limited."""
        return (self.operator_key, self.metrics_key, self.desk_key)
