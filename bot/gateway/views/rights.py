"""People's rights: everything about a person to take away, and their deletion. The marketplace knows who asks."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from aiohttp import web

from actions.backend.erasure_views import CaseOpen, ErasureStatus
from actions.policy import Role
from bot.gateway import encoding, export
from bot.gateway.operations import json_response
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import Problem, unavailable
from bot.gateway.schemas.people import PersonPath
from bot.gateway.schemas.problems import ReasonOut
from bot.gateway.schemas.rights import ErasureOut, ErasureQuery
from bot.gateway.services import LIMIT

log = structlog.get_logger(__name__)

_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def get_export(call: OperatorCall, path: PersonPath) -> web.StreamResponse:
    """Everything that is kept about a person as a ZIP file: `export.json`, and images in `evidence/`.

    The document has one list for each of profile, conversations, messages, assistant_memory, handovers, feedback,
    proposals, misunderstood, orders (with disputes and events), infractions, appeals (with evidence and events) and
    waiting_notices; all are empty for somebody unknown. It is read and sent page by page: a download that breaks off is
    no whole ZIP file.
    """
    pieces = export.archive(call.services.backend, Role(path.role), path.id)
    first = await anext(pieces)  # a database that is away is still an answer of its own
    response = web.StreamResponse(headers={**_PRIVATE, "Content-Disposition": 'attachment; filename="export.zip"'})
    response.content_type = "application/zip"
    call.request[LIMIT].reschedule(None)
    await response.prepare(call.request)
    try:
        await response.write(first)
        async for piece in pieces:
            if piece:
                await response.write(piece)
    except Exception:
        log.exception("export.broken")
        if call.request.transport is not None:
            call.request.transport.close()  # without an end the caller knows that something is missing
    return response


async def delete_person(call: OperatorCall, path: PersonPath, query: ErasureQuery) -> web.Response:
    """Delete a person; as often as you like. The feed then has an event of kind `erasure`, which does not say who.

    Gone are profile, conversations, proposals, feedback, handovers, evidence, and their words and name in cases, in
    events and in what the other party was told. Orders, disputes, appeals and their audit trail stay under a random
    pseudonym. 202 when it takes longer than a few seconds; it then goes on by itself.
    """
    backend = call.services.backend
    if backend.erasures.memory is None:
        raise unavailable("memory_unavailable", "this gateway does not know Rasa's database")
    try:
        status = await backend.erasures.erase(
            Role(path.role), path.id, force=query.force == "true", within=call.services.config.answer_within
        )
    except CaseOpen as error:
        raise Problem(
            HTTPStatus.CONFLICT,
            "case_open",
            "this person has open cases; let them end, or delete with force=true",
            reasons=[
                ReasonOut(
                    "privacy",
                    f"{case.kind}_open",
                    encoding.plain({"id": case.id, "order_id": case.order_id, "due_at": case.due_at}),
                )
                for case in error.cases
            ],
        ) from None
    code = HTTPStatus.ACCEPTED if status is ErasureStatus.RUNNING else HTTPStatus.OK
    return json_response(ErasureOut(status=status.value), code)
