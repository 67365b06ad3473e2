"""With an action server of its own: what it is for Rasa, and what people notice when it dies."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conversation.http import call
from tests.conversation.stack import APART, INTERNAL_SECRET, Stack
from tests.conversation.test_failures import asked_customer, dies_meanwhile, down_and_up
from tests.conversation.test_logs import follow_a_request, lines

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Action server, Rasa and gateway, ready."""
    started = Stack.start(tmp_path_factory.mktemp("apart"), APART)
    yield started
    started.stop()


def test_one_request_id_goes_through_all_three_processes(apart: Stack) -> None:
    followed = follow_a_request(apart)
    last = {name: found[-1]["event"] for name, found in followed.items()}
    assert last == {"actions": "action.ran", "rasa": "turn.answered", "gateway": "turn.answered"}


def test_a_message_that_breaks_an_action_is_not_quoted(apart: Stack) -> None:
    """An exception's message often is what could not be read; only its kind and its place are logged."""
    sizes = apart.log_sizes()
    body = {
        "next_action": "action_inform",
        "sender_id": "c-1",
        "tracker": {"sender_id": "c-1", "slots": {"misses": "Kuckucksei"}, "latest_message": {"text": "Haubentaucher"}},
        "version": "3.6.21",
    }
    headers = {"X-Lotse-Secret": INTERNAL_SECRET}
    assert call("POST", apart.ports["actions"], "/webhook", body, headers=headers).status == 500
    (failed,) = [line for line in lines(apart, sizes, "actions") if line["event"] == "action.failed"]
    assert failed["exception"].splitlines()[-1].endswith("Error")
    assert "actions/handlers" in failed["exception"]
    assert "Kuckucksei" not in json.dumps(failed)
    assert "Haubentaucher" not in json.dumps(failed)


def test_the_action_server_is_down(apart: Stack, request: pytest.FixtureRequest) -> None:
    down_and_up(apart, asked_customer(apart, request), "actions")


@pytest.mark.parametrize("after", [0.005, 0.02, 0.05])
def test_the_action_server_dies_during_a_message(apart: Stack, request: pytest.FixtureRequest, after: float) -> None:
    dies_meanwhile(apart, asked_customer(apart, request), "actions", after)
