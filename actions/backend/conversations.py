"""Conversations: every message is stored before it is handled, and numbered without gaps.

Whoever holds a conversation's lease handles its messages, the oldest unanswered first, so that two messages of one
person are handled one after the other however many gateways there are. Leases run on real time; `owner` is a new id for
each try, not one per process: a lease that is held is never given twice. It begins with the place of its process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.orm import Session

from actions.backend import answering, leases, messages
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.chat_views import (
    SEEN_ASSUMED,
    Arrived,
    Author,
    Completed,
    MessageState,
    Received,
    Reply,
    Said,
    StoredButton,
    StoredMessage,
)
from actions.backend.errors import MessageConflict, NoConversation, UnknownButton
from actions.backend.openings import Openings, of_token
from actions.backend.people import Claims, met
from actions.backend.prepared import Prepared
from actions.backend.tables import table
from actions.policy import Role

_conversations = table(ConversationRow)
_messages = table(MessageRow)
_MINE = _messages.c.conversation_id == bindparam("conversation")
_SAID_BEFORE = Prepared(select(_messages).where(_MINE, _messages.c.client_id == bindparam("client")))
_AFTER = Prepared(
    select(_messages)
    .where(_MINE, _messages.c.seq > bindparam("after"))
    .order_by(_messages.c.seq)
    .limit(bindparam("most", type_=Integer()))
)
LEASE_SECONDS = 30.0


class Conversations(Openings):
    """Messages of people, of the assistant, and notices. One conversation per (iss, role, sub)."""

    async def add_person_message(
        self,
        conversation_id: str,
        client_id: str,
        *,
        text: str | None = None,
        payload: str | None = None,
        done: StoredButton | None = None,
        custom: Mapping[str, Any] | None = None,
        last_seen_seq: int = 0,
        owner: str,
        seconds: float = LEASE_SECONDS,
    ) -> Received:
        """Store what the person wrote (`text`) or pressed (`payload`), and take the lease if it is free.

        `done` is what they did elsewhere, such as an upload: handled as if they had pressed that button.
        The same client id again returns what is stored. MessageConflict if that has other content, UnknownButton if the
        payload is not one of this conversation's tokens (also another person's), LookupError for no such conversation.
        """
        said = Said(client_id, text, payload, done, dict(custom or {}), last_seen_seq)
        now = self._real_now()
        return await self._database.upsert(
            lambda session: self._receive(session, conversation_id, said, owner, seconds, now), short=True
        )

    async def receive(
        self, iss: str, role: Role, sub: str, claims: Claims, said: Said, *, owner: str, seconds: float = LEASE_SECONDS
    ) -> Arrived:
        """`open`, `people.touch` and `add_person_message` in one transaction, for the person of a verified token.

        Without a `last_seen_seq` the person has seen what was handed out, which is noted in the message
        (SEEN_ASSUMED); nobody has seen what is not written yet. Raises as `add_person_message` does.
        """
        now = self._real_now()

        def work(session: Session) -> Arrived:
            conversation = of_token(session, iss, role, sub) or self._claim(session, iss, role, sub)
            person = met(session, role, sub, claims)
            seen, custom = said.last_seen_seq, said.custom
            if seen is None:
                seen, custom = conversation.delivered_seq, {**custom, SEEN_ASSUMED: True}
            told = replace(said, last_seen_seq=min(seen, conversation.last_seq), custom=custom)
            return Arrived(self._receive(session, conversation.id, told, owner, seconds, now), conversation, person)

        while True:
            with contextlib.suppress(NoConversation):  # the person was forgotten in this instant
                return await self._database.upsert(work, short=True)

    def _receive(
        self, session: Session, conversation_id: str, said: Said, owner: str, seconds: float, now: datetime
    ) -> Received:
        stored = _said_before(session, conversation_id, said.client_id)
        if stored is not None:
            return self._again(session, stored, said, owner, seconds, now)
        action = said.done
        if said.payload is not None:
            action = messages.button(session, conversation_id, said.payload)
            if action is None:
                raise UnknownButton("this payload was not handed out in this conversation")
        seen = said.last_seen_seq or 0
        lease = leases.take_with_message(session, conversation_id, owner, seconds, now, seen)
        row = messages.row(
            conversation_id,
            lease.seq,
            Author.PERSON,
            action.title if action else said.text or "",
            now,
            state=MessageState.PENDING.value,
            client_id=said.client_id,
            payload=said.payload,
            action=action.action if action else None,
            last_seen_seq=seen,
            custom=dict(said.custom),
        )
        (message,) = messages.write(session, [row])
        if not lease.held:
            return Received(message)
        return Received(message, turn=message if lease.pending == 1 else leases.first(session, conversation_id))

    @staticmethod
    def _again(
        session: Session, message: StoredMessage, said: Said, owner: str, seconds: float, now: datetime
    ) -> Received:
        typed, done = said.payload is None and said.done is None, said.done
        other = message.payload != said.payload or (typed and message.text != (said.text or ""))
        if other or (done and message.action != done.action):  # its title may be in another language by now
            raise MessageConflict("this message id was used for other content")
        if message.state is MessageState.PENDING and leases.take(session, message.conversation_id, owner, seconds, now):
            return Received(message, repeated=True, turn=leases.first(session, message.conversation_id))
        return Received(message, repeated=True)

    async def complete(
        self,
        message: StoredMessage,
        replies: Sequence[Reply],
        *,
        owner: str,
        seconds: float = LEASE_SECONDS,
        handed: bool = False,
    ) -> Completed:
        """Store the answer of a message, once: whoever comes second gets the stored one. The lease goes on or ends.

        `handed`: whoever sent the message waits for the answer and is about to get it. What was delivered is then noted
        here, if nothing came in between.
        """
        now = self._real_now()
        return await self._database.write(
            lambda session: answering.answer(session, message, replies, owner, seconds, now, handed=handed),
            short=True,
        )

    async def say(
        self, message: StoredMessage, text: str, custom: Mapping[str, Any] | None = None
    ) -> StoredMessage | None:
        """Say once that the answer takes longer. None when it was said before or the message is answered."""
        now = self._real_now()

        def work(session: Session) -> StoredMessage | None:
            seq = leases.next_seq(session, message.conversation_id)
            mine = _messages.c.conversation_id == message.conversation_id
            state = select(_messages.c.state).where(mine, _messages.c.seq == message.seq)
            said = select(_messages.c.seq).where(
                mine, _messages.c.seq > message.seq, _messages.c.in_reply_to == message.client_id, _messages.c.waiting
            )
            if session.execute(state).scalar() != MessageState.PENDING or session.execute(said).first():
                session.rollback()  # gives the number back
                return None
            row = messages.row(
                *(message.conversation_id, seq, Author.ASSISTANT, text, now),
                in_reply_to=message.client_id,
                waiting=True,
                custom=dict(custom or {}),
            )
            return messages.write(session, [row])[0]

        return await self._database.write(work)

    async def renew(self, conversation_id: str, owner: str, seconds: float = LEASE_SECONDS) -> bool:
        """Hold the lease longer; False when somebody else has it by now."""
        now = self._real_now()
        return await self._database.write(lambda session: leases.renew(session, conversation_id, owner, seconds, now))

    async def release(self, conversation_id: str, owner: str, *, retry_in: float = 0.0) -> None:
        """Give the lease back without an answer. With `retry_in` (seconds) the try failed and counts."""
        now = self._real_now()
        await self._database.write(lambda session: leases.release(session, conversation_id, owner, retry_in, now))

    async def release_former(self, place: str, mine: str) -> int:
        """End the leases of a process that was at `place` before and is gone, so that nobody waits for them to run out.

        Owners begin with their `place`; those of the process that is there now begin with `mine`. How many there were.
        """
        return await self._database.write(lambda session: leases.release_former(session, place, mine))

    async def claim_pending(
        self, owner: str, *, seconds: float = LEASE_SECONDS, limit: int = 10
    ) -> list[StoredMessage]:
        """Take the lease of conversations with left-over work; the first unanswered message of each."""
        now = self._real_now()
        if not await self._database.look(lambda session: leases.work_left(session, now)):
            return []  # asked twice a second: nobody has to wait for a lock that is not needed
        return await self._database.write(lambda session: leases.claim_pending(session, owner, seconds, limit, now))

    async def message(self, conversation_id: str, client_id: str) -> StoredMessage | None:
        """The person's message of this client id."""
        return await self._database.look(lambda session: _said_before(session, conversation_id, client_id))

    async def replies(self, message: StoredMessage) -> list[StoredMessage]:
        """What the assistant said to a person's message so far."""
        return await self._database.look(lambda session: answering.replies_to(session, message))

    async def spoken_locale(self, conversation_id: str) -> str | None:
        """The locale of the assistant's newest reply that has one: what the person is being answered in."""
        return await self._database.look(lambda session: messages.spoken_locale(session, conversation_id))

    async def messages(self, conversation_id: str, after: int = 0, limit: int = 50) -> list[StoredMessage]:
        """The messages with numbers greater than `after`, in order, at most `limit`."""
        asked = {"conversation": conversation_id, "after": after, "most": limit}
        return await self._database.read(lambda session: messages.messages(_AFTER.rows(session, asked)))

    async def button(self, token: str, conversation_id: str) -> StoredButton | None:
        """The button of this token, None when it is unknown or another conversation's."""
        return await self._database.look(lambda session: messages.button(session, conversation_id, token))

    async def mark_delivered(self, conversation_id: str, seq: int) -> None:
        """A device of the person has everything up to `seq`; going back changes nothing."""
        mine = (_conversations.c.id == conversation_id) & (_conversations.c.delivered_seq < seq)
        later = update(_conversations).where(mine, _conversations.c.last_seq >= seq).values(delivered_seq=seq)
        await self._database.write(lambda session: session.execute(later) and None)


def _said_before(session: Session, conversation_id: str, client_id: str) -> StoredMessage | None:
    found = messages.messages(_SAID_BEFORE.rows(session, {"conversation": conversation_id, "client": client_id}))
    return found[0] if found else None
