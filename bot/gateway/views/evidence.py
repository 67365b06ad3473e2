"""Screenshots as evidence: people upload them in the chat; they and the marketplace can fetch them."""

from __future__ import annotations

import asyncio
from uuid import NAMESPACE_URL, uuid4, uuid5

import msgspec
from aiohttp import web

from actions.backend import (
    AppealSnapshot,
    Conversation,
    EvidenceRefused,
    EvidenceSnapshot,
    IdempotencyKey,
    Said,
    StoredButton,
    StoredImage,
)
from actions.backend.evidence_images import MAX_BYTES
from actions.policy import PLATFORM, Actor, Role
from bot.gateway import encoding
from bot.gateway.chat import message_json
from bot.gateway.operations import json_response
from bot.gateway.permission import EitherCall, PersonCall
from bot.gateway.problems import Problem, not_found
from bot.gateway.schemas.appeals import EvidenceOut
from bot.gateway.schemas.evidence import EvidencePath, Uploaded
from bot.gateway.services import LIMIT
from bot.gateway.uploads import Upload

_STATUS = {"evidence_too_large": 413, "evidence_type": 415, "evidence_unreadable": 422}
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


async def post_evidence(call: PersonCall, upload: Upload) -> web.Response:
    """Attach a screenshot to the appeal that the conversation is about, and go on with it.

    The part `file` is a PNG, JPEG or WebP of 10 MB at most, recognised by its content; it is drawn anew, without its
    metadata. The conversation goes on as if a button had been pressed. The same image again is attached once and
    answered as before (200).
    """
    services = call.services
    if call.person.role is not Role.SELLER:
        raise Problem(403, "seller_only", "only sellers appeal, and so only they send evidence")
    conversation = await services.chat.conversation(call.person)
    appeal = await _draft(call, conversation)
    content = await upload.read(MAX_BYTES)
    try:
        evidence = await _attached(call, appeal, await services.backend.evidence.store(content))
    except EvidenceRefused as refused:
        raise Problem(_STATUS.get(refused.code, 409), refused.code, str(refused)) from None
    voice = await services.chat.voice(call.person)
    title = services.wording.text("gateway_evidence", voice.locale, voice.zone)
    # one message for one piece of evidence, however often it is sent
    message_id = uuid5(NAMESPACE_URL, f"{conversation.id}/{evidence.id}")
    incoming = Said(
        client_id=str(message_id),
        done=StoredButton(title, f"/inform{encoding.encode({'evidence_id': evidence.id}).decode()}"),
        custom={"kind": "evidence", "evidence_id": evidence.id, "appeal_id": appeal.id},
    )
    call.request[LIMIT].reschedule(asyncio.get_running_loop().time() + services.config.request_within)
    answered = await services.chat.post(call.person, incoming)
    body = Uploaded(
        evidence=evidence_out(evidence),
        status="pending" if answered.pending else "answered",
        messages=tuple(message_json(message) for message in answered.messages),
    )
    return json_response(body, 200 if answered.repeated else 201)


async def get_evidence(call: EitherCall, path: EvidencePath) -> web.Response:
    """An image, for the merchant whose appeal it is and for the marketplace. Links have nothing to be fetched."""
    person = call.person
    actor = Actor(person.role, person.sub) if person else PLATFORM
    file = await call.services.backend.evidence.get(path.id, actor)
    if file is None:
        raise not_found("evidence_not_found", "there is no such image for this person")
    headers = {
        "Content-Disposition": f'attachment; filename="{file.id}.{_ENDINGS[file.media_type]}"',
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
    return web.Response(body=file.content, content_type=file.media_type, headers=headers)


async def _draft(call: PersonCall, conversation: Conversation) -> AppealSnapshot:
    """The draft that the conversation is about. Raises ``Problem`` 409 ``no_appeal_open``."""
    backend = call.services.backend
    appeal_id = await backend.conversations.subject(conversation.id)
    appeal = await backend.appeals.get(appeal_id) if appeal_id else None
    if appeal is None or appeal.seller_id != call.person.sub or not appeal.is_draft:
        raise _no_appeal_open()
    return appeal


async def _attached(call: PersonCall, appeal: AppealSnapshot, image: StoredImage) -> EvidenceSnapshot:
    # Any new key will do: what is attached already is not attached again.
    key = IdempotencyKey(uuid4().hex, "attach_evidence", appeal.id)
    actor = Actor(Role.SELLER, call.person.sub)
    changed = await call.services.backend.appeals.attach(appeal.id, actor, image=image, origin="chat", key=key)
    if not isinstance(changed, AppealSnapshot):
        raise _no_appeal_open()  # it was submitted or withdrawn meanwhile
    return next(item for item in changed.evidence if item.digest == image.digest)


def _no_appeal_open() -> Problem:
    return Problem(409, "no_appeal_open", "this conversation is not about an appeal that can still be changed")


def evidence_out(evidence: EvidenceSnapshot) -> EvidenceOut:
    """Evidence as in the contract."""
    return msgspec.convert(evidence.to_json(), EvidenceOut)
