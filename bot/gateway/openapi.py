"""The OpenAPI 3.1 document, made from the operations and the schemas that also do the checks."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from bot.gateway.operations import FileOut, Operation
from bot.gateway.permission import DeskCall, EitherCall, OpenCall, OperatorCall, PersonCall
from bot.gateway.schemas.problems import ProblemDocument
from bot.gateway.uploads import MEDIA_TYPES, PART

_REF = "#/components/schemas/{name}"
_SECURITY: Mapping[Any, list[dict[str, list[str]]]] = {
    OperatorCall: [{"operatorKey": []}],
    PersonCall: [{"personToken": []}],
    EitherCall: [{"operatorKey": []}, {"personToken": []}],
    DeskCall: [{"operatorKey": []}, {"deskKey": []}],
    OpenCall: [],
}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {PART: {"type": "string", "format": "binary"}},
        "required": [PART],
        "additionalProperties": False,
    },
    "encoding": {PART: {"contentType": ", ".join(MEDIA_TYPES)}},
}
_ABOUT = """Customers and sellers settle trouble with an order in the chat; the marketplace's systems push orders,
act for people and read what happened. Errors are problem documents (RFC 9457) with a stable `code`.

Live connection: a WebSocket at `/v1/chat/live` (OpenAPI cannot describe it) carries everything new in a person's
conversation. The client's first frame is `{"type": "hello", "token": "<JWT>", "after": <last number it has>}`; the
server answers with `{"type": "messages", "messages": [...]}` (as in `GET /v1/chat/messages`, exactly those after that
number, in order), then sends `{"type": "state", "last": n, "seen": n, "typing": true|false, "handover": null or {id,
status, desk, agent}}` with each change (a handover: the assistant pauses, the person talks to the desk), and
`{"type": "renew"}` a minute before the token ends; the client answers `{"type": "token", "token": "<JWT>"}` of the same
person. Messages are still posted over HTTP. Close codes: 4400 unreadable frame, 4401 token refused, ended or another
person's, 4429 too many connections or frames of one person, 1001 and 1013 come again. Who cannot keep a WebSocket
polls `GET /v1/chat/messages?after=n&wait=25`. Browsers may call `/v1/chat/*` from the origins that are configured
(`LOTSE_ORIGINS`; others get 403 `origin_not_allowed`): identity is the token alone, never a cookie.

Limits: a person may send so many messages and make so many requests a minute, an address so many requests and failed
sign-ins; beyond that 429 `rate_limited` with Retry-After. The marketplace's own calls are not counted. A caller may
give an `X-Request-ID`; it is answered, and it is in the logs of all processes."""


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The whole document for these operations."""
    listed = tuple(operations)
    shapes = list(_shapes(listed))
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    known = {_key(shape): schema for shape, schema in zip(shapes, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, known, components)
    made = {
        "openapi": "3.1.0",
        "info": {"title": "Lotse", "version": version, "description": _ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "operatorKey": {"type": "http", "scheme": "bearer", "description": "The operator key."},
                "deskKey": {"type": "http", "scheme": "bearer", "description": "The support desk's key."},
                "personToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Minted by the marketplace: sub, role (customer, seller), aud, exp, iat; "
                    "optional iss, locale, name, zoneinfo.",
                },
            },
        },
    }
    described: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))  # tuples as lists, as it will be read
    return described


def _shapes(operations: Iterable[Operation]) -> Iterator[Any]:
    yield ProblemDocument
    for operation in operations:
        shapes = [shape for name, shape in operation.parts.items() if name != "upload"]
        shapes += [shape for shape in operation.shapes.values() if not isinstance(shape, FileOut)]
        yield from shapes
        for shape in shapes:
            yield from _mentioned(shape)


def _mentioned(shape: Any) -> Iterator[Any]:
    """Structs that a schema only refers to by name: see ``schemas.common.shown``."""
    if get_origin(shape) is Annotated:
        for extra in shape.__metadata__:
            if isinstance(extra, msgspec.Meta) and extra.extra:
                yield extra.extra["shown"]
    for inner in get_args(shape):
        yield from _mentioned(inner)
    if inspect.isclass(shape) and issubclass(shape, msgspec.Struct):
        for hint in get_type_hints(shape, include_extras=True).values():
            yield from _mentioned(hint)


def _key(shape: Any) -> str:
    return repr(shape)


def _operation(operation: Operation, known: Mapping[str, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    parts = operation.parts
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": inspect.getdoc(operation.view) or "",
        "security": _SECURITY[operation.call],
        "parameters": [
            parameter
            for part, place in (("path", "path"), ("query", "query"), ("headers", "header"))
            if part in parts
            for parameter in _parameters(parts[part], place, components)
        ],
        "responses": _responses(operation, known),
    }
    if "body" in parts:
        content = {"application/json": {"schema": known[_key(parts["body"])]}}
        described["requestBody"] = {"required": True, "content": content}
    if "upload" in parts:
        described["requestBody"] = {"required": True, "content": {"multipart/form-data": _FORM}}
    return described


def _parameters(shape: Any, place: str, components: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    schema = components[shape.__name__]
    for name, property_schema in schema["properties"].items():
        yield {
            "name": name,
            "in": place,
            "required": place == "path" or name in schema.get("required", ()),
            "schema": property_schema,
        }


def _responses(operation: Operation, known: Mapping[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {
            "description": operation.summary,
            "content": _content(shape, known),
        }
        for status, shape in operation.shapes.items()
    }
    for status, meaning in sorted(_problems(operation).items()):
        content = {"application/problem+json": {"schema": known[_key(ProblemDocument)]}}
        responses.setdefault(str(status), {"description": meaning, "content": content})
    return responses


def _content(shape: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(shape, FileOut):
        return {media_type: {} for media_type in shape.media_types}
    return {"application/json": {"schema": known[_key(shape)]}}


def _problems(operation: Operation) -> dict[int, str]:
    shared: dict[int, str] = {}
    if operation.path != "/health":
        shared[429] = "Too many requests (`rate_limited`); Retry-After says when to try again."
    if operation.call is not OpenCall:
        shared[401] = f"The {'operator key' if operation.call is OperatorCall else 'token'} is not valid."
        shared[503] = "A part that is needed is down (`database_unavailable`); Retry-After says when to try again."
    if operation.parts:
        shared[422] = "A field is missing or cannot be used (`invalid_request`); `errors` name it."
    if "path" in operation.parts:
        shared[404] = "There is nothing at this path."
    if "body" in operation.parts:
        shared[400] = "The body is no JSON (`invalid_request`)."
        shared[408] = "The body did not arrive in time (`body_too_slow`)."
        shared[413] = "The body is too large."
        shared[415] = "The body is not application/json."
    if "upload" in operation.parts:
        shared[400] = "The body is no readable form (`invalid_request`)."
        shared[408] = "The file did not arrive in time (`body_too_slow`)."
    return {**shared, **operation.problems}
