"""A person talking to the handlers: no Rasa, a real database, the intent of each message given."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import handlers
from actions.backend import Backend, InfractionPush, OrderPush
from actions.backend.migrate import upgrade
from actions.handlers.base import IntentAction
from actions.handlers.resources import RESPONSES, Resources, holder
from actions.policy import OrderState, Role
from actions.wording import Wording

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
WORDING = Wording.load(RESPONSES)


def _actions() -> dict[str, IntentAction]:
    for module in pkgutil.iter_modules(handlers.__path__):
        importlib.import_module(f"{handlers.__name__}.{module.name}")
    found: dict[str, IntentAction] = {}
    waiting = [IntentAction]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if not inspect.isabstract(kind):
            action = kind()
            found[action.intent] = action
    return found


ACTIONS = _actions()


@dataclass
class Talk:
    """One person's conversation; ``says`` types a message with its intent, ``press`` a button of the last reply."""

    backend: Backend
    role: str
    sub: str
    conversation_id: str
    locale: str | None = None
    slots: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    buttons: list[dict[str, str]] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    seen: int | None = None

    async def says(
        self,
        text: str,
        intent: str,
        *,
        confidence: float = 0.95,
        language: str | None = None,
        ranking: list[tuple[str, float]] | None = None,
        **entities: Any,
    ) -> str:
        message = {
            "text": text,
            "intent": {"name": intent, "confidence": confidence},
            "intent_ranking": [{"name": name, "confidence": sure} for name, sure in ranking or [(intent, confidence)]],
            "entities": [{"entity": name, "value": value} for name, value in entities.items()],
            "language": language,
        }
        return await self._turn(message, pressed=False)

    async def press(self, title: str) -> str:
        payload = next((b["payload"] for b in self.buttons if b["title"] == title), None)
        assert payload, f"no button {title!r} among {[b['title'] for b in self.buttons]}"
        return await self.payload(payload)

    async def payload(self, payload: str) -> str:
        name, _, values = payload[1:].partition("{")
        entities = json.loads("{" + values) if values else {}
        message = {
            "text": payload,
            "intent": {"name": name, "confidence": 1.0},
            "entities": [{"entity": key, "value": value} for key, value in entities.items()],
        }
        return await self._turn(message, pressed=True)

    async def _turn(self, message: dict[str, Any], *, pressed: bool) -> str:
        self.seq += 1
        message["metadata"] = {
            "message_id": str(uuid4()),
            "conversation_id": self.conversation_id,
            "role": self.role,
            "sub": self.sub,
            "locale": self.locale,
            "zoneinfo": "Europe/Berlin",
            "pressed": pressed,
            "seq": self.seq,
            "last_seen_seq": self.seq - 1 if self.seen is None else self.seen,
        }
        tracker = Tracker(self.conversation_id, dict(self.slots), message, [], False, None, {}, None)
        dispatcher = CollectingDispatcher()
        intent = message["intent"]["name"]
        action = ACTIONS["fallback" if intent == "nlu_fallback" else intent]
        events = await action.run(dispatcher, tracker, {})
        self.slots.update({event["name"]: event["value"] for event in events if event["event"] == "slot"})
        assert self.slots["turn"] == message["metadata"]["message_id"]
        self.seq += 1
        (reply,) = dispatcher.messages
        self.text, self.buttons, self.custom = reply["text"], reply["buttons"], reply["custom"]
        return self.text

    @property
    def titles(self) -> list[str]:
        return [button["title"] for button in self.buttons]


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[Backend]:
    url = f"sqlite:///{tmp_path}/lotse.db"
    upgrade(url)
    opened = await Backend.open(url)
    await opened.clock.set(NOW)
    await opened.people.put(Role.SELLER, "S-1", name="Kai Berger", zoneinfo="Europe/Berlin")
    await opened.people.put(Role.CUSTOMER, "C-1", name="Mia Sommer", zoneinfo="Europe/Berlin")
    holder.use(Resources(opened, WORDING, None))  # type: ignore[arg-type]
    yield opened
    holder.use(None)
    await opened.close()


@pytest.fixture
def order(backend: Backend) -> Any:
    """Create an order that is due ``due`` hours from now (negative: overdue)."""

    async def create(
        order_id: str, title: str = "", *, due: float | None = 72, state: str = "active", **more: Any
    ) -> None:
        await backend.orders.put(
            OrderPush(
                id=order_id,
                customer_id=more.pop("customer", "C-1"),
                seller_id=more.pop("seller", "S-1"),
                state=OrderState(state),
                updated_at=NOW - timedelta(days=1) + timedelta(hours=more.pop("updated", 0)),
                title=title,
                expected_delivery_at=None if due is None else NOW + timedelta(hours=due),
                **more,
            )
        )

    return create


@pytest.fixture
async def one_order(order: Any) -> None:
    """FO-1, a logo, due in three days."""
    await order("FO-1", "Logo")


@pytest.fixture
def infraction(backend: Backend) -> Any:
    """Create an infraction of the seller that was issued ``days`` ago."""

    async def create(infraction_id: str, type: str, *, days: float | None = 10, **more: Any) -> None:
        await backend.infractions.put(
            InfractionPush(
                id=infraction_id,
                seller_id=more.pop("seller", "S-1"),
                type=type,
                updated_at=NOW - timedelta(days=1),
                issued_at=None if days is None else NOW - timedelta(days=days),
                **more,
            )
        )

    return create


async def _talk(backend: Backend, role: Role, sub: str, locale: str | None) -> Talk:
    conversation = await backend.conversations.open("", role, sub)
    return Talk(backend, role, sub, conversation.id, locale)


@pytest.fixture
async def customer(backend: Backend) -> Talk:
    return await _talk(backend, Role.CUSTOMER, "C-1", None)


@pytest.fixture
async def seller(backend: Backend) -> Talk:
    return await _talk(backend, Role.SELLER, "S-1", None)
