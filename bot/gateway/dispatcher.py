"""Turns outbox rows into notices in the recipients' conversations, in their language and time zone, each once."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from actions.backend import Backend, OutboxRow, ReplyButton
from actions.backend.outbox import Rendered
from actions.wording import MissingText, Wording
from bot.gateway import metrics
from bot.gateway.voice import voice_of

log = structlog.get_logger(__name__)

_BATCH = 50
_MAX_RETRY = 300.0


class Dispatcher:
    """Any number of processes may dispatch at once: the database lets each row become a message only once."""

    def __init__(
        self, backend: Backend, wording: Wording, default_zone: str, told: Callable[[str], None] = lambda _: None
    ) -> None:
        """``told`` is called with a conversation's id when a notice was written into it."""
        self._backend = backend
        self._wording = wording
        self._default_zone = default_zone
        self._told = told

    async def dispatch(self) -> int:
        """Deliver everything that waits now; how many notices were written."""
        delivered = 0
        while True:
            rows = await self._backend.outbox.pending(_BATCH)
            rendered = [notice for row in rows if (notice := await self._rendered(row)) is not None]
            written = await self._backend.outbox.deliver_all(rendered) if rendered else []
            for message in written:
                metrics.NOTICES.labels("delivered").inc()
                self._told(message.conversation_id)
                about = {"code": message.code, "conversation_id": message.conversation_id, "seq": message.seq}
                log.info("notice.delivered", **about)
            delivered += len(written)
            # Another round for what the batch had no room for, and for what had to wait for an earlier one.
            if not written or len(written) == len(rows) < _BATCH:
                return delivered

    async def _rendered(self, row: OutboxRow) -> Rendered | None:
        backend, role = self._backend, row.recipient_role
        found = await backend.conversations.recipient(role, row.recipient_id)
        voice = voice_of(role, found.person, found.spoken_locale, self._default_zone)
        try:
            rendered = self._wording.notice(
                row.code, row.params, role=role, locale=voice.locale, zone=voice.zone, now=row.created_at
            )
        except Exception as error:
            # Our mistake, not the other rows': it stays in the outbox until a release that can render it.
            reason = str(error) if isinstance(error, MissingText) else type(error).__name__
            log.error("notice.not_rendered", outbox_id=row.id, code=row.code, error=reason)
            metrics.NOTICES.labels("failed").inc()
            await backend.outbox.failed(row, min(_MAX_RETRY, 5.0 * 2 ** min(row.attempts, 10)))
            return None
        buttons = [ReplyButton(button.title, button.payload) for button in rendered.buttons]
        return Rendered(row, rendered.text, buttons, voice.locale)
