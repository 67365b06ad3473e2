"""One turn at a time in a conversation, whoever handles it, and nothing answered twice or left behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from actions.backend import (
    Author,
    Backend,
    Conversation,
    Reply,
)
from actions.policy import Role
from tests.backend.chatting import YES, say, seqs
from tests.backend.conftest import Opener
from tests.backend.world import (
    NOW,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def chat(backend: Backend) -> Conversation:
    return await backend.conversations.open("shop", Role.CUSTOMER, "anna")


async def test_messages_of_one_person_are_handled_one_after_the_other(backend: Backend, chat: Conversation) -> None:
    first = await say(backend, chat, "u-1", owner="a")
    second = await say(backend, chat, "u-2", owner="b")
    third = await say(backend, chat, "u-3", owner="c")
    assert (first.turn, second.turn, third.turn) == (first.message, None, None)
    then = await backend.conversations.complete(first.message, [YES], owner="a")
    assert then.next == second.message
    then = await backend.conversations.complete(second.message, [YES], owner="a")
    assert then.next == third.message
    assert (await backend.conversations.complete(third.message, [], owner="a")).next is None
    fourth = await say(backend, chat, "u-4", owner="d")
    assert fourth.turn == fourth.message
    assert await seqs(backend, chat) == list(range(1, 7))


async def test_a_new_message_takes_up_the_one_left_before_it(backend: Backend, chat: Conversation) -> None:
    first = await say(backend, chat, "u-1", owner="a")
    await backend.conversations.release(chat.id, "a", retry_in=60)
    second = await say(backend, chat, "u-2", owner="b")
    assert second.turn is not None and second.turn.id == first.message.id and second.turn.attempts == 1


async def test_completing_twice_stores_one_answer(backend: Backend, chat: Conversation) -> None:
    received = await say(backend, chat, "u-1", owner="a")
    first, second = await asyncio.gather(
        backend.conversations.complete(received.message, [Reply("eins")], owner="a"),
        backend.conversations.complete(received.message, [Reply("zwei")], owner="b"),
    )
    assert sorted([first.first, second.first]) == [False, True]
    assert first.replies == second.replies and len(first.replies) == 1
    assert await seqs(backend, chat) == [1, 2]


async def test_a_lease_that_ran_out_passes_to_somebody_else(open_backend: Opener) -> None:
    now = NOW
    backend = await open_backend(real_now=lambda: now)
    chat = await backend.conversations.open("", Role.CUSTOMER, "anna")
    received = await say(backend, chat, "u-1", owner="dead", seconds=30)
    assert await backend.conversations.claim_pending("other") == []
    assert await backend.conversations.renew(chat.id, "dead", 40)
    now += timedelta(seconds=39)
    assert await backend.conversations.claim_pending("other") == []
    now += timedelta(seconds=1)
    assert await backend.conversations.claim_pending("other") == [received.message]
    assert not await backend.conversations.renew(chat.id, "dead")
    await backend.conversations.release(chat.id, "dead")
    assert await backend.conversations.claim_pending("third") == []
    done_ = await backend.conversations.complete(received.message, [YES], owner="other")
    late = await backend.conversations.complete(received.message, [Reply("zu spät")], owner="dead")
    assert done_.first and not late.first and late.replies == done_.replies


async def test_left_over_work_is_claimed_once_and_rests_after_a_failure(open_backend: Opener) -> None:
    now = NOW
    backend, other = [await open_backend(real_now=lambda: now) for _ in range(2)]
    chats = [await backend.conversations.open("", Role.CUSTOMER, f"p{number}") for number in range(6)]
    for chat in chats:
        await say(backend, chat, "u-1", owner="a")
        await say(backend, chat, "u-2", owner="b")
    now += timedelta(minutes=1)
    claims = await asyncio.gather(
        *(gateway.conversations.claim_pending(f"g{n}", limit=4) for n, gateway in enumerate((backend, other, backend)))
    )
    claimed = [message for claim in claims for message in claim]
    assert sorted(message.conversation_id for message in claimed) == sorted(chat.id for chat in chats)
    assert {message.client_id for message in claimed} == {"u-1"}
    holder = next(f"g{n}" for n, claim in enumerate(claims) if claimed[0] in claim)
    await backend.conversations.release(claimed[0].conversation_id, holder, retry_in=20)
    assert await backend.conversations.claim_pending("again") == []
    now += timedelta(seconds=20)
    (message,) = await backend.conversations.claim_pending("again")
    assert (message.id, message.attempts) == (claimed[0].id, 1)


async def test_waiting_is_said_once_and_only_while_unanswered(backend: Backend, chat: Conversation) -> None:
    received = await say(backend, chat, "u-1", owner="a")
    said = [await backend.conversations.say(received.message, "Dauert", {"kind": "waiting"}) for _ in range(2)]
    assert said[0] is not None and said[1] is None
    assert (said[0].seq, said[0].in_reply_to, said[0].custom) == (2, "u-1", {"kind": "waiting"})
    await backend.conversations.complete(received.message, [YES], owner="a")
    second = await say(backend, chat, "u-2", owner="b")
    await backend.conversations.complete(second.message, [YES], owner="b")
    assert await backend.conversations.say(second.message, "Dauert") is None
    assert await seqs(backend, chat) == list(range(1, 6))
    assert [reply.seq for reply in await backend.conversations.replies(received.message)] == [2, 3]


async def test_numbers_have_no_gaps_when_everybody_writes_at_once(open_backend: Opener) -> None:
    gateways = [await open_backend() for _ in range(2)]
    chat = await gateways[0].conversations.open("", Role.CUSTOMER, "anna")

    async def write(number: int) -> None:
        gateway = gateways[number % 2]
        received = await say(gateway, chat, f"u-{number % 15}", owner=f"o{number}")
        following = received.turn
        while following is not None:
            completed = await gateway.conversations.complete(following, [YES], owner=f"o{number}")
            following = completed.next

    await asyncio.gather(*(write(number) for number in range(30)))
    stored = await gateways[0].conversations.messages(chat.id, limit=1000)
    assert [message.seq for message in stored] == list(range(1, 31))
    asked = [message.client_id for message in stored if message.author is Author.PERSON]
    answered = [message.in_reply_to for message in stored if message.author is Author.ASSISTANT]
    assert len(set(asked)) == len(asked) == 15 and asked == answered


async def test_what_a_killed_process_held_is_free_for_the_next_one_in_its_place(backend: Backend) -> None:
    owners = ("host:1/old/a", "host:1/new/b", "host:10/old/c", "elsewhere:1/old/d")
    for number, owner in enumerate(owners):
        chat = await backend.conversations.open("", Role.CUSTOMER, f"p{number}")
        await say(backend, chat, "u-1", f"an {owner}", owner=owner)
    assert await backend.conversations.claim_pending("next") == []
    assert await backend.conversations.release_former("host:1/", "host:1/new/") == 1
    assert [message.text for message in await backend.conversations.claim_pending("next")] == ["an host:1/old/a"]
