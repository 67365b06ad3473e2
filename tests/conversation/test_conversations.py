"""Whole conversations over the chat API, scored on the state of the database afterwards."""

from __future__ import annotations

import pytest

from tests.conversation.conftest import transcript_key
from tests.conversation.play import Play
from tests.conversation.scoring import score
from tests.conversation.script import APPEALS, AROUND, PATTERNS, RESOLUTION_CENTRE, Conversation, load_all
from tests.conversation.stack import Stack

CONVERSATIONS = load_all()

pytestmark = [pytest.mark.integration, pytest.mark.conversation, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    ("number", "conversation"),
    [
        pytest.param(number, conversation, id=conversation.id, marks=pytest.mark.rule(*conversation.rules))
        for number, conversation in enumerate(CONVERSATIONS)
    ],
)
def test_conversation(stack: Stack, request: pytest.FixtureRequest, number: int, conversation: Conversation) -> None:
    play = Play(conversation, stack.port, number)
    request.node.stash[transcript_key] = play.transcript
    play.set_up()
    play.play()
    score(play)


def test_every_pattern_and_locale_has_conversations() -> None:
    assert {conversation.pattern for conversation in CONVERSATIONS} == set(PATTERNS)
    for patterns, least in ((RESOLUTION_CENTRE, 45), (APPEALS, 42), (AROUND, 10)):
        conversations = [conversation for conversation in CONVERSATIONS if conversation.pattern in patterns]
        assert len(conversations) >= least
        assert set().union(*map(spoken_in, conversations)) == {"de", "de-formal", "en"}


def spoken_in(conversation: Conversation) -> set[str]:
    """The locales of those who say something."""
    defaults = {"customer": "de", "seller": "de-formal"}
    return {
        given.get("locale") or defaults[given.get("role", key)]
        for key, given in conversation.people.items()
        if any(step.who == key for step in conversation.steps)
    }
