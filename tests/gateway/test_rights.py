"""Export and deletion over HTTP, with Rasa's own store behind them: what was planted is found, and then nowhere."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import insert

from actions.backend import IdempotencyKey, Proposal, Reply
from actions.backend.handover_views import Rating, Settled, SettledCase
from actions.backend.understanding import Heard, Status
from actions.policy import Actor, RequestUpdate, Role, Subject, SubjectKind
from bot.engine.database import ConversationDatabase, ledger, turns
from tests.backend import world
from tests.backend.rights_world import everything, lines_with
from tests.gateway.conftest import NOW, Gateway, Start, both_databases, problem
from tests.gateway.penalties import picture

pytestmark = pytest.mark.integration

KIM, VERA = Actor(Role.CUSTOMER, "kim-4711"), Actor(Role.SELLER, "vera")
NAME = "Kim Kanarienvogel"
PLANTED = {
    "profile": "Kanarienvogel",
    "messages": "Zebrafink",
    "assistant_memory": "Prachtfink",
    "feedback": "Gimpel",
    "proposals": "Stieglitz",
    "misunderstood": "Zeisig",
    "orders": "Webervogel",
}


@pytest.fixture
async def gateway(start: Start, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with start(tracker_url=f"sqlite:///{tmp_path}/conversations.db", sweep_interval=600.0) as running:
        await running.freeze(NOW)
        yield running


async def remember(gateway: Gateway, conversation_id: str, number: int, user: str, bot: str) -> None:
    """A turn as Rasa's tracker store keeps it."""
    events = [{"event": "user", "text": user}, {"event": "bot", "text": bot, "data": {"buttons": []}}]
    row = {
        "conversation_id": conversation_id,
        "number": number,
        "session": 1,
        "at": 1.0,
        "event_count": 2,
        "events": msgspec.json.encode(events).decode(),
        "state": "{}",
    }
    said = {"conversation_id": conversation_id, "message_id": f"m-{number}", "at": 1.0}
    said["replies"] = msgspec.json.encode([{"text": bot}]).decode()

    database = ConversationDatabase(gateway.config.tracker_url)
    await database.write(lambda session: session.execute(insert(turns), [row]) and None)
    await database.write(lambda session: session.execute(insert(ledger), [said]) and None)
    await database.close()


async def live(gateway: Gateway) -> tuple[str, str]:
    """Kim chats, asks vera about an order, and leaves something everywhere; the ids of both conversations."""
    backend = gateway.backend
    person = gateway.person(KIM.id, name=NAME)
    await person.say(f"Hallo, der {PLANTED['messages']} fehlt")
    mine = await backend.conversations.open("", KIM.role, KIM.id)
    theirs = await backend.conversations.open("", VERA.role, VERA.id)
    assert (await gateway.order("FO-1", customer_id=KIM.id)).status == 200
    proposed = await backend.proposals.create(mine.id, KIM, "FO-1", RequestUpdate(PLANTED["proposals"]))
    assert isinstance(proposed, Proposal)
    body = {"actor": {"id": KIM.id, "role": "customer"}, "command": "request_update", "text": PLANTED["orders"] * 3}
    asked = await gateway.operate("POST", "/v1/orders/FO-1/commands", body, **{"Idempotency-Key": uuid4().hex})
    assert asked.status == 200, await asked.text()
    await gateway.services_settle()
    case = SettledCase("dispute", "D-1", Settled.ANSWERED, "FO-1")
    question = await world.asked(backend, mine.id, KIM, case, "m-1")
    assert question and await backend.feedback.rate(question, KIM, Rating.UP)
    assert await backend.feedback.comment(question, KIM, PLANTED["feedback"])
    heard = Heard(mine.id, "m-2", KIM, f"was {PLANTED['misunderstood']} {NAME} FO-1", "nlu_fallback", 0.1)
    backend.understanding.note(heard, Status.FALLBACK)
    await backend.understanding.flush()
    await remember(gateway, mine.id, 1, PLANTED["assistant_memory"], "Gern.")
    quoted = f"{NAME} fragt: „{PLANTED['orders'] * 3}“"
    await remember(gateway, theirs.id, 1, "Wer fragt?", quoted)
    received = await backend.conversations.add_person_message(theirs.id, str(uuid4()), text="Wer fragt?", owner="turn")
    assert received.turn is not None
    await backend.conversations.complete(received.turn, [Reply(quoted)], owner="turn")
    return mine.id, theirs.id


