"""What a person reads before the first message, and the conversation to take away."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from actions.backend import StoredMessage
from bot.gateway.permission import PersonCall
from bot.gateway.schemas.welcome import PrivacyOut, TranscriptQuery, WelcomeOut
from bot.gateway.transcripts import Transcript

_PAGE = 200
_STARTS = (1, 2, 3)


async def get_welcome(call: PersonCall) -> WelcomeOut:
    """To be shown before the first message: that this is a machine, what it can do, what becomes of what is written."""
    services, role = call.services, call.person.role.value
    voice = await services.chat.voice(call.person)

    def say(name: str) -> str:
        return services.wording.text(name, voice.locale, voice.zone)

    desk = services.backend.desk
    return WelcomeOut(
        locale=voice.locale,  # type: ignore[arg-type]
        automated=True,
        who=say("widget_who"),
        text=say(f"widget_welcome_{role}"),
        privacy=PrivacyOut(text=say("widget_privacy"), url=services.config.privacy_url),
        starts=tuple(say(f"widget_start_{role}_{number}") for number in _STARTS),
        desk=desk.name if desk is not None else None,
    )


async def get_transcript(call: PersonCall, query: TranscriptQuery) -> web.Response:
    """The whole conversation as a file, in the person's language and time zone."""
    services = call.services
    voice = await services.chat.voice(call.person)
    conversation = await services.chat.conversation(call.person)
    messages: list[StoredMessage] = []
    while page := await services.backend.conversations.messages(
        conversation.id, messages[-1].seq if messages else 0, _PAGE
    ):
        messages += page
    transcript = Transcript(services.wording, voice, datetime.now(UTC))
    html = query.format == "html"
    headers = {
        "Content-Disposition": f'attachment; filename="lotse.{"html" if html else "txt"}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    }
    return web.Response(
        text=transcript.html(messages) if html else transcript.text(messages),
        content_type="text/html" if html else "text/plain",
        charset="utf-8",
        headers=headers,
    )
