"""A live gateway in a thread of its own, for tools that know it only by its address and its document."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import structlog
from aiohttp import web

from actions.backend import (
    AppealSnapshot,
    Backend,
    Desk,
    IdempotencyKey,
    InfractionPush,
    Material,
    OrderPush,
    Rating,
    Settled,
    SettledCase,
    migrate,
)
from actions.policy import (
    Actor,
    OrderState,
    RequestCancellation,
    RequestUpdate,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
)
from bot.gateway.app import create_app
from bot.gateway.config import GatewayConfig
from bot.gateway.tokens import mint
from bot.gateway.webhooks import destinations
from tests.backend.world import asked, talk_about
from tests.gateway.conftest import JWT_SECRET, OPERATOR
from tests.gateway.fakes import SECRET, FakeEngine
from tests.gateway.penalties import picture

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
INFRACTIONS = ("V-1", "V-2", "V-3")
ORDERS = ("FO-1001", "FO-1002", "FO-1003", "FO-1004")


@dataclass(frozen=True, slots=True)
class Live:
    """Where the gateway is, and what it takes to get in.

    ``disputes`` are open ones of the seeded orders, ``appeals`` a draft and two filed ones, ``evidence`` an image,
    ``webhook`` a receiver that does not answer, ``event`` one that it is sent; ``handovers`` two that are open.
    """

    url: str
    operator: str
    person: str
    seller: str
    disputes: tuple[str, ...]
    appeals: tuple[str, ...]
    evidence: str
    webhook: str
    event: int
    handovers: tuple[str, ...]


async def seed(backend: Backend) -> tuple[str, ...]:
    """Orders of kim and vera in different states, some with an open dispute."""
    kim, disputes = Actor(Role.CUSTOMER, "kim"), []
    for number, order_id in enumerate(ORDERS):
        due = NOW + timedelta(days=3 - 2 * number)
        push = OrderPush(order_id, "kim", "vera", OrderState.ACTIVE, NOW, "Logo", expected_delivery_at=due)
        await backend.orders.put(push)
    for order_id, command in ((ORDERS[0], RequestUpdate("Na?")), (ORDERS[1], RequestCancellation(text="Bitte"))):
        key = IdempotencyKey(order_id, command.name, order_id)
        outcome = await backend.commands.execute(order_id, command, kim, key=key)
        disputes.append(outcome.dispute_id or "")
    return tuple(disputes)


async def seed_appeals(backend: Backend) -> tuple[tuple[str, ...], str]:
    """Infractions of mona, each with an appeal; her conversation is about the draft, which has an image."""
    mona, appeals = Actor(Role.SELLER, "mona"), []
    for number, infraction_id in enumerate(INFRACTIONS):
        issued = NOW - timedelta(days=30 * number)
        await backend.infractions.put(InfractionPush(infraction_id, mona.id, "misleading_tracking", NOW, issued))
        subject = Subject(SubjectKind.INFRACTION, infraction_id)
        key = IdempotencyKey(infraction_id, "draft", infraction_id)
        made = await backend.appeals.draft(mona, "misleading_tracking", subject, ground="Ging raus", key=key)
        assert isinstance(made, AppealSnapshot)
        appeals.append(made.id)
        if number:
            key = IdempotencyKey(infraction_id, "submit", made.id)
            assert (await backend.appeals.execute(made.id, SubmitAppeal(), mona, key=key)).allowed
    conversation = await backend.conversations.open("", mona.role, mona.id)
    await talk_about(backend, conversation.id, appeals[0])
    image = await backend.evidence.store(picture())
    key = IdempotencyKey("image", "attach_evidence", appeals[0])
    changed = await backend.appeals.attach(appeals[0], mona, image=image, key=key)
    assert isinstance(changed, AppealSnapshot)
    return tuple(appeals), changed.evidence[0].id


async def seed_handovers(backend: Backend, desk: Desk) -> tuple[str, ...]:
    """Two people who talk to the desk, and a rating of one."""
    handovers = []
    for sub in ("lea", "mo"):
        actor = Actor(Role.CUSTOMER, sub)
        chat = await backend.conversations.open("", Role.CUSTOMER, sub)
        material = Material(desk.name, Role.CUSTOMER, sub, "de", words="Einen Menschen bitte")
        offered = await backend.handovers.create(chat.id, actor, material, sentence="Soll ich?", locale="de")
        done = await backend.handovers.confirm(offered.id, chat.id, actor, sub, 1)
        assert done.handover is not None
        handovers.append(offered.id)
        settled = SettledCase("dispute", f"D-{sub}", Settled.WITHDRAWN, ORDERS[0])
        question = await asked(backend, chat.id, actor, settled, sub)
        assert question is not None
        await backend.feedback.rate(question, actor, Rating.UP)
    return tuple(handovers)


@contextlib.asynccontextmanager
async def serving(database: Path) -> AsyncIterator[Live]:
    """The gateway on a free port of the loopback interface."""
    engine = FakeEngine()
    await engine.start()
    evidence = database.with_name("evidence").as_uri()
    desk = Desk("Kundenservice", timedelta(hours=1))
    backend = await Backend.open(f"sqlite:///{database}", evidence_url=evidence, desk=desk)
    await backend.clock.set(NOW)
    disputes = await seed(backend)
    appeals, image = await seed_appeals(backend)
    handovers = await seed_handovers(backend, desk)
    config = GatewayConfig(
        operator_key=OPERATOR,
        engine_urls=(engine.url,),
        actions_url=engine.url,
        internal_secret=SECRET,
        jwt_secret=JWT_SECRET,
        dispatch_interval=0.2,
        sweep_interval=0.5,
        longest_wait=0.02,
        webhook_private=(ipaddress.ip_network("127.0.0.1/32"),),
        tracker_url=f"sqlite:///{database.with_name('conversations.db')}",
    )
    receiver = await backend.webhooks.create("http://127.0.0.1:1/hooks", ("*",), after=0)
    runner = web.AppRunner(create_app(config, backend), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        person = mint(JWT_SECRET, audience="lotse", role="customer", sub="kim")
        seller = mint(JWT_SECRET, audience="lotse", role="seller", sub="mona")
        url, webhook = f"http://127.0.0.1:{port}", receiver.webhook
        yield Live(url, OPERATOR, person, seller, disputes, appeals, image, webhook.id, webhook.last, handovers)
    finally:
        await runner.cleanup()
        await backend.close()
        await engine.stop()


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The gateway, until the last test of this folder: while it runs, no address of the internet is one."""
    database = tmp_path_factory.mktemp("contract") / "lotse.db"
    migrate.upgrade(f"sqlite:///{database}")
    started, stop = threading.Event(), asyncio.Event()
    found: list[Live] = []
    failed: list[Exception] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(database) as address:
            found.append(address)
            started.set()
            await stop.wait()

    def run() -> None:
        with structlog.testing.capture_logs(), contextlib.closing(loop):
            try:
                # Whatever address a made-up receiver has: nothing is sent to anybody outside.
                with patch.object(destinations, "is_public", return_value=False):
                    loop.run_until_complete(serve())
            except Exception as error:
                failed.append(error)
                started.set()

    thread = threading.Thread(target=run, name="gateway")
    thread.start()
    try:
        assert started.wait(20), "the gateway did not start"
        if failed:
            raise failed[0]
        yield found[0]
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        shutil.rmtree(database.parent, ignore_errors=True)
