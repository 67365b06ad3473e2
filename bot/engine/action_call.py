"""Calling an action: Rasa's own contract with its action server, said in fewer words."""

from __future__ import annotations

from abc import abstractmethod
from http import HTTPStatus
from typing import Any, Literal

import aiohttp
import msgspec
import rasa
from jsonschema.validators import validator_for
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot import request_ids
from bot.engine import metrics
from bot.engine.encoding import to_json
from bot.engine.events import event_class
from bot.engine.turn import current_turn

#: Seconds an action may take. Rasa would wait for 300; the person hears within 10 that it takes longer.
ACTION_TIMEOUT = 5.0
_REJECTED = 400


class ActionEndpoint(EndpointConfig):
    """Where actions run. Counts a call in the turn, and notes there when it fails: such a turn is not saved."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        # Without the selective domain every call would carry the whole domain, all texts included.
        super().__init__(url, headers=headers, enable_selective_domain=True)

    async def request(self, *_: Any, json: Any = None, **__: Any) -> Any:
        """Make the call `json`; everything else that Rasa says (its timeout, compression) is ours to decide.

        Raises ClientResponseError for an action that rejects (400), is unknown (404) or crashed (500).
        """
        turn = current_turn.get()
        if turn is not None:
            turn.actions_called += 1
        try:
            with metrics.ACTION_CALL_SECONDS.time():
                return await self._call(json)
        except Exception as error:
            rejected = isinstance(error, ClientResponseError) and error.status == _REJECTED
            if turn is not None and not rejected:
                turn.failures.append(f"calling the action failed: {type(error).__name__}")
            raise

    @abstractmethod
    async def _call(self, body: Any) -> Any:
        """What the action answers to `body`."""

    async def start(self) -> None:
        """Open what calls need, in the process that makes them."""

    @abstractmethod
    async def check(self) -> str | None:
        """None when actions can be called, otherwise what is wrong."""

    @abstractmethod
    async def close(self) -> None:
        """Close what `start` and calls have opened."""


class ActionServerEndpoint(ActionEndpoint):
    """Calls the action server at `url` over kept connections, with the shared secret."""

    def __init__(self, url: str, secret: str, timeout: float = ACTION_TIMEOUT) -> None:
        super().__init__(f"{url}/webhook", {"X-Lotse-Secret": secret})
        self._health = f"{url}/health"
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=2.0)
        self._http: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession(headers=self.headers, timeout=self._timeout)
        return self._http

    async def _call(self, body: Any) -> Any:
        data = to_json(body)
        headers = {"Content-Type": "application/json", request_ids.HEADER: request_ids.current()}
        async with self._session().post(self.url, data=data, headers=headers) as response:
            content = await response.read()
            if response.status >= _REJECTED:
                raise ClientResponseError(response.status, response.reason or "", content.decode(errors="replace"))
            return msgspec.json.decode(content)

    async def check(self) -> str | None:
        try:
            async with self._session().get(self._health) as response:
                return None if response.status == HTTPStatus.OK else f"answered {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"no answer ({type(error).__name__})"

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


class _SlotEvent(msgspec.Struct):
    """What our actions answer beside their texts."""

    event: Literal["slot"]
    name: str
    value: Any
    timestamp: float | None = None
    metadata: dict[str, Any] | None = None


class _UsualResult(msgspec.Struct):
    events: list[_SlotEvent] = []
    responses: list[dict[str, Any]] = []


class CheckedAction(RemoteAction):
    """A custom action as Rasa calls it, for less: it is sent no events, and its answer is checked quickly.

    Our actions read the newest message and the slots. The events before it would be most of what is sent, for nothing.
    """

    _schema = RemoteAction.action_response_format_spec()
    _validator = validator_for(_schema)(_schema)

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        """As in Rasa with the selective domain, with no events in the tracker."""
        call = {
            "next_action": self.name(),
            "sender_id": tracker.sender_id,
            "tracker": {**tracker.current_state(EventVerbosity.NONE), "events": []},
            "version": rasa.__version__,
        }
        if domain.does_custom_action_explicitly_need_domain(self.name()):
            call["domain"] = domain.as_dict()
        return call

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """As in Rasa, without its extensions' hooks, which nothing here uses. Raises `ActionExecutionRejection`."""
        call = self._action_call_format(tracker, domain)
        try:
            result = await self.action_endpoint.request(json=call)
        except ClientResponseError as error:
            if error.status != _REJECTED:
                raise
            why = msgspec.json.decode(error.text)
            raise ActionExecutionRejection(why["action_name"], why.get("error")) from error
        self._validate_action_result(result)
        said = await self._utter_responses(result.get("responses", []), output_channel, nlg, tracker)
        return [*said, *(event_class(found["event"])._from_parameters(found) for found in result.get("events", []))]

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        """Rasa's schema says the same in 24 alternatives, all tried for each event: a fifth of a turn."""
        try:
            msgspec.convert(result, _UsualResult)
        except msgspec.ValidationError:
            self._validator.validate(result)
        return True
