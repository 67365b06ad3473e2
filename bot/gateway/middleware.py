"""What every request passes through: a request id for the log, problem documents for errors, safe headers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web

from actions.backend import BadValue, DatabaseUnavailable, StorageUnavailable
from bot.gateway.problems import Problem, from_http_error, invalid, unavailable
from bot.gateway.services import LIMIT, SERVICES

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nothing is cached, sniffed or framed; a page brings a policy of its own."""
    response = await handler(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@web.middleware
async def request_id(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bind an id to everything that is logged for this request, and answer it."""
    number = secrets.token_hex(8)
    with structlog.contextvars.bound_contextvars(request_id=number):
        response = await handler(request)
    response.headers["X-Request-Id"] = number
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as problem documents, in time: whatever hangs becomes a 503 before the caller gives up."""
    try:
        async with asyncio.timeout(request.app[SERVICES].config.request_within) as limit:
            request[LIMIT] = limit
            return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return from_http_error(error).response()
    except BadValue:
        return invalid("body", "a text holds characters that cannot be stored").response()
    except StorageUnavailable:
        log.warning("request.storage_unavailable", path=_route(request))
        return unavailable("storage_unavailable", "the evidence storage does not answer; try again").response()
    except DatabaseUnavailable:
        log.warning("request.database_unavailable", path=_route(request))
        return unavailable("database_unavailable", "the database does not answer; try again").response()
    except TimeoutError:
        log.warning("request.too_slow", path=_route(request))
        return unavailable("too_slow", "a part did not answer in time; try again").response()
    except Exception:
        log.exception("request.broken", path=_route(request))
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "an error of ours; it was logged").response()


def _route(request: web.Request) -> str:
    """The route's pattern: never ids of people or orders in the log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
