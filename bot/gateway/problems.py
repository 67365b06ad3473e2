"""Problem documents (RFC 9457): every error of the gateway is one of these, with a stable ``code``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.gateway import encoding
from bot.gateway.schemas.problems import FieldError, ProblemDocument, ReasonOut

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer other than success.

    ``code`` is stable and meant for programs; ``detail`` is for whoever reads the caller's log. ``errors`` name the
    fields of a request that could not be read; ``reasons`` carry the failing rules of a refused command; ``missing``
    names facts that are needed for a verdict.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        reasons: Sequence[ReasonOut] = (),
        missing: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.reasons = tuple(reasons)
        self.missing = tuple(missing)
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The HTTP response that carries this problem."""
        document = ProblemDocument(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            code=self.code,
            detail=self.detail,
            errors=self.errors,
            reasons=self.reasons,
            missing=self.missing,
        )
        response = web.Response(
            status=self.status, body=encoding.encode(document), content_type=CONTENT_TYPE, headers=self.headers
        )
        if self.status == HTTPStatus.REQUEST_TIMEOUT:
            response.force_close()  # whatever still comes is not read
        return response


def invalid(field: str, detail: str, status: int = HTTPStatus.UNPROCESSABLE_ENTITY) -> Problem:
    """A request whose ``field`` is missing or cannot be used; code ``invalid_request``."""
    return Problem(status, "invalid_request", f"{field}: {detail}", errors=(FieldError(field, detail),))


def unauthorized(detail: str) -> Problem:
    """No usable key or token; code ``unauthorized``."""
    return Problem(
        HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="lotse"'}
    )


def order_not_found() -> Problem:
    """An order that does not exist, or not for this person: both look the same (M-04)."""
    return Problem(HTTPStatus.NOT_FOUND, "order_not_found", "there is no such order for this person")


def not_found(code: str, detail: str) -> Problem:
    """Something that does not exist, or not for this person: both look the same (M-04, W-05)."""
    return Problem(HTTPStatus.NOT_FOUND, code, detail)


def idempotency_conflict() -> Problem:
    """A key that stands for something else already."""
    detail = "this Idempotency-Key was used before for another command"
    return Problem(HTTPStatus.CONFLICT, "idempotency_conflict", detail)


def too_slow_body() -> Problem:
    """A body that does not arrive in time; the connection ends with it."""
    return Problem(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow", "the body did not arrive in time")


def unavailable(code: str, detail: str, retry_after: int = 5) -> Problem:
    """A part that is needed is down for now; ``retry_after`` in seconds."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, code, detail, headers={"Retry-After": str(retry_after)})


def from_http_error(error: web.HTTPException) -> Problem:
    """aiohttp's own errors (no such route, wrong method, body too large) as problem documents."""
    codes: dict[int, str] = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}
    headers: dict[str, Any] = {}
    if "Allow" in error.headers:
        headers["Allow"] = error.headers["Allow"]
    return Problem(error.status, codes.get(error.status, "http_error"), error.reason, headers=headers)
