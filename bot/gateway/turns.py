"""Handing stored messages to the dialogue, one after the other for each conversation, until each is answered once.

A turn belongs to whoever holds the conversation's lease in the database, in whichever process. It ends with the replies
stored; when a part behind us is down or fails, the lease is given back and the answer loop comes to the message again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import structlog

from actions.backend import (
    SEEN_ASSUMED,
    Backend,
    Conversation,
    DatabaseUnavailable,
    PersonRecord,
    Reply,
    StoredMessage,
)
from actions.wording import Wording
from bot.gateway import metrics
from bot.gateway.config import GatewayConfig
from bot.gateway.desk import DeskService
from bot.gateway.engine import EngineClient, EngineDown, EngineError, Turn
from bot.gateway.voice import voice_in

log = structlog.get_logger(__name__)

_QUICK_RETRIES = (0.3,)
_AT_ONCE = 16


class LeaseLost(Exception):
    """Somebody else handles the conversation by now."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose conversation it is, and what is known of the person."""

    conversation: Conversation
    person: PersonRecord | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message: its replies, or None when it has to wait. ``handed``: what was handed out is noted."""

    replies: tuple[StoredMessage, ...] | None
    handed: bool = False


class Watchers:
    """Requests of this process that wait for the answer to a message."""

    def __init__(self) -> None:
        self._futures: dict[str, list[tuple[str, asyncio.Future[Result]]]] = {}

    @contextlib.contextmanager
    def watch(self, conversation_id: str, client_id: str) -> Iterator[asyncio.Future[Result]]:
        """A future that is resolved when the message is answered, or when its conversation is stuck for now."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        entry = (client_id, future)
        self._futures.setdefault(conversation_id, []).append(entry)
        try:
            yield future
        finally:
            entries = self._futures[conversation_id]
            entries.remove(entry)
            if not entries:
                del self._futures[conversation_id]

    def wait_for(self, message: StoredMessage) -> bool:
        """Whether somebody here waits for this message."""
        waiting = self._futures.get(message.conversation_id, ())
        return any(client_id == message.client_id and not future.done() for client_id, future in waiting)

    def answered(self, message: StoredMessage, replies: tuple[StoredMessage, ...], *, handed: bool = False) -> None:
        """Tell whoever waits for this message."""
        for client_id, future in self._futures.get(message.conversation_id, ()):
            if client_id == message.client_id and not future.done():
                future.set_result(Result(replies, handed))

    def stuck(self, conversation_id: str) -> None:
        """Tell everybody who waits in this conversation that it takes longer."""
        for _, future in self._futures.get(conversation_id, ()):
            if not future.done():
                future.set_result(Result(None))


