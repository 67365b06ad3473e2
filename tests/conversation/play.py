"""Plays a conversation against a running stack: each step is done, and what it should bring is checked at once."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from tests.conversation.checks import as_list, check, check_file, check_language
from tests.conversation.http import Response
from tests.conversation.marketplace import Marketplace
from tests.conversation.penalties import Penalties, goods
from tests.conversation.people import Answer, Person
from tests.conversation.script import Conversation, Step, instant

_LOCALES = {"customer": "de", "seller": "de-formal"}
_NAMES = {"customer": "Mia Sommer", "seller": "Kai Berger"}
_AUTHORS = ("agent", "assistant")  # who is heard; the assistant, where a kind is expected, by itself
_KEY = re.compile(r"\{(?P<key>\w+)(?P<appeal> appeal)?\}")


class Play:
    """One conversation on a stack that others use as well: its people and orders have numbers of their own."""

    def __init__(self, conversation: Conversation, port: int, number: int) -> None:
        self.conversation = conversation
        self.market = Marketplace(port)
        self.number = number
        self.now = conversation.now
        self.order_ids = {key: f"FO-{10000 + number * 10 + i}" for i, key in enumerate(conversation.orders)}
        self.people = {key: self._person(key, port) for key in conversation.people}
        self.penalties = Penalties(conversation, self.market, self.people, self.order_ids, number)
        self.pushed: dict[str, dict[str, Any]] = {}
        self.transcript: list[str] = []
        self.began = 0  # the number of the last event before this conversation

    def _person(self, key: str, port: int) -> Person:
        given = dict(self.conversation.people[key])
        role = given.pop("role", key)
        same_as = given.pop("id of", key)
        if "name" not in given:
            given["name"] = _NAMES.get(key)
        return Person(port, role, f"{same_as}-{self.number}", **given)

    def set_up(self) -> None:
        """The clock, the people as the marketplace knows them, the orders and the infractions."""
        self.market.clock(self.now)
        self.began = self.market.newest()
        for key in ("customer", "seller"):
            self.market.person(self.people[key])
        for key in self.conversation.orders:
            self.push(key, **self.conversation.orders[key])
        for key in self.conversation.infractions:
            self.penalties.push(key, self.now, **self.conversation.infractions[key])

    def push(self, key: str, **changes: Any) -> None:
        """Push an order; what is not given stays as it was pushed before."""
        start = self.conversation.now
        fields: dict[str, Any] = self.pushed.get(key) or {
            "customer_id": self.people["customer"].id,
            "seller_id": self.people["seller"].id,
            "state": "active",
            "updated_at": instant("-1d", start).isoformat(),
        }
        changes = goods(changes, start)
        for whose in ("customer", "seller"):
            if whose in changes:
                fields[f"{whose}_id"] = self.people[changes.pop(whose)].id
        if "due" in changes:
            changes["expected_delivery_at"] = changes.pop("due")
        for name in ("expected_delivery_at", "delivered_at", "updated_at"):
            if changes.get(name) is not None:
                changes[name] = instant(changes[name], start).isoformat()
        if key in self.pushed and "updated_at" not in changes:
            changes["updated_at"] = self.now.isoformat()
        fields = {**fields, **changes}
        response = self.market.put_order(self.order_ids[key], **fields)
        assert response.status == 200, response
        if response.body["applied"]:
            self.pushed[key] = fields

    def play(self) -> None:
        """Every step in order."""
        for step in self.conversation.steps:
            if step.who:
                self._say(step)
            else:
                getattr(self, f"_{step.verb}")(step)

    # -- what the marketplace does -------------------------------------------------------------------------------

    def _clock(self, step: Step) -> None:
        self.now = instant(step.what, self.now)
        self.market.clock(self.now)
        self.transcript.append(f"--- clock: {self.now.isoformat()}")

    def _market(self, step: Step) -> None:
        changes = dict(step.what)
        if key := changes.pop("infraction", None):
            self.penalties.push(key, self.now, **changes)
        else:
            key = changes.pop("order")
            self.push(key, **changes)
        self.transcript.append(f"--- marketplace: {key} {changes}")

    def _platform(self, step: Step) -> None:
        """`approve` or `reject` names what was appealed; the platform decides on the last appeal on it."""
        answer = self.penalties.decide(**step.what)
        self._done_elsewhere(step, "platform", answer)

    def _dashboard(self, step: Step) -> None:
        """The merchant begins and submits (`submit`), or withdraws (`withdraw`), an appeal without the chat."""
        self._done_elsewhere(step, "dashboard", self.penalties.act(**step.what))

    def _desk(self, step: Step) -> None:
        """The support desk answers whoever `to` names (`says`, as `agent`), or ends the talk with them (`closes`)."""
        given = dict(step.what)
        person = self.people[given.get("to") or given["closes"]]
        handover_id = self.market.handovers(person.id)[-1]["id"]
        if "closes" in given:
            response = self.market.desk_closes(handover_id)
        else:
            response = self.market.desk_says(handover_id, self.fill(given["says"]), given.get("agent", "Jana"))
        self.transcript.append(f"--- desk: {given}: {response.status}")
        assert response.status == step.expect.get("http", 200), response

    def _done_elsewhere(self, step: Step, where: str, response: Response) -> None:
        self.transcript.append(f"--- {where}: {step.what}: {response.status}")
        assert response.status == step.expect.get("http", 200), response
        if "refused" in step.expect:
            assert [reason["code"] for reason in response.body["reasons"]] == as_list(step.expect["refused"])

    def _page(self, step: Step) -> None:
        """Somebody acts on the order page; ``dispute: open`` names the one that is open."""
        fields = dict(step.what)
        actor, order_id, command = (
            self.people[fields.pop("actor")],
            self.order_ids[fields.pop("order")],
            fields.pop("command"),
        )
        if fields.pop("dispute", None):
            fields["dispute_id"] = next(
                d["id"] for d in self.market.order(order_id)["disputes"] if d["status"] == "open"
            )
        if "new_delivery_at" in fields:
            fields["new_delivery_at"] = instant(fields["new_delivery_at"], self.conversation.now).isoformat()
        response = self.market.command(order_id, actor, command, **fields)
        self._done_elsewhere(step, "order page", response)

    # -- what people do ------------------------------------------------------------------------------------------

    def _say(self, step: Step) -> None:
        person = self.people[step.who]
        words = self.fill(step.what)
        if step.verb == "sees":
            new = person.sees(as_list(words))
            self._shown(step.who, new)
            titles = [button["title"] for message in new for button in message["buttons"]]
            self._check(step, Answer(200, "answered", new), titles)
        elif step.verb == "hears":
            new = person.sees(as_list(words), author=_AUTHORS[bool(step.expect.get("kind"))])
            self._shown(step.who, new)
            self._check(step, Answer(200, "answered", new), [b["title"] for m in new for b in m["buttons"]])
        elif step.verb == "sees nothing":
            self.market.clock(self.now)  # returns when every notice has been delivered
            new = person.looks()
            assert not new, f"{step.who} got {[message['text'] for message in new]}"
        elif step.verb == "reloads":
            person.reloads()
        elif step.verb == "at once":
            self._at_once(step, person, words)
        else:
            answer = self._send(step, person, words)
            self._check(step, answer, answer.titles)

    def _send(self, step: Step, person: Person, words: Any) -> Answer:
        if step.verb == "repeats":
            said, answer = "(the same message again)", person.repeats()
        elif step.verb == "presses":
            said, payload = self._pressed(person, words)
            answer = person.sends({"payload": payload})
        elif step.verb == "uploads":
            said, answer = f"({words})", person.uploads(words)
        else:
            said, answer = words, person.says(words, **self._unseen(step))
        self.transcript.append(f"{step.who}> {said}")
        self._shown(step.who, answer.messages)
        return answer

    def _unseen(self, step: Step) -> dict[str, int]:
        """With `unseen`, every notice is in the conversation, but on no screen yet."""
        if not step.expect.get("unseen"):
            return {}
        self.market.clock(self.now)
        return {"last_seen_seq": 0}

    def _pressed(self, person: Person, words: Any) -> tuple[str, str]:
        """A button of one's own screen, or (`{title, of}`) one that somebody else was given."""
        owner, title = (self.people[words["of"]], words["title"]) if isinstance(words, dict) else (person, words)
        return f"[{title}]", owner.button(title)

    def _at_once(self, step: Step, person: Person, texts: list[str]) -> None:
        """Several messages at the same moment; each is answered, and the screen has each answer once."""
        bodies = [{"id": str(uuid.uuid4()), "text": text, "last_seen_seq": person.seen} for text in texts]
        with ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(pool.map(person.delivers, bodies))
        person.looks()
        for text, answer in zip(texts, answers, strict=True):
            self.transcript.append(f"{step.who}> {text}")
            self._shown(step.who, answer.messages)
            assert answer.status == "answered", answer
        replies = [message["in_reply_to"] for message in person.messages() if message["author"] == "assistant"]
        assert all(replies.count(body["id"]) == 1 for body in bodies), replies
        together = [message for answer in answers for message in answer.messages]
        self._check(step, Answer(200, "answered", together), [b["title"] for m in together for b in m["buttons"]])

    def _check(self, step: Step, answer: Answer, titles: list[str]) -> None:
        expect = {name: self.fill(value) for name, value in step.expect.items()}
        person = self.people[step.who]
        check(step, expect, answer, titles)
        if "file" in expect:
            check_file(answer, expect["file"], person, self.people.values())
        check_language(answer, expect.get("locale") or person.locale or _LOCALES[person.role])

    def _shown(self, who: str, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            titles = " ".join(f"[{button['title']}]" for button in message["buttons"])
            self.transcript.append(f"  {who} gets ({message['author']}): {message['text']} {titles}".rstrip())

    def fill(self, value: Any) -> Any:
        """``value`` with numbers in the places of their keys."""
        if isinstance(value, str):
            return _KEY.sub(self._number_of, value)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {name: self.fill(item) for name, item in value.items()}
        return value

    def _number_of(self, found: re.Match[str]) -> str:
        if found["appeal"]:
            return str(self.penalties.last_appeal(found["key"])["id"])
        return self.order_ids.get(found["key"]) or self.penalties.ids[found["key"]]


def same_instant(text: str | None, expected: datetime | None) -> bool:
    """Whether an instant of the API is the expected one."""
    return (text is None and expected is None) or (
        text is not None and expected is not None and datetime.fromisoformat(text) == expected
    )
