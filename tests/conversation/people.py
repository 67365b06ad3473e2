"""Those who talk to Lotse: people with a widget."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from bot.gateway.tokens import mint
from tests.conversation.files import content_of, media_type_of
from tests.conversation.http import Response, call, upload
from tests.conversation.stack import JWT_SECRET

Message = dict[str, Any]
NEWS_WITHIN = 20.0  # seconds until a notice is on the screen, on a busy machine
_PAGE = 100


class NoButton(AssertionError):
    """There is no such button on the screen."""


@dataclass(frozen=True)
class Answer:
    """What the chat answered: HTTP status, ``answered`` or ``pending``, the assistant's messages."""

    http: int
    status: str
    messages: list[Message]
    code: str = ""
    desk: str | None = None  # to whom the person is talking while the assistant pauses

    @property
    def text(self) -> str:
        """All replies in one."""
        return "\n".join(message["text"] for message in self.messages)

    @property
    def titles(self) -> list[str]:
        """The titles of all buttons."""
        return [button["title"] for message in self.messages for button in message["buttons"]]

    def get(self, name: str) -> Any:
        """An extra field of the last reply, such as ``kind``, ``locale`` or ``reasons``."""
        return self.messages[-1].get(name) if self.messages else None


@dataclass
class Person:
    """Somebody with a token, in front of a widget that shows each message once and tells what it has shown."""

    port: int
    role: str
    id: str
    name: str | None = None
    locale: str | None = None
    zoneinfo: str | None = "Europe/Berlin"
    issuer: str | None = None
    screen: dict[int, Message] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def token(self) -> str:
        """A fresh token, as the marketplace's page would fetch one."""
        return mint(
            JWT_SECRET,
            audience="lotse",
            role=self.role,
            sub=self.id,
            issuer=self.issuer,
            name=self.name,
            locale=self.locale,
            zoneinfo=self.zoneinfo,
        )

    @property
    def seen(self) -> int:
        """The number of the last message on the screen."""
        return max(self.screen, default=0)

    def says(self, text: str, **more: Any) -> Answer:
        """Type something and send it."""
        return self.sends({"text": text, **more})

    def presses(self, title: str, **more: Any) -> Answer:
        """Press the newest button with this title."""
        return self.sends({"payload": self.button(title), **more})

    def button(self, title: str) -> str:
        """What the newest button with this title carries. Raises ``NoButton``."""
        for message in self.messages(newest_first=True):
            for button in message["buttons"]:
                if button["title"] == title:
                    return str(button["payload"])
        titles = [button["title"] for message in self.messages() for button in message["buttons"]]
        raise NoButton(f"no button {title!r} on the screen, only {titles}")

    def sends(self, content: dict[str, Any]) -> Answer:
        """Send a message with an id of its own, telling what was on the screen; then look for everything new."""
        body = {"id": str(uuid.uuid4()), "last_seen_seq": self.seen, **content}
        self.sent.append(body)
        answer = self.delivers(body)
        self.looks()
        return answer

    def uploads(self, name: str) -> Answer:
        """Drop a file into the chat; what was drawn in it goes by its name."""
        path = "/v1/chat/evidence"
        response = upload(self.port, path, content_of(name), name, media_type_of(name), token=self.token)
        if response.status >= 300:
            return Answer(response.status, "refused", [], (response.body or {}).get("code", ""))
        self.looks()
        return Answer(200, response.body["status"], response.body["messages"])

    def download(self, path: str) -> Response:
        """Fetch a file that a reply names; its body is text."""
        return call("GET", self.port, path, token=self.token, as_text=True)

    def repeats(self) -> Answer:
        """Send the last message once more, under the same id."""
        return self.delivers(self.sent[-1])

    def delivers(self, body: dict[str, Any]) -> Answer:
        """The bare request."""
        response = call("POST", self.port, "/v1/chat/messages", body, token=self.token)
        if response.status != 200:
            return Answer(response.status, "refused", [], (response.body or {}).get("code", ""))
        paused = response.body["handover"]
        return Answer(200, response.body["status"], response.body["messages"], desk=paused and paused["desk"])

    def looks(self) -> list[Message]:
        """Fetch what is not on the screen yet, and show it."""
        new = self.fetch(self.seen)
        for message in new:
            assert message["seq"] not in self.screen, f"message {message['seq']} came twice"
            self.screen[message["seq"]] = message
        return new

    def sees(self, words: list[str], *, author: str = "notice", within: float = NEWS_WITHIN) -> list[Message]:
        """Wait until a new message of this author has all these words; everything that came with it."""
        end = time.monotonic() + within
        new: list[Message] = []
        while True:
            new += self.looks()
            for message in new:
                if message["author"] == author and all(word.lower() in message["text"].lower() for word in words):
                    return new
            assert time.monotonic() < end, f"no {author} with {words}, only {[(m['author'], m['text']) for m in new]}"
            time.sleep(0.1)

    def reloads(self) -> list[Message]:
        """Open the page anew: everything from the beginning, which must be what was on the screen."""
        before, again = self.screen, self.fetch(0)
        self.screen = {message["seq"]: message for message in again}
        assert len(self.screen) == len(again), "a message came twice"
        changed = [seq for seq, message in before.items() if _lasting(self.screen.get(seq)) != _lasting(message)]
        assert not changed, f"messages {changed} changed or disappeared"
        return again

    def fetch(self, after: int) -> list[Message]:
        """Every message of the conversation after a number."""
        found: list[Message] = []
        while True:
            path = f"/v1/chat/messages?after={found[-1]['seq'] if found else after}&limit={_PAGE}"
            response = call("GET", self.port, path, token=self.token)
            assert response.status == 200, response
            found += response.body["messages"]
            if len(response.body["messages"]) < _PAGE:
                return found

    def messages(self, *, newest_first: bool = False) -> list[Message]:
        """The screen in order."""
        return [self.screen[seq] for seq in sorted(self.screen, reverse=newest_first)]


def _lasting(message: Message | None) -> Message | None:
    """A message without what may change: whether one's own was answered by now."""
    return None if message is None else {name: value for name, value in message.items() if name != "status"}
