"""A person's messages: stored first, answered in order, answered once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

import structlog

from actions.backend import (
    Author,
    Backend,
    Claims,
    Conversation,
    MessageState,
    Paused,
    PersonRecord,
    Said,
    StoredMessage,
)
from actions.backend.errors import NoConversation
from bot.gateway.config import GatewayConfig
from bot.gateway.desk import DeskService
from bot.gateway.encoding import utc
from bot.gateway.identity import Person
from bot.gateway.turns import Result, Speaker, TurnRunner
from bot.gateway.voice import Voice, voice_in

log = structlog.get_logger(__name__)

# How often to look whether another process has answered; seconds. Of our own turns we are told.
_LOOK_AGAIN, _LOOK_AGAIN_AT_OURS = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a message; ``pending`` when it is still owed (``messages`` then say so).

    ``repeated``: the message had been stored before. ``paused``: the person is talking to the desk by now.
    """

    pending: bool
    messages: tuple[StoredMessage, ...]
    repeated: bool = False
    paused: Paused | None = None


class ChatService:
    """What the chat endpoints do."""

    def __init__(
        self,
        config: GatewayConfig,
        backend: Backend,
        turns: TurnRunner,
        desk: DeskService,
        told: Callable[[str], None],
    ) -> None:
        """``told`` is called with a conversation's id when something was written into it."""
        self._config = config
        self._backend = backend
        self._turns = turns
        self._desk = desk
        self._told = told
        self._arrivals: WeakValueDictionary[tuple[str | None, str, str], asyncio.Lock] = WeakValueDictionary()

    async def post(self, person: Person, incoming: Said) -> Answered:
        """Store a message and wait for its answer, for ``answer_within`` seconds at most.

        Raises ``MessageConflict`` (the id was used for other content), ``UnknownButton`` and ``DatabaseUnavailable``
        (the message was perhaps not stored: the client sends it again).
        """
        deadline = time.monotonic() + self._config.answer_within
        try:
            return await self._post(person, incoming, deadline)
        except NoConversation:  # the person was deleted while it waited: it begins their new conversation
            return await self._post(person, incoming, deadline)

    async def _post(self, person: Person, incoming: Said, deadline: float) -> Answered:
        owner = self._turns.owner()
        with contextlib.ExitStack() as watching:
            # What arrives first is numbered first, although storing runs in threads: the lock lets them in by turns.
            async with self._arrival(person):
                arrived = await self._backend.conversations.receive(
                    *(person.iss or "", person.role, person.sub),
                    *(Claims(person.locale, person.zoneinfo, person.name), incoming),
                    owner=owner,
                    seconds=self._config.lease,
                )
                received, conversation = arrived.received, arrived.conversation
                # Nobody answers it unseen: either the lease is ours, and the turn begins below, or `_wait` looks first.
                future = watching.enter_context(self._turns.watchers.watch(conversation.id, incoming.client_id))
                speaker = Speaker(conversation, arrived.person)
            message = received.message
            self._told(conversation.id)
            log.info(
                "message.stored",
                conversation_id=conversation.id,
                message_id=message.id,
                seq=message.seq,
                repeated=received.repeated,
            )
            if received.turn is not None:
                self._turns.start(received.turn, speaker, owner)
            if message.state is MessageState.ANSWERED:
                result = Result(tuple(await self._backend.conversations.replies(message)))
            else:
                result = await self._wait(message, future, deadline, look=received.turn is None)
        if result.replies is None:
            await self._turns.say_later(message, speaker)
            self._told(conversation.id)
            current = await self._current(message)
            replies = tuple(await self._backend.conversations.replies(message))
            answered = Answered(current.state is MessageState.PENDING, replies, received.repeated)
        else:
            answered = Answered(False, tuple(result.replies), received.repeated)
        if not result.handed:
            await self._handed(conversation, {message.seq, *(reply.seq for reply in answered.messages)})
        return replace(answered, paused=await self._desk.paused(conversation.id))

    async def replay(self, person: Person, after: int, limit: int) -> list[StoredMessage]:
        """Messages of all authors after number ``after``, which the client says it has."""
        return await self.read(await self.conversation(person), after, limit)

    async def conversation(self, person: Person) -> Conversation:
        """The conversation of a person, which is made when they come for the first time."""
        return (await self._open(person))[0]

    async def paused(self, person: Person) -> Paused | None:
        """The handover that is open in this person's conversation."""
        if self._backend.desk is None:
            return None
        return await self._desk.paused((await self.conversation(person)).id)

    async def voice(self, person: Person) -> Voice:
        """How this person is addressed outside a turn of the dialogue."""
        conversation, speaker = await self._open(person)
        return await voice_in(self._backend, conversation.id, person.role, speaker.person, self._config.default_zone)

    async def seen(self, person: Person, seq: int) -> int:
        """The person has everything up to ``seq`` on a screen; up to where that is so now, on all their devices."""
        conversation = await self.conversation(person)
        upto = min(seq, conversation.last_seq)  # what is not written yet is on no screen
        if conversation.seen_seq < upto:
            await self._backend.conversations.mark_seen(conversation.id, upto)
            self._told(conversation.id)
        return max(conversation.seen_seq, upto)

    async def read(self, conversation: Conversation, after: int, limit: int) -> list[StoredMessage]:
        """Messages of all authors after a number, which from now on count as handed out."""
        messages = await self._backend.conversations.messages(conversation.id, after, limit)
        handed = messages[-1].seq if messages else min(after, conversation.last_seq)
        if handed > conversation.delivered_seq:
            await self._backend.conversations.mark_delivered(conversation.id, handed)
        return list(messages)

    def _arrival(self, person: Person) -> asyncio.Lock:
        """Whose turn it is to store a message; those who wait get it in the order in which they came."""
        return self._arrivals.setdefault((person.iss, person.role.value, person.sub), asyncio.Lock())

    async def _open(self, person: Person) -> tuple[Conversation, Speaker]:
        conversation = await self._backend.conversations.open(person.iss or "", person.role, person.sub)
        return conversation, Speaker(conversation, await self._touch(person))

    async def _touch(self, person: Person) -> PersonRecord:
        return await self._backend.people.touch(
            person.role, person.sub, locale=person.locale, zoneinfo=person.zoneinfo, name=person.name
        )

    async def _current(self, message: StoredMessage) -> StoredMessage:
        current = await self._backend.conversations.message(message.conversation_id, message.client_id or "")
        if current is None:
            raise NoConversation(message.conversation_id)
        return current

    async def _wait(
        self, message: StoredMessage, future: asyncio.Future[Result], deadline: float, *, look: bool
    ) -> Result:
        """The result of a message that this process or another one is handling; ``Result(None)`` after the deadline.

        ``look``: it may have been answered since it was stored, or by another process: the database is asked.
        """
        pause = 0.0 if look else _LOOK_AGAIN_AT_OURS
        while (left := deadline - time.monotonic()) > 0:
            await asyncio.wait({future}, timeout=min(left, pause))
            pause = _LOOK_AGAIN
            if future.done():
                return future.result()
            if (await self._current(message)).state is MessageState.ANSWERED:
                return Result(tuple(await self._backend.conversations.replies(message)))
        return Result(None)

    async def _handed(self, conversation: Conversation, seqs: set[int]) -> None:
        """Note up to where everything has been handed to the person.

        A notice that came in between and was in no answer yet stops it: a bare yes must not count as an answer to it.
        """
        upto = conversation.delivered_seq
        for message in await self._backend.conversations.messages(conversation.id, upto, 200):
            if message.seq not in seqs and message.author is not Author.PERSON:
                break
            upto = message.seq
        if upto > conversation.delivered_seq:
            await self._backend.conversations.mark_delivered(conversation.id, upto)


def message_json(message: StoredMessage) -> dict[str, Any]:
    """A message as in the contract; the person's own ones tell whether they were answered."""
    fields = {**message.to_json(), "at": utc(message.at)}
    if message.author is Author.PERSON:
        fields["status"] = message.state.value
        if message.payload is not None:
            fields["payload"] = message.payload  # which button it was, for the person's other devices
    return fields
