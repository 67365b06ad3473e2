"""Those who talk to Lotse: people with a widget, and the marketplace's own systems."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from bot.gateway.tokens import mint
from tests.conversation.files import content_of, media_type_of
from tests.conversation.http import Response, call, upload
from tests.conversation.stack import JWT_SECRET, OPERATOR_KEY

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
            return Answer(response.status, "refused", [], response.body.get("code", ""))
        self.looks()
        return Answer(200, response.body["status"], response.body["messages"])

    def repeats(self) -> Answer:
        """Send the last message once more, under the same id."""
        return self.delivers(self.sent[-1])

    def delivers(self, body: dict[str, Any]) -> Answer:
        """The bare request."""
        response = call("POST", self.port, "/v1/chat/messages", body, token=self.token)
        if response.status != 200:
            return Answer(response.status, "refused", [], response.body.get("code", ""))
        return Answer(200, response.body["status"], response.body["messages"])

    def looks(self) -> list[Message]:
        """Fetch what is not on the screen yet, and show it."""
        new = self.fetch(self.seen)
        for message in new:
            assert message["seq"] not in self.screen, f"message {message['seq']} came twice"
            self.screen[message["seq"]] = message
        return new

    def sees(self, words: list[str], *, within: float = NEWS_WITHIN) -> list[Message]:
        """Wait until a new message has all these words; everything that came with it."""
        end = time.monotonic() + within
        new: list[Message] = []
        while True:
            new += self.looks()
            for message in new:
                if message["author"] == "notice" and all(word.lower() in message["text"].lower() for word in words):
                    return new
            assert time.monotonic() < end, f"no notice with {words}, only {[(m['author'], m['text']) for m in new]}"
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


@dataclass
class Marketplace:
    """The marketplace's systems, with the operator's key."""

    port: int
    read_up_to: ClassVar[dict[int, int]] = {}

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Any call of the operator's API."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(method, self.port, path, body, token=OPERATOR_KEY, headers=named)

    def _ok(self, response: Response) -> Any:
        assert response.status == 200, response
        return response.body

    def clock(self, now: datetime) -> None:
        """Stop the business clock at an instant; everything that fell due has been told when this returns."""
        self._ok(self.request("PUT", "/v1/test-clock", {"now": now.isoformat()}))

    def person(self, person: Person) -> None:
        """Tell who somebody is, before they ever chat."""
        body = {"locale": person.locale, "zoneinfo": person.zoneinfo, "name": person.name}
        known = {name: value for name, value in body.items() if value is not None}
        self._ok(self.request("PUT", f"/v1/people/{person.role}/{person.id}", known))

    def put_order(self, order_id: str, **fields: Any) -> Response:
        """Push an order as it is now."""
        return self.request("PUT", f"/v1/orders/{order_id}", fields)

    def order(self, order_id: str) -> dict[str, Any]:
        """An order with its disputes."""
        found: dict[str, Any] = self._ok(self.request("GET", f"/v1/orders/{order_id}"))
        return found

    def put_infraction(self, infraction_id: str, **fields: Any) -> Response:
        """Push an infraction as it is now."""
        return self.request("PUT", f"/v1/infractions/{infraction_id}", fields)

    def infraction(self, infraction_id: str) -> dict[str, Any]:
        """An infraction, active or reversed."""
        found: dict[str, Any] = self._ok(self.request("GET", f"/v1/infractions/{infraction_id}"))
        return found

    def appeals(self, seller_id: str) -> list[dict[str, Any]]:
        """Every appeal of a merchant, drafts as well, the oldest first."""
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self._ok(self.request("GET", f"/v1/appeals?seller={seller_id}{after}"))
            found += page["appeals"]
            after = f"&after={page['next']}" if page["next"] else None
        return sorted(found, key=lambda appeal: self._began(appeal["id"]))

    def _began(self, appeal_id: str) -> int:
        """The number of the first event; the business clock may have stood still between two appeals."""
        trail = self._ok(self.request("GET", f"/v1/appeals/{appeal_id}/events"))["events"]
        return int(trail[0]["seq"])

    def decide(self, appeal_id: str, outcome: str, reason: str) -> Response:
        """Approve or reject an appeal."""
        body = {"outcome": outcome, "reason": reason}
        return self.request("POST", f"/v1/appeals/{appeal_id}/decision", body)

    def draft(self, seller: Person, appeal_type: str, kind: str, subject_id: str, ground: str) -> Response:
        """Begin an appeal in the dashboard."""
        subject = {"kind": kind, "id": subject_id}
        body = {"seller_id": seller.id, "type": appeal_type, "subject": subject, "ground": ground}
        return self.request("POST", "/v1/appeals", body, Idempotency_Key=str(uuid.uuid4()))

    def appeal_command(self, appeal_id: str, command: str, **fields: Any) -> Response:
        """Go on with an appeal in the dashboard."""
        body = {"command": command, **fields}
        path = f"/v1/appeals/{appeal_id}/commands"
        return self.request("POST", path, body, Idempotency_Key=str(uuid.uuid4()))

    def feed(self, after: int) -> list[dict[str, Any]]:
        """Every change and every notice after a number, of all orders."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._ok(self.request("GET", f"/v1/events?after={after}&limit=500"))
            found += page["events"]
            if not page["events"]:
                return found
            after = page["next"]

    def newest(self) -> int:
        """The number of the last event there is; nobody reads the same pages twice for that."""
        before = self.read_up_to.get(self.port, 0)
        new = self.feed(before)
        self.read_up_to[self.port] = new[-1]["seq"] if new else before
        return self.read_up_to[self.port]

    def events(self, order_id: str) -> list[dict[str, Any]]:
        """The audit trail of an order."""
        found: list[dict[str, Any]] = self._ok(self.request("GET", f"/v1/orders/{order_id}/events"))["events"]
        return found

    def command(self, order_id: str, actor: Person, command: str, **fields: Any) -> Response:
        """Act on the order page for somebody."""
        body = {"actor": {"role": actor.role, "id": actor.id}, "command": command, **fields}
        return self.request("POST", f"/v1/orders/{order_id}/commands", body, Idempotency_Key=str(uuid.uuid4()))
