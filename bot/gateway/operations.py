"""What the API offers, operation by operation.

A view is a coroutine ``view(call, path=…, query=…, headers=…, body=…)``, or takes an ``upload`` in place of the body:
which of these it takes, and their shapes, are read from its annotations, for the checks and for the OpenAPI document
alike. The type of ``call`` says who may ask.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, get_type_hints

import msgspec
from aiohttp import web

from bot.gateway import encoding
from bot.gateway.permission import Call, OpenCall, admit
from bot.gateway.problems import Problem, invalid, too_slow_body
from bot.gateway.services import SERVICES
from bot.gateway.uploads import Upload

View = Callable[..., Awaitable[Any]]
T = TypeVar("T")
_PARTS = ("path", "query", "headers", "body", "upload")


@dataclass(frozen=True, slots=True)
class FileOut:
    """The shape of an answer that is a file."""

    media_types: tuple[str, ...]


@functools.cache
def _hints(view: View) -> dict[str, Any]:
    return get_type_hints(view, include_extras=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. ``problems``: status and what it means here, apart from those every operation shares.

    ``answers`` names the shape for each success status where the view's return annotation does not say it.
    ``message``: it makes the assistant work, and so counts as one of the messages that a person may send a minute.
    """

    method: str
    path: str
    view: View
    tag: str
    summary: str
    problems: Mapping[int, str]
    answers: Mapping[int, Any] | None = None
    message: bool = False

    @property
    def name(self) -> str:
        """The operationId."""
        return self.view.__name__

    @property
    def hints(self) -> dict[str, Any]:
        """The view's annotations, resolved."""
        return _hints(self.view)

    @property
    def call(self) -> type[Call]:
        """Who may ask."""
        return self.hints.get("call", OpenCall)

    @property
    def parts(self) -> dict[str, Any]:
        """The shapes of those of path, query, headers and body that the view takes."""
        hints = self.hints
        return {name: hints[name] for name in _PARTS if name in inspect.signature(self.view).parameters}

    @property
    def shapes(self) -> Mapping[int, Any]:
        """The shape of the answer for each success status."""
        return self.answers if self.answers is not None else {200: self.hints["return"]}

    def handler(self) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler: who is it, is the request readable, then the view."""
        kind, parts, view = self.call, self.parts, self.view

        async def handle(request: web.Request) -> web.StreamResponse:
            call = await _enter(kind, request, message=self.message)
            given: dict[str, Any] = {}
            for name, shape in parts.items():
                if name == "upload":
                    given[name] = Upload(request)
                else:
                    given[name] = await _body(request, shape) if name == "body" else _strings(request, name, shape)
            answer = await view(call, **given)
            return answer if isinstance(answer, web.StreamResponse) else json_response(answer)

        return handle


async def _enter(kind: type[Call], request: web.Request, *, message: bool) -> Call:
    """Who is it, and have they asked too often? Raises ``Problem`` 401, 429, or 503 when keys cannot be fetched."""
    services = request.app[SERVICES]
    try:
        call = await admit(kind, request, services)
    except Problem as problem:
        if problem.status == HTTPStatus.UNAUTHORIZED and "Authorization" in request.headers:
            await services.rates.failed(request)
        raise
    person = getattr(call, "person", None)
    if person is not None:
        await services.rates.person(request, person, message=message)
    return call


def json_response(answer: object, status: int = HTTPStatus.OK) -> web.Response:
    """A JSON response with a struct."""
    return web.Response(status=status, body=encoding.encode(answer), content_type="application/json")


def _strings(request: web.Request, name: str, shape: type[T]) -> T:
    values: Mapping[str, str]
    if name == "path":
        values = request.match_info
    elif name == "query":
        values = request.query
        for key in request.query:
            if len(request.query.getall(key)) > 1:
                raise invalid(key, "is given more than once")
    else:
        fields = msgspec.structs.fields(shape)  # type: ignore[arg-type]
        for field in fields:
            if field.required and field.encode_name not in request.headers:
                raise invalid(field.encode_name, "this header is missing", HTTPStatus.BAD_REQUEST)
        names = [field.encode_name for field in fields if field.encode_name in request.headers]
        values = {name: request.headers[name] for name in names}
    try:
        return encoding.read_strings(values, shape)
    except encoding.Unreadable as error:
        raise invalid(error.field, error.detail) from None


async def _body(request: web.Request, shape: type[T]) -> T:
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in ("utf-8", "us-ascii"):
        detail = "the body must be application/json in UTF-8"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    if request.content.is_eof():  # it came with its headers: nothing to wait for
        content = await request.read()
    else:
        try:
            async with asyncio.timeout(request.app[SERVICES].config.body_within):
                content = await request.read()
        except TimeoutError:
            raise too_slow_body() from None
    try:
        return encoding.read_json(content, shape)
    except encoding.Unreadable as error:
        status = HTTPStatus.BAD_REQUEST if error.malformed else HTTPStatus.UNPROCESSABLE_ENTITY
        raise invalid(error.field, error.detail, status) from None
