"""How a person's words and buttons reach each side: Lotse's gateway, and the REST channel of plain Rasa."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from bench.dialogues import Person
from bot.gateway.tokens import mint

ZONE = "Europe/Berlin"
TIMEOUT = aiohttp.ClientTimeout(total=120)  # seconds; nobody waits so long, but the figures shall not be cut off


@dataclass(frozen=True, slots=True)
class Button:
    """What is on a button, and what it sends."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; ``ok``: an answer of the assistant came with this very response."""

    ok: bool
    text: str = ""
    buttons: tuple[Button, ...] = ()


class Side(Protocol):
    """One of the two."""

    name: str

    async def ready(self) -> bool:
        """Whether it says that it can be written to."""

    async def sends(self, person: Person, words: str, button: Button | None = None) -> Reply:
        """A message of this person: typed words, or a pressed button (then ``words`` is not sent)."""


@dataclass
class Lotse:
    """The gateway: the person's signed token, opaque buttons, and what the widget has on the screen."""

    http: aiohttp.ClientSession
    url: str
    secret: str
    audience: str = "lotse"
    name: str = "lotse"
    _tokens: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    async def ready(self) -> bool:
        return await _is_ok(self.http, f"{self.url}/ready")

    async def sends(self, person: Person, words: str, button: Button | None = None) -> Reply:
        body: dict[str, Any] = {"id": str(uuid.uuid4()), "last_seen_seq": self._seen.get(person.id, 0)}
        body |= {"payload": button.payload} if button else {"text": words}
        headers = {"Authorization": f"Bearer {self._token(person)}"}
        try:
            async with self.http.post(
                f"{self.url}/v1/chat/messages", json=body, headers=headers, timeout=TIMEOUT
            ) as response:
                answer = await response.json(content_type=None)
                if response.status != 200 or answer["status"] != "answered" or not answer["messages"]:
                    return Reply(False, str(answer))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return Reply(False, type(error).__name__)
        messages = answer["messages"]
        self._seen[person.id] = max(message["seq"] for message in messages)
        buttons = tuple(Button(b["title"], b["payload"]) for message in messages for b in message["buttons"])
        return Reply(True, "\n".join(message["text"] for message in messages), buttons)

    def _token(self, person: Person) -> str:
        if person.id not in self._tokens:
            self._tokens[person.id] = mint(
                self.secret,
                audience=self.audience,
                role=person.role,
                sub=person.id,
                locale=person.locale,
                zoneinfo=ZONE,
            )
        return self._tokens[person.id]


@dataclass
class Stock:
    """Rasa's REST channel. It believes what it is told, so the identity that our actions read is put into `metadata`.

    A button sends its `/intent{...}`; numbers of messages, which our gateway keeps, are counted here.
    """

    http: aiohttp.ClientSession
    url: str
    name: str = "stock"
    _seqs: dict[str, int] = field(default_factory=dict)

    async def ready(self) -> bool:
        return await _is_ok(self.http, f"{self.url}/")

    async def sends(self, person: Person, words: str, button: Button | None = None) -> Reply:
        seen = self._seqs.get(person.id, 0)
        metadata = {
            "message_id": str(uuid.uuid4()),
            "conversation_id": person.id,
            "seq": seen + 1,
            "last_seen_seq": seen,
            "role": person.role,
            "sub": person.id,
            "locale": person.locale,
            "zoneinfo": ZONE,
            "pressed": button is not None,
        }
        body = {"sender": person.id, "message": button.payload if button else words, "metadata": metadata}
        try:
            async with self.http.post(f"{self.url}/webhooks/rest/webhook", json=body, timeout=TIMEOUT) as response:
                answer = await response.json(content_type=None)
                if response.status != 200 or not any(message.get("text") for message in answer):
                    return Reply(False, str(answer))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return Reply(False, type(error).__name__)
        self._seqs[person.id] = seen + 2
        buttons = tuple(Button(b["title"], b["payload"]) for message in answer for b in message.get("buttons") or ())
        return Reply(True, "\n".join(message["text"] for message in answer if message.get("text")), buttons)


async def _is_ok(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url, timeout=TIMEOUT) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def first_answer(
    side: Side, person: Person, words: str, *, within: float, given_up: Callable[[], object], pause: float = 0.1
) -> bool:
    """Wait until it says that it is ready, then send until an answer comes.

    False when none came in time, or ``given_up`` says so. Times are seconds.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while loop.time() < end and not given_up():
        if await side.ready() and (await side.sends(person, words)).ok:
            return True
        await asyncio.sleep(pause)
    return False
