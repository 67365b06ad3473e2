"""A part dies in the middle of a message: the person hears of it, is answered once, and nothing is done twice."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conversation.conftest import transcript_key
from tests.conversation.http import Unreachable
from tests.conversation.people import Answer, Person
from tests.conversation.play import Play
from tests.conversation.script import NOW, Conversation
from tests.conversation.stack import WORKERS, Stack

pytestmark = [
    pytest.mark.integration,
    pytest.mark.conversation,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

PENDING_WITHIN = 10.0  # seconds until a person hears that it takes longer
ANSWERED_WITHIN = 60.0  # seconds from the part being back to the answer, on a busy machine


@pytest.fixture
def mended(stack: Stack) -> Iterator[Stack]:
    """The stack, whole again afterwards."""
    yield stack
    for name, process in stack.processes.items():
        if process.poll() is not None:
            stack.run(name)
    stack.wait_ready()


@pytest.fixture
def play(mended: Stack, request: pytest.FixtureRequest) -> Play:
    """A customer who was asked whether to send a cancellation request."""
    return asked_customer(mended, request)


def asked_customer(stack: Stack, request: pytest.FixtureRequest) -> Play:
    """Somebody new who was asked that."""
    conversation = Conversation(
        pattern="failures",
        name=request.node.name,
        about="",
        rules=(),
        now=datetime.fromisoformat(NOW),
        people={"customer": {}, "seller": {}},
        orders={"logo": {"title": "Logo", "due": "+72h"}},
        steps=(),
    )
    number = 90_000 + int(time.time() * 10) % 9_999
    started = Play(conversation, stack.port, number)
    request.node.stash[transcript_key] = started.transcript
    started.set_up()
    asked = started.people["customer"].says("Ich möchte meinen Auftrag stornieren")
    assert asked.get("kind") == "proposal", asked
    return started


def answers_to(person: Person, message_id: str) -> list[dict[str, Any]]:
    """What the assistant replied to a message, apart from that it takes longer."""
    replies = [message for message in person.fetch(0) if message["in_reply_to"] == message_id]
    return [message for message in replies if message.get("kind") != "pending"]


def wait_for_answer(person: Person, message_id: str) -> dict[str, Any]:
    """The one answer to a message, once it is there."""
    end = time.monotonic() + ANSWERED_WITHIN
    while not (found := answers_to(person, message_id)):
        assert time.monotonic() < end, f"no answer: {person.fetch(0)}"
        time.sleep(0.2)
    assert len(found) == 1, found
    return found[0]


def done_on(play: Play) -> list[str]:
    return [event["command"] for event in play.market.events(play.order_ids["logo"]) if event["command"] != "put_order"]


def check_sent_once(play: Play, yes: dict[str, Any]) -> None:
    """The yes is answered once, its effect is there once, the seller was told once."""
    customer, seller = play.people["customer"], play.people["seller"]
    answer = wait_for_answer(customer, yes["id"])
    assert answer["kind"] == "done"
    again = customer.delivers(yes)
    assert [message for message in again.messages if message.get("kind") != "pending"] == [answer]
    assert done_on(play) == ["request_cancellation"]
    seller.sees([play.order_ids["logo"]])
    play.market.clock(play.now + timedelta(seconds=1))
    assert [message["author"] for message in seller.fetch(0)] == ["notice"]
    assert len(answers_to(customer, yes["id"])) == 1


def yes_of(person: Person) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "last_seen_seq": person.seen, "payload": person.button("Ja, Anfrage abschicken")}


def down_and_up(stack: Stack, play: Play, part: str) -> None:
    """Without ``part`` the person hears that it takes longer, nothing is done; afterwards it is, once."""
    customer = play.people["customer"]
    yes = yes_of(customer)
    stack.kill(part)
    began = time.monotonic()
    answer = customer.delivers(yes)
    assert time.monotonic() - began < PENDING_WITHIN
    assert answer.status == "pending"
    assert [message.get("kind") for message in answer.messages] == ["pending"]
    assert "gespeichert" in answer.text
    assert done_on(play) == []
    stack.run(part)
    stack.wait_ready()
    check_sent_once(play, yes)


def dies_meanwhile(stack: Stack, play: Play, part: str, after: float) -> None:
    """``part`` dies so many seconds after a yes; whatever was done by then, the answer and the effect come once."""
    customer = play.people["customer"]
    yes = yes_of(customer)
    answers: list[Answer] = []
    began = time.monotonic()
    sending = threading.Thread(target=lambda: answers.append(customer.delivers(yes)))
    sending.start()
    time.sleep(after)
    stack.kill(part)
    sending.join()
    assert time.monotonic() - began < PENDING_WITHIN
    assert answers[0].status in ("pending", "answered")
    stack.run(part)
    stack.wait_ready()
    check_sent_once(play, yes)


def test_rasa_and_the_actions_inside_are_down(mended: Stack, play: Play) -> None:
    down_and_up(mended, play, "rasa")


@pytest.mark.parametrize("after", [0.01, 0.03])
def test_rasa_dies_during_an_action(mended: Stack, play: Play, after: float) -> None:
    dies_meanwhile(mended, play, "rasa", after)


def test_rasas_processes_die_one_by_one_under_messages_and_none_is_lost(mended: Stack, play: Play) -> None:
    """Nobody mends anything: the parent of the two forks each anew."""
    sent: dict[str, list[str]] = {name: [] for name in play.people}

    def talk(name: str) -> None:
        for _ in range(8):
            id_ = str(uuid.uuid4())
            sent[name].append(id_)
            play.people[name].delivers({"id": id_, "last_seen_seq": 0, "text": "Hallo"})

    talking = [threading.Thread(target=talk, args=[name]) for name in play.people]
    for thread in talking:
        thread.start()
    killed = mended.forked("rasa")  # before the first dies: its successor comes last
    assert len(killed) == WORKERS
    for process in killed:
        time.sleep(0.2)
        process.kill()
    for thread in talking:
        thread.join()
    mended.wait_ready()
    now = mended.forked("rasa")
    assert len(now) == WORKERS
    assert not {process.pid for process in killed} & {process.pid for process in now}
    for name, ids in sent.items():
        for id_ in ids:
            wait_for_answer(play.people[name], id_)


def test_everything_dies_during_a_message(mended: Stack, play: Play) -> None:
    """The client does not know what became of its message and sends it again: it counts once, and nothing is lost."""
    customer = play.people["customer"]
    before = customer.messages()
    yes = yes_of(customer)

    def send() -> None:
        try:
            customer.delivers(yes)
        except Unreachable:
            play.transcript.append("customer heard nothing")

    sending = threading.Thread(target=send)
    sending.start()
    time.sleep(0.02)
    for name in mended.processes:
        mended.kill(name)
    sending.join()
    for name in mended.processes:
        mended.run(name)
    mended.wait_ready()
    assert customer.fetch(0)[: len(before)] == before
    customer.delivers(yes)
    check_sent_once(play, yes)
