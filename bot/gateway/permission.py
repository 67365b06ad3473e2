"""What an endpoint asks of its caller: an operator key, a person's token, either of them, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.gateway.identity import Person, same_key
from bot.gateway.problems import unauthorized
from bot.gateway.services import Services


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A request from anybody."""

    request: web.Request
    services: Services


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """A request from the marketplace's systems."""

    request: web.Request
    services: Services


@dataclass(frozen=True, slots=True)
class PersonCall:
    """A request from a verified person."""

    request: web.Request
    services: Services
    person: Person


@dataclass(frozen=True, slots=True)
class EitherCall:
    """A request from the marketplace's systems (``person`` None) or from a verified person."""

    request: web.Request
    services: Services
    person: Person | None


@dataclass(frozen=True, slots=True)
class DeskCall:
    """A request from the support desk, or from the marketplace's systems: a desk reads handovers and nothing else."""

    request: web.Request
    services: Services


Call = OpenCall | OperatorCall | PersonCall | EitherCall | DeskCall


def bearer(request: web.Request) -> str:
    """The token of the Authorization header. Raises ``Problem`` 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("an Authorization header with a bearer token is needed")
    return token.strip()


async def admit(kind: type[Call], request: web.Request, services: Services) -> Call:
    """The call that a view of ``kind`` gets. Raises ``Problem`` 401, or 503 when keys cannot be fetched."""
    if kind is PersonCall:
        return PersonCall(request, services, await services.verifier.verify(bearer(request)))
    if kind is EitherCall:
        token = bearer(request)
        operator = same_key(token, services.config.operator_key)
        return EitherCall(request, services, None if operator else await services.verifier.verify(token))
    if kind is DeskCall:
        key = bearer(request)
        if not (same_key(key, services.config.desk_key) or same_key(key, services.config.operator_key)):
            raise unauthorized("the key of the desk is not valid")
        return DeskCall(request, services)
    if kind is OperatorCall:
        if not same_key(bearer(request), services.config.operator_key):
            raise unauthorized("the operator key is not valid")
        return OperatorCall(request, services)
    return OpenCall(request, services)
