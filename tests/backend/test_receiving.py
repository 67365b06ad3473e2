"""A message and everything around it in one transaction: whose it is, what they have seen, what was handed to them."""

from __future__ import annotations

import asyncio

import pytest

from actions.backend import SEEN_ASSUMED, Arrived, Backend, Claims, Reply, Said, UnknownButton
from actions.policy import Role
from tests.backend.chatting import YES
from tests.backend.conftest import Opener

pytestmark = pytest.mark.integration
NOTHING = Claims()


async def arrive(backend: Backend, said: Said, claims: Claims = NOTHING, who: str = "anna") -> Arrived:
    return await backend.conversations.receive("shop", Role.CUSTOMER, who, claims, said, owner=f"turn-{said.client_id}")


async def answer(backend: Backend, said: Said, *replies: Reply, handed: bool = True) -> bool:
    received = (await arrive(backend, said)).received
    assert received.turn is not None
    owner = f"turn-{said.client_id}"
    return (await backend.conversations.complete(received.turn, replies, owner=owner, handed=handed)).handed


async def delivered(backend: Backend) -> int:
    return (await backend.conversations.open("shop", Role.CUSTOMER, "anna")).delivered_seq


async def test_somebody_new_gets_a_conversation_and_somebody_known_keeps_it(backend: Backend) -> None:
    first = await arrive(backend, Said("u-1", "Hallo"))
    assert (first.received.message.seq, first.received.turn) == (1, first.received.message)
    second = await arrive(backend, Said("u-2", "Hallo?"))
    assert second.conversation.id == first.conversation.id and second.received.message.seq == 2
    assert second.conversation.last_seq == 1, "as it was before"
    other = await arrive(backend, Said("u-1", "Hallo"), who="eve")
    assert other.conversation.id != first.conversation.id and not other.received.repeated


async def test_new_claims_are_kept_with_the_message(backend: Backend) -> None:
    await arrive(backend, Said("u-1", "a"))
    assert await backend.people.get(Role.CUSTOMER, "anna") is None, "nothing known, nothing said"
    person = (await arrive(backend, Said("u-2", "b"), Claims("de", None, "Anna"))).person
    assert (person.locale, person.name) == ("de", "Anna")
    person = (await arrive(backend, Said("u-3", "c"), Claims(name="Anna S."))).person
    assert (person.locale, person.name) == ("de", "Anna S."), "what is not said again stays"
    assert await backend.people.get(Role.CUSTOMER, "anna") == person


async def test_the_same_message_again_is_found_again(backend: Backend) -> None:
    first = await arrive(backend, Said("u-1", "Hallo"))
    again = await arrive(backend, Said("u-1", "Hallo"))
    assert again.received.repeated and again.received.message.id == first.received.message.id
    with pytest.raises(UnknownButton):
        await arrive(backend, Said("u-2", payload="1.unknown"))


async def test_without_a_word_about_it_the_person_has_seen_what_was_handed_out(backend: Backend) -> None:
    await answer(backend, Said("u-1", "Hallo"), YES)
    assumed = (await arrive(backend, Said("u-2", "ja"))).received.message
    assert (assumed.last_seen_seq, assumed.custom.get(SEEN_ASSUMED)) == (2, True)
    told = (await arrive(backend, Said("u-3", "ja", last_seen_seq=1))).received.message
    assert (told.last_seen_seq, told.custom.get(SEEN_ASSUMED)) == (1, None)
    ahead = (await arrive(backend, Said("u-4", "ja", last_seen_seq=99))).received.message
    assert ahead.last_seen_seq == 4, "nobody has seen what is not written yet"


async def test_an_answer_that_is_waited_for_counts_as_handed_out(backend: Backend) -> None:
    assert await answer(backend, Said("u-1", "Hallo"), YES, YES)
    assert await delivered(backend) == 3
    assert not await answer(backend, Said("u-2", "Noch da?"), YES, handed=False)
    assert await delivered(backend) == 3


async def test_a_gap_before_or_after_the_message_is_not_jumped(backend: Backend) -> None:
    assert not await answer(backend, Said("u-1", "Hallo"), YES, handed=False)
    assert not await answer(backend, Said("u-2", "Noch da?"), YES), "the first answer was not handed out"
    assert await delivered(backend) == 0
    chat = await backend.conversations.open("shop", Role.CUSTOMER, "anna")
    await backend.conversations.mark_delivered(chat.id, chat.last_seq)
    received = (await arrive(backend, Said("u-3", "Und jetzt?"))).received
    assert await backend.conversations.say(received.message, "Es dauert noch etwas") is not None
    done = await backend.conversations.complete(received.message, [YES], owner="turn-u-3", handed=True)
    assert not done.handed and await delivered(backend) == 4


async def test_an_answer_that_comes_second_hands_out_nothing(backend: Backend) -> None:
    received = (await arrive(backend, Said("u-1", "Hallo"))).received
    first = await backend.conversations.complete(received.message, [YES], owner="turn-u-1")
    late = await backend.conversations.complete(received.message, [YES, YES], owner="other", handed=True)
    assert late.replies == first.replies and not late.handed and await delivered(backend) == 0


async def test_many_at_once_make_one_conversation(open_backend: Opener) -> None:
    gateways = [await open_backend() for _ in range(3)]
    arrived = await asyncio.gather(
        *(arrive(gateway, Said(f"u-{n}", "Hallo")) for n, gateway in enumerate(gateways * 4))
    )
    assert len({one.conversation.id for one in arrived}) == 1
    assert sorted(one.received.message.seq for one in arrived) == list(range(1, 13))
    assert sum(one.received.turn is not None for one in arrived) == 1
