"""A gateway over a real database, with a fake engine behind it."""

from __future__ import annotations

import contextlib
import functools
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import make_url

from actions.backend import Backend, Desk, migrate
from actions.policy import DEFAULT_LIMITS, Limits
from actions.wording import Wording
from bot.gateway.app import create_app
from bot.gateway.config import GatewayConfig
from bot.gateway.services import SERVICES, Services
from bot.gateway.tokens import mint
from tests.backend.conftest import PostgresDatabases, postgres_databases, postgres_url  # noqa: F401 - fixtures
from tests.gateway.fakes import SECRET, FakeEngine

OPERATOR = "operator-key-of-the-tests"
JWT_SECRET = "a-signing-secret-of-the-tests-that-is-long-enough"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def texts_read_once() -> Iterator[None]:
    """Reading all texts takes longer than most tests, and they do not change meanwhile."""
    read = functools.cache(Wording.load.__func__)  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Wording, "load", classmethod(read))
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once."""
    path = tmp_path_factory.mktemp("database") / "lotse.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


# Essential tests run on both databases; the rest, about HTTP, on SQLite.
both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Iterator[str]:
    """A migrated, empty database of its own: a file, or one on a real PostgreSQL server."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(migrated, tmp_path / "lotse.db")
        yield f"sqlite:///{tmp_path}/lotse.db"
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    url: str = request.getfixturevalue("postgres_url")
    name = databases.take()
    yield make_url(url).set(database=name).render_as_string(hide_password=False)
    databases.give_back(name)


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    fake = FakeEngine()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def config(engine: FakeEngine) -> GatewayConfig:
    """Quick, so that tests need not wait."""
    return GatewayConfig(
        operator_key=OPERATOR,
        engine_urls=(engine.url,),
        actions_url=engine.url,
        internal_secret=SECRET,
        jwt_secret=JWT_SECRET,
        answer_within=5.0,
        request_within=8.0,
        engine_timeout=5.0,
        retry_cap=0.2,
        pending_interval=0.05,
        dispatch_interval=0.05,
        sweep_interval=0.2,
    )


@dataclass(slots=True)
class Gateway:
    """A running gateway with shorthands for both sides of the API."""

    client: TestClient
    backend: Backend
    config: GatewayConfig
    orders: int = field(default=0)

    async def operate(self, method: str, path: str, json: Any = None, **headers: str) -> ClientResponse:
        """A call of the marketplace."""
        auth = {"Authorization": f"Bearer {OPERATOR}", **headers}
        return await self.client.request(method, path, json=json, headers=auth)

    def person(self, sub: str, role: str = "customer", **claims: Any) -> Person:
        """Somebody with a token."""
        token = mint(JWT_SECRET, audience=self.config.jwt_audience, role=role, sub=sub, **claims)
        return Person(self, token)

    async def order(self, order_id: str, **fields: Any) -> ClientResponse:
        """Push an active order of kim and vera that is due in three days."""
        body = {
            "customer_id": "kim",
            "seller_id": "vera",
            "title": "Logo",
            "state": "active",
            "expected_delivery_at": (NOW + timedelta(days=3)).isoformat(),
            "updated_at": NOW.isoformat(),
            **fields,
        }
        return await self.operate("PUT", f"/v1/orders/{order_id}", body)

    async def command(self, order_id: str, command: str, *, by: str, key: str | None = None, **fields: Any) -> Any:
        """Execute a command as the order page would; ``by`` is kim or vera."""
        role = "customer" if by == "kim" else "seller"
        body = {"actor": {"id": by, "role": role}, "command": command, **fields}
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return await self.operate("POST", f"/v1/orders/{order_id}/commands", body, **headers)

    def services(self) -> Services:
        """The parts of this process."""
        app = self.client.app
        assert app is not None
        return app[SERVICES]

    async def services_settle(self) -> None:
        """Deliver every notice that waits now, without waiting for the loop."""
        await self.services().dispatcher.dispatch()

    async def freeze(self, now: datetime) -> ClientResponse:
        """Set the test clock."""
        return await self.operate("PUT", "/v1/test-clock", {"now": now.isoformat()})


@dataclass(slots=True)
class Person:
    """Somebody who chats."""

    gateway: Gateway
    token: str

    async def post(self, *, id: str | None = None, **content: Any) -> ClientResponse:
        """Post a message."""
        body = {"id": id or str(uuid.uuid4()), **content}
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.gateway.client.post("/v1/chat/messages", json=body, headers=headers)

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """Post a text and return the answer."""
        response = await self.post(text=text, **more)
        assert response.status == 200, await response.text()
        return await response.json()

    async def messages(self, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
        """Replay the conversation."""
        headers = {"Authorization": f"Bearer {self.token}"}
        params = {"after": str(after), "limit": str(limit)}
        response = await self.gateway.client.get("/v1/chat/messages", params=params, headers=headers)
        assert response.status == 200, await response.text()
        return (await response.json())["messages"]


Start = Callable[..., contextlib.AbstractAsyncContextManager[Gateway]]


@pytest.fixture
def start(config: GatewayConfig, database_url: str, tmp_path: Path) -> Start:
    """Start a gateway process, so to say: ``async with start(answer_within=0.5) as gateway``."""

    @contextlib.asynccontextmanager
    async def started(
        limits: Limits = DEFAULT_LIMITS, desk: Desk | None = None, **changes: Any
    ) -> AsyncIterator[Gateway]:
        changed = replace(config, **changes)
        backend = await Backend.open(
            database_url,
            limits=limits,
            production=changed.production,
            desk=desk,
            evidence_url=(tmp_path / "evidence").as_uri(),
        )
        try:
            async with TestClient(TestServer(create_app(changed, backend))) as client:
                yield Gateway(client, backend, changed)
        finally:
            await backend.close()

    return started


@pytest.fixture
async def gateway(start: Start) -> AsyncIterator[Gateway]:
    async with start() as running:
        yield running


@pytest.fixture
async def frozen(gateway: Gateway) -> Gateway:
    """The gateway with its business clock at NOW."""
    assert (await gateway.freeze(NOW)).status == 200
    return gateway


def problem(body: dict[str, Any]) -> tuple[int, str]:
    """Status and code of a problem document."""
    return body["status"], body["code"]


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    import structlog

    with structlog.testing.capture_logs():
        yield
