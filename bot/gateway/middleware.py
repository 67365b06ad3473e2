"""What every request passes through: an id for the log, numbers, safe headers, limits, problem documents for errors."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web

from actions.backend import BadValue, DatabaseUnavailable, StorageUnavailable
from bot import request_ids
from bot.gateway import metrics
from bot.gateway.problems import Problem, from_http_error, invalid, unavailable
from bot.gateway.services import LIMIT, SERVICES

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"  # not for other hosts below ours: they are the marketplace's to decide about
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


@web.middleware
async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bind an id to everything that is logged for this request, and answer it; count; add safe headers.

    Nothing is cached, sniffed or framed; a page or a file brings a policy of its own.
    """
    began = time.perf_counter()
    number = request_ids.accepted(request.headers.get(request_ids.HEADER))
    with structlog.contextvars.bound_contextvars(request_id=number):
        response = await handler(request)
    if not response.prepared:  # else a WebSocket, whose headers are gone
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        services = request.app[SERVICES]
        if services.config.production or services.addresses.secure(request):
            response.headers["Strict-Transport-Security"] = _HSTS
        response.headers[request_ids.HEADER] = number
        _seconds(_route(request)).observe(time.perf_counter() - began)
    method = request.method if request.method in _METHODS else "other"
    _requests(method, _route(request), response.status).inc()
    return response


# To look a labelled number up costs more than to count; methods, routes and states are few.
_seconds = functools.cache(metrics.REQUEST_SECONDS.labels)
_requests = functools.cache(metrics.REQUESTS.labels)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as problem documents, in time: whatever hangs becomes a 503 before the caller gives up."""
    services = request.app[SERVICES]
    try:
        async with asyncio.timeout(services.config.request_within) as limit:
            request[LIMIT] = limit
            await services.rates.arrived(request)
            try:
                return await handler(request)
            finally:
                await services.rates.left(request)
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
