"""The demo page, in development only: both sides of an order at once, situations to try, a clock to move.

It acts as a marketplace would, on this machine alone: it mints tokens, pushes orders and moves the test clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from msgspec import Meta

from actions.backend import OrderSnapshot
from bot.demo import CUSTOMER, SELLER, load, order_number
from bot.gateway import encoding
from bot.gateway.operations import json_response
from bot.gateway.problems import Problem, invalid
from bot.gateway.schemas.common import Locale, PersonId, Request, Struct
from bot.gateway.services import SERVICES, Services
from bot.gateway.tokens import mint
from bot.widget.assets import FOLDER
from bot.widget.scenarios import SCENARIOS, set_up, set_up_merchant

T = TypeVar("T")
_STATIC = FOLDER / "demo"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
_ZONE = "Europe/Berlin"
_SHOWN = 4  # orders on the page


class TokenWish(Request, kw_only=True):
    """Whom to be."""

    role: Literal["customer", "seller"]
    sub: PersonId
    locale: Locale | None = None


class TokenOut(Struct, kw_only=True):
    """A token for development."""

    token: str


class ScenarioWish(Request, kw_only=True):
    """Which situation to set up; `all` is the set of ``python -m bot.demo``, `infractions` are the seller's."""

    name: str


class ClockWish(Request, kw_only=True):
    """By how many hours to move the business clock on; None lets it run with real time again."""

    hours: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None


class DemoOrder(Struct, kw_only=True):
    """An order as the shop page shows it."""

    id: str
    title: str
    state: str
    due_at: datetime | None
    open: str | None


class DemoOut(Struct, kw_only=True):
    """What the page shows around the chats."""

    now: datetime
    frozen: bool
    scenarios: tuple[str, ...]
    orders: tuple[DemoOrder, ...]


def add_demo(app: web.Application) -> None:
    """Register the pages, their files and what they may do."""
    for path, name in (("/", "index.html"), ("/demo/shop", "shop.html")):
        app.router.add_get(path, _file(name, "text/html"))
    for name, kind in (
        ("demo.js", "text/javascript"),
        ("demo.css", "text/css"),
        ("shop.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ):
        app.router.add_get(f"/demo/{name}", _file(name, kind))
    app.router.add_post("/demo/token", _local(_token))
    app.router.add_get("/demo/token", _local(_token))
    app.router.add_get("/demo/state", _local(_state))
    app.router.add_post("/demo/scenario", _local(_scenario))
    app.router.add_post("/demo/clock", _local(_clock))


def _file(name: str, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    content = (_STATIC / name).read_bytes()

    async def serve(request: web.Request) -> web.Response:
        return web.Response(
            body=content, content_type=content_type, charset="utf-8", headers={"Content-Security-Policy": _POLICY}
        )

    return serve


def _local(view: Callable[[web.Request, Services], Awaitable[Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Only for pages of this machine: one elsewhere could point its own host name here, or post a form.

    A gateway that listens on more than loopback has no demo: it would hand anybody a token for anybody.
    """

    async def handle(request: web.Request) -> web.Response:
        services = request.app[SERVICES]
        if not {request.url.host, services.config.host} <= _LOOPBACK:
            raise Problem(403, "forbidden", "this is only for pages on this machine")
        if request.method == "POST" and request.content_type != "application/json":
            raise Problem(415, "unsupported_media_type", "the body must be application/json")
        return json_response(await view(request, services))

    return handle


async def _read(request: web.Request, kind: type[T]) -> T:
    try:
        if request.method == "GET":
            return encoding.read_strings({name: value for name, value in request.query.items() if value}, kind)
        return encoding.read_json(await request.read(), kind)
    except encoding.Unreadable as error:
        raise invalid(error.field, error.detail) from None


async def _token(request: web.Request, services: Services) -> TokenOut:
    wish = await _read(request, TokenWish)
    config = services.config
    token = mint(
        config.jwt_secret,
        audience=config.jwt_audience,
        issuer=config.jwt_issuer,
        role=wish.role,
        sub=wish.sub,
        locale=wish.locale,
        zoneinfo=_ZONE,
    )
    return TokenOut(token=token)


async def _state(request: web.Request, services: Services) -> DemoOut:
    clock = services.backend.clock
    orders = await services.backend.orders.of_person(SELLER, include_closed=True)
    ours = [order for order in orders if order.customer_id == CUSTOMER.id and order_number(order.id)]
    ours.sort(key=lambda order: (order.closed, -order_number(order.id)))
    return DemoOut(
        now=encoding.utc(await clock.now()),
        frozen=await clock.frozen() is not None,
        scenarios=(*SCENARIOS, "infractions", "all"),
        orders=tuple(_order(order) for order in ours[:_SHOWN]),
    )


def _order(order: OrderSnapshot) -> DemoOrder:
    return DemoOrder(
        id=order.id,
        title=order.title,
        state=order.state.value,
        due_at=encoding.utc_or_none(order.effective_delivery_at),
        open=order.open_dispute.kind.value if order.open_dispute else None,
    )


async def _scenario(request: web.Request, services: Services) -> DemoOut:
    wish = await _read(request, ScenarioWish)
    if wish.name == "all":
        await load(services.backend)
    elif wish.name == "infractions":
        await set_up_merchant(services.backend)
    elif wish.name in SCENARIOS:
        await set_up(services.backend, SCENARIOS[wish.name])
    else:
        raise invalid("name", "there is no such scenario")
    services.dispatch_loop.kick()
    return await _state(request, services)


async def _clock(request: web.Request, services: Services) -> DemoOut:
    wish = await _read(request, ClockWish)
    clock = services.backend.clock
    if wish.hours is None:
        await clock.reset()
    else:
        await clock.set(await clock.now() + timedelta(hours=wish.hours))
        await services.backend.sweeper.sweep()
        await services.dispatcher.dispatch()
    return await _state(request, services)
