"""One of two processes of each kind dies under people's messages: each is answered once and does its work once.

Needs the distributed set-up, which `make distributed` starts; skipped in `make test`.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.conversation.http import Unreachable
from tests.conversation.people import Person
from tests.conversation.play import Play
from tests.conversation.script import NOW, Conversation
from tests.conversation.stack import ELSEWHERE
from tests.conversation.test_failures import answers_to, done_on, wait_for_answer, yes_of

pytestmark = [
    pytest.mark.integration,
    pytest.mark.conversation,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not ELSEWHERE, reason="needs the distributed set-up: make distributed"),
]

PEOPLE = 6


def pid_of(name: str) -> int | None:
    """The process id of now; None while it is being started again."""
    pid: int | None = json.loads((Path(os.environ["LOTSE_TEST_FOLDER"]) / "pids.json").read_text())[name]
    return pid


def customer_before_a_yes(number: int) -> Play:
    """Somebody who was asked whether to send a cancellation request."""
    conversation = Conversation(
        pattern="failures",
        name="one_of_two",
        about="",
        rules=(),
        now=datetime.fromisoformat(NOW),
        people={"customer": {}, "seller": {}},
        orders={"logo": {"title": "Logo", "due": "+72h"}},
        steps=(),
    )
    assert ELSEWHERE is not None
    play = Play(conversation, int(ELSEWHERE), number)
    play.set_up()
    asked = play.people["customer"].says("Ich möchte meinen Auftrag stornieren")
    if asked.status == "pending":
        wait_for_answer(play.people["customer"], play.people["customer"].sent[-1]["id"])
        play.people["customer"].looks()
    return play


def deliver(person: Person, yes: dict[str, object]) -> None:
    """Send until somebody takes it, as the widget does."""
    end = time.monotonic() + 60
    while True:
        try:
            if person.delivers(yes).http == 200:
                return
        except Unreachable:
            pass
        assert time.monotonic() < end, "nobody took the message"
        time.sleep(0.2)


@pytest.mark.parametrize("kind", ["actions", "rasa", "gateway"])
def test_one_of_two_dies_under_traffic(kind: str) -> None:
    base = 80_000 + int(time.time()) % 900 * 10
    plays = [customer_before_a_yes(base + n) for n in range(PEOPLE)]
    sent = [yes_of(play.people["customer"]) for play in plays]
    sending = [
        threading.Thread(target=deliver, args=(play.people["customer"], yes))
        for play, yes in zip(plays, sent, strict=True)
    ]
    dying = pid_of(f"{kind}-1")
    assert dying is not None
    for number, thread in enumerate(sending):
        thread.start()
        if number == PEOPLE // 2:
            os.kill(dying, signal.SIGKILL)
    for thread in sending:
        thread.join()
    for play, yes in zip(plays, sent, strict=True):
        answer = wait_for_answer(play.people["customer"], yes["id"])
        assert answer["kind"] == "done", answer
        assert done_on(play) == ["request_cancellation"]
        assert len(answers_to(play.people["customer"], yes["id"])) == 1
    end = time.monotonic() + 120
    while pid_of(f"{kind}-1") in (None, dying):
        assert time.monotonic() < end, "it was not started again"
        time.sleep(0.2)
