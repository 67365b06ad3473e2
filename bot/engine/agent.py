"""Rasa's agent, with Lotse's stores and a turn that is either whole or did not happen."""

from __future__ import annotations

from pathlib import Path

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import LockError, LockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain

from bot.engine.action_call import ActionEndpoint
from bot.engine.processor import LotseProcessor
from bot.engine.tracker_store import LotseTrackerStore
from bot.engine.turn import Reply, Turn, TurnFailedError, current_turn


class LotseAgent(Agent):
    """Answers each message once."""

    tracker_store: LotseTrackerStore

    def __init__(
        self,
        tracker_store: LotseTrackerStore,
        lock_store: LockStore,
        action_endpoint: ActionEndpoint,
        processor_class: type[LotseProcessor] = LotseProcessor,
    ) -> None:
        super().__init__(tracker_store=tracker_store, lock_store=lock_store, action_endpoint=action_endpoint)
        self._processor_class = processor_class

    @staticmethod
    def _create_tracker_store(store: LotseTrackerStore, domain: Domain | None) -> LotseTrackerStore:
        # Rasa would wrap it so that, when saving fails, the conversation goes on in memory: a turn must fail instead.
        store.domain = domain
        return store

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """As in Rasa, with our processor."""
        self.processor = self._processor_class(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        if isinstance(self.nlg, TemplatedNaturalLanguageGenerator):
            self.nlg.responses = self.domain.responses

    async def handle_message(self, message: UserMessage) -> list[Reply]:
        """The replies to `message`: as stored, if it was answered before. Raises `TurnFailedError`."""
        try:
            async with self.lock_store.lock(message.sender_id):
                turn = Turn(message.sender_id, message.message_id)
                known = await self.tracker_store.recall(turn)
                return known if known is not None else await self._answer(message, turn)
        except LockError as error:
            raise TurnFailedError(str(error)) from error

    async def _answer(self, message: UserMessage, turn: Turn) -> list[Reply]:
        message.output_channel = turn.output
        token = current_turn.set(turn)
        try:
            await self.processor.handle_message(message)
        finally:
            current_turn.reset(token)
        if not turn.saved:
            raise TurnFailedError("the conversation was not saved")
        return turn.replies