async def export(gateway: Gateway, role: str, person_id: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    response = await gateway.operate("GET", f"/v1/people/{role}/{person_id}/export")
    assert (response.status, response.content_type) == (200, "application/zip"), await response.text()
    with zipfile.ZipFile(io.BytesIO(await response.read())) as file:
        assert file.testzip() is None
        found = {name: file.read(name) for name in file.namelist()}
    return json.loads(found.pop("export.json")), found


@both_databases
async def test_an_export_has_all_that_was_planted_and_a_deletion_leaves_none_of_it(
    gateway: Gateway, database_url: str
) -> None:
    await live(gateway)
    document, files = await export(gateway, "customer", KIM.id)
    assert files == {} and document["person"] == {"role": "customer", "id": KIM.id}
    for part, word in PLANTED.items():
        assert word in json.dumps(document[part], ensure_ascii=False), part
    (order,) = document["orders"]
    assert order["disputes"][0]["filed_by_this_person"] and "seller_id" not in json.dumps(order)
    assert [event["data"]["command"] for event in order["events"] if event["kind"] == "change"] == ["request_update"]

    refused = await gateway.operate("DELETE", f"/v1/people/customer/{KIM.id}")
    body = await refused.json()
    assert problem(body) == (409, "case_open")
    assert [(reason["code"], reason["params"]["order_id"]) for reason in body["reasons"]] == [("dispute_open", "FO-1")]

    done = await gateway.operate("DELETE", f"/v1/people/customer/{KIM.id}?force=true")
    assert (done.status, await done.json()) == (200, {"status": "done"})
    marks = (*PLANTED.values(), KIM.id)
    assert lines_with(everything(database_url), marks) == []
    assert lines_with(everything(gateway.config.tracker_url), marks) == []
    empty, _ = await export(gateway, "customer", KIM.id)
    assert [part for part, rows in empty.items() if isinstance(rows, list) and rows] == []
    again = await gateway.operate("DELETE", f"/v1/people/customer/{KIM.id}")
    assert (again.status, await again.json()) == (200, {"status": "nothing"})


@both_databases
async def test_the_other_side_keeps_the_case_and_the_feed_says_what_happened(gateway: Gateway) -> None:
    _, theirs = await live(gateway)
    await gateway.operate("DELETE", f"/v1/people/customer/{KIM.id}?force=true")
    texts = [message.text for message in await gateway.backend.conversations.messages(theirs)]
    assert "[…] fragt: „[…]“" in texts and "Wer fragt?" in texts
    order = await (await gateway.operate("GET", "/v1/orders/FO-1")).json()
    assert order["customer_id"].startswith("erased-") and [one["status"] for one in order["disputes"]] == ["open"]
    feed = (await (await gateway.operate("GET", "/v1/events?limit=500")).json())["events"]
    last = feed[-1]
    assert (last["kind"], last["type"], last["role"]) == ("erasure", "person.erased", "customer")
    assert KIM.id not in json.dumps(feed) and order["customer_id"] not in json.dumps(last)


async def test_a_new_token_of_the_same_person_begins_anew(gateway: Gateway) -> None:
    await live(gateway)
    await gateway.operate("DELETE", f"/v1/people/customer/{KIM.id}?force=true")
    person = gateway.person(KIM.id)
    assert await person.messages() == []
    await person.say("Hallo")
    assert [message["seq"] for message in await person.messages()] == [1, 2]


async def test_a_merchants_images_are_in_the_export_and_gone_after(gateway: Gateway, tmp_path: Path) -> None:
    backend = gateway.backend
    now = NOW.isoformat()
    body = {"seller_id": VERA.id, "type": "misleading_tracking", "issued_at": now, "updated_at": now}
    assert (await gateway.operate("PUT", "/v1/infractions/V-1", body)).status == 200
    subject = Subject(SubjectKind.INFRACTION, "V-1")
    made = await backend.appeals.draft(
        VERA, "misleading_tracking", subject, ground="Gimpel", key=IdempotencyKey("k", "draft", "V-1")
    )
    image = await backend.evidence.store(picture())
    await backend.appeals.attach(made.id, VERA, image=image, key=IdempotencyKey("i", "attach", made.id))
    document, files = await export(gateway, "seller", VERA.id)
    (appeal,) = document["appeals"]
    assert appeal["ground"] == "Gimpel" and [len(content) for content in files.values()] == [image.size]
    assert list(files) == [f"evidence/{appeal['evidence'][0]['id']}.png"]
    done = await gateway.operate("DELETE", f"/v1/people/seller/{VERA.id}")
    assert await done.json() == {"status": "done"}, "a draft is no open case"
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []


async def test_a_large_history_comes_in_pages(gateway: Gateway) -> None:
    conversation = await gateway.backend.conversations.open("", KIM.role, KIM.id)
    for number in range(450):
        received = await gateway.backend.conversations.add_person_message(
            conversation.id, f"m-{number}", text=f"Nachricht {number}", owner=f"{number}"
        )
        assert received.turn is not None
        await gateway.backend.conversations.complete(received.turn, [], owner=f"{number}")
    document, _ = await export(gateway, "customer", KIM.id)
    assert [message["text"] for message in document["messages"]] == [f"Nachricht {number}" for number in range(450)]


async def test_only_the_operator_may(gateway: Gateway) -> None:
    token = gateway.person(KIM.id).token
    for method, path in (("GET", "/export"), ("DELETE", "")):
        response = await gateway.client.request(
            method, f"/v1/people/customer/{KIM.id}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status == 401


async def test_a_gateway_that_does_not_know_rasas_database_says_so(start: Start) -> None:
    async with start() as alone:
        response = await alone.operate("DELETE", f"/v1/people/customer/{KIM.id}")
        assert problem(await response.json()) == (503, "memory_unavailable")


async def test_what_was_hardly_understood_is_listed_without_personal_data(gateway: Gateway) -> None:
    await live(gateway)
    body = await (await gateway.operate("GET", "/v1/ops/messages?limit=1")).json()
    (message,) = body["messages"]
    assert message["text"] == f"was {PLANTED['misunderstood']} <name> <order>"
    assert (message["status"], message["confidence"], body["next"]) == ("fallback", 0.1, message["id"])
    body = await (await gateway.operate("GET", f"/v1/ops/messages?after={message['id']}")).json()
    assert body == {"messages": [], "next": None}


async def test_messages_that_come_while_somebody_is_deleted_begin_the_new_conversation(gateway: Gateway) -> None:
    person = gateway.person(KIM.id)
    await person.say("davor")

    async def goes_on() -> list[int]:
        return [(await person.post(text=f"Zeisig {number}")).status for number in range(8)]

    path = f"/v1/people/customer/{KIM.id}"
    statuses, first, second = await asyncio.gather(
        goes_on(), gateway.operate("DELETE", path), gateway.operate("DELETE", path)
    )
    assert set(statuses) == {200} and {first.status, second.status} <= {200, 202}
    texts = [message["text"] for message in await person.messages() if message["author"] == "person"]
    assert "davor" not in texts and texts == [f"Zeisig {number}" for number in range(8 - len(texts), 8)]