class TurnRunner:
    """Runs turns in the background, so that a client that hangs up changes nothing."""

    def __init__(
        self,
        config: GatewayConfig,
        backend: Backend,
        engine: EngineClient,
        wording: Wording,
        desk: DeskService,
        answered: Callable[[str], None],
    ) -> None:
        """``answered`` is called with a conversation's id when replies were stored in it."""
        self._config = config
        self._backend = backend
        self._engine = engine
        self._wording = wording
        self._desk = desk
        self._answered = answered
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: Counter[str] = Counter()
        self._stopping = False
        self._mine = f"{config.place}/{uuid4().hex[:8]}/"
        self.watchers = Watchers()

    def start(self, turn: StoredMessage, speaker: Speaker, owner: str) -> None:
        """Handle ``turn``, and whatever follows in its conversation; ``owner`` holds the lease."""
        task = asyncio.create_task(self._run(turn, speaker, owner), name=f"turn {turn.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def owner(self) -> str:
        """A new owner of a lease."""
        return f"{self._mine}{uuid4().hex}"

    async def take_over(self) -> None:
        """Free what a process that was killed in our place left locked. Nobody else may be in that place now."""
        freed = await self._backend.conversations.release_former(f"{self._config.place}/", self._mine)
        if freed:
            log.info("turns.taken_over", count=freed)

    def end(self) -> None:
        """Begin no further turn: what follows in a conversation is for another process, or for the next start."""
        self._stopping = True

    async def stop(self, within: float = 2.0) -> None:
        """Give turns under way so many seconds, then hand them back: nothing is lost, the answer comes later."""
        self.end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        if self._tasks:
            log.info("turns.handed_back", count=len(self._tasks))
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def answer_pending(self) -> None:
        """Come to messages that are still owed an answer, unless the engine is down anyway."""
        room = _AT_ONCE - len(self._tasks)
        if room <= 0 or self._stopping:
            return
        owner = self.owner()
        turns = await self._backend.conversations.claim_pending(owner, seconds=self._config.lease, limit=room)
        for turn in turns:
            conversation = await self._backend.conversations.get(turn.conversation_id)
            if conversation is None:
                continue
            person = await self._backend.people.get(conversation.role, conversation.sub)
            self.start(turn, Speaker(conversation, person), owner)

    async def _run(self, first: StoredMessage, speaker: Speaker, owner: str) -> None:
        turn: StoredMessage | None = first
        conversation_id = speaker.conversation.id
        conversations = self._backend.conversations
        with structlog.contextvars.bound_contextvars(conversation_id=conversation_id):
            try:
                while turn is not None:
                    turn = await self._one(turn, speaker, owner)
                    if turn is not None and self._stopping:
                        await conversations.release(conversation_id, owner, retry_in=0.0)
                        self.watchers.stuck(conversation_id)
                        return
            except (asyncio.CancelledError, EngineError, DatabaseUnavailable) as error:
                pause = 0.0 if isinstance(error, asyncio.CancelledError) else self._pause(turn)
                log.info(
                    "turn.later", message_id=turn and turn.id, error=str(error) or type(error).__name__, pause=pause
                )
                metrics.TURNS.labels("later").inc()
                self.watchers.stuck(conversation_id)
                with contextlib.suppress(DatabaseUnavailable):
                    await asyncio.shield(conversations.release(conversation_id, owner, retry_in=pause))
                if isinstance(error, asyncio.CancelledError):
                    raise
            except Exception:
                log.exception("turn.broken", message_id=turn and turn.id)
                metrics.TURNS.labels("broken").inc()
                self.watchers.stuck(conversation_id)
                with contextlib.suppress(DatabaseUnavailable):
                    await conversations.release(conversation_id, owner, retry_in=self._config.retry_cap)

    async def _one(self, message: StoredMessage, speaker: Speaker, owner: str) -> StoredMessage | None:
        # The lease is fresh here: it was taken with the message, or passed on with the answer to the one before.
        completed = await self._desk.take(message, speaker.conversation, speaker.person, owner, self._config.lease)
        if completed is None:
            try:
                replies = await self._replies(message, speaker, owner)
            except LeaseLost:
                log.warning("turn.lease_lost", message_id=message.id)
                return None
            completed = await self._backend.conversations.complete(
                message,
                replies,
                owner=owner,
                seconds=self._config.lease,
                handed=self.watchers.wait_for(message),
            )
        self._failures.pop(message.id, None)
        self.watchers.answered(message, completed.replies, handed=completed.handed)
        self._answered(message.conversation_id)
        metrics.TURNS.labels("answered").inc()
        metrics.TURN_SECONDS.observe(max(0.0, time.time() - message.at.timestamp()))
        log.info("turn.answered", message_id=message.id, seq=message.seq, replies=len(completed.replies))
        return completed.next

    async def _replies(self, message: StoredMessage, speaker: Speaker, owner: str) -> tuple[Reply, ...]:
        turn = _turn(message, speaker, self._config.default_zone)
        for pause in (*_QUICK_RETRIES, None):
            try:
                return await self._engine.answer(turn)
            except EngineDown:
                raise
            except EngineError:
                if await self._hopeless(message):
                    log.error("turn.given_up", message_id=message.id)
                    metrics.TURNS.labels("given_up").inc()
                    return (Reply(await self._sentence("gateway_gave_up", speaker), custom={"kind": "gave_up"}),)
                if pause is None:
                    raise
            await asyncio.sleep(pause)
            # A try may take nearly as long as the lease lasts, and so may the next one.
            if not await self._backend.conversations.renew(message.conversation_id, owner, self._config.lease):
                raise LeaseLost
        raise AssertionError("the last try returns or raises")

    async def _hopeless(self, message: StoredMessage) -> bool:
        """Whether a message fails again and again although every part is up: it must not block the next ones."""
        if await self._engine.check() is None and await self._engine.check_actions() is None:
            self._failures[message.id] += 1
        return self._failures[message.id] >= self._config.give_up_after

    def _pause(self, message: StoredMessage | None) -> float:
        attempts = message.attempts if message is not None else 0
        return float(min(self._config.retry_cap, 0.5 * 2 ** min(attempts, 10)))

    async def _sentence(self, name: str, speaker: Speaker) -> str:
        conversation, zone = speaker.conversation, self._config.default_zone
        voice = await voice_in(self._backend, conversation.id, conversation.role, speaker.person, zone)
        return self._wording.text(name, voice.locale, voice.zone)

    async def say_later(self, message: StoredMessage, speaker: Speaker) -> None:
        """Store the sentence that it takes longer, once, unless the message was answered meanwhile."""
        text = await self._sentence("gateway_pending", speaker)
        await self._backend.conversations.say(message, text, {"kind": "pending"})


def _turn(message: StoredMessage, speaker: Speaker, default_zone: str) -> Turn:
    conversation, person = speaker.conversation, speaker.person
    metadata = {
        "message_id": message.id,
        "conversation_id": conversation.id,
        "seq": message.seq,
        "last_seen_seq": message.last_seen_seq,
        "seen_assumed": bool(message.custom.get(SEEN_ASSUMED)),
        "role": conversation.role.value,
        "sub": conversation.sub,
        "iss": conversation.iss or None,
        "name": person.name if person else None,
        "locale": person.locale if person else None,
        "zoneinfo": (person.zoneinfo if person else None) or default_zone,  # as in notices
    }
    if message.action is None:
        return Turn(conversation.id, message.id, metadata, text=message.text)
    return Turn(conversation.id, message.id, {**metadata, "pressed": True}, payload=message.action)
