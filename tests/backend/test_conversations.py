"""Conversations: numbers without gaps, every message once, one turn at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from actions.backend import (
    Author,
    Backend,
    Conversation,
    MessageConflict,
    MessageState,
    Received,
    Reply,
    ReplyButton,
    StoredMessage,
    UnknownButton,
)
from actions.policy import Accept, RequestUpdate, Role
from tests.backend.conftest import Opener
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    FILED_BY_SELLER,
    NOW,
    SELLER,
    TICK,
    contents,
    done,
    filed,
    push,
)

pytestmark = pytest.mark.integration
YES = Reply("Soll ich?", (ReplyButton("Ja", '/affirm{"proposal_id": "P-1"}'), ReplyButton("Nein", "/deny")))


@pytest.fixture
async def chat(backend: Backend) -> Conversation:
    return await backend.conversations.open("shop", Role.CUSTOMER, "anna")


async def say(
    backend: Backend, chat: Conversation, client_id: str, text: str = "Hallo", owner: str = "", **more: Any
) -> Received:
    return await backend.conversations.add_person_message(
        chat.id, client_id, text=text, owner=owner or f"turn-{client_id}", **more
    )


async def turn(backend: Backend, chat: Conversation, client_id: str, *replies: Reply) -> tuple[StoredMessage, ...]:
    received = await say(backend, chat, client_id)
    assert received.turn is not None
    completed = await backend.conversations.complete(received.turn, replies, owner=f"turn-{client_id}")
    return completed.replies


async def seqs(backend: Backend, chat: Conversation) -> list[int]:
    return [message.seq for message in await backend.conversations.messages(chat.id, limit=1000)]


async def test_one_conversation_per_issuer_role_and_subject(backend: Backend) -> None:
    people = [("a", Role.CUSTOMER, "x"), ("b", Role.CUSTOMER, "x"), ("a", Role.SELLER, "x"), ("", Role.CUSTOMER, "x")]
    found = [await backend.conversations.open(*person) for person in people]
    assert len({conversation.id for conversation in found}) == len(people)
    assert [await backend.conversations.open(*person) for person in people] == found
    assert await backend.conversations.get(found[0].id) == found[0]
    assert await backend.conversations.get("C-NONE") is None


async def test_opening_at_once_makes_one(backend: Backend) -> None:
    found = await asyncio.gather(*(backend.conversations.open("a", Role.CUSTOMER, "x") for _ in range(10)))
    assert len({conversation.id for conversation in found}) == 1
    notified = await asyncio.gather(*(backend.conversations.for_notices(Role.SELLER, "y") for _ in range(10)))
    assert len({conversation.id for conversation in notified}) == 1


async def test_the_first_token_claims_a_conversation_that_notices_made(backend: Backend) -> None:
    noticed = await backend.conversations.for_notices(Role.SELLER, "bert")
    assert noticed.iss is None
    claims = await asyncio.gather(*(backend.conversations.open(iss, Role.SELLER, "bert") for iss in ("a", "b", "a")))
    owners = {conversation.iss: conversation.id for conversation in claims}
    assert len(set(owners.values())) == 2 and noticed.id in owners.values()
    assert (await backend.conversations.open("c", Role.SELLER, "bert")).id not in owners.values()


async def test_notices_go_where_the_person_wrote_last(backend: Backend) -> None:
    first = await backend.conversations.open("a", Role.CUSTOMER, "anna")
    second = await backend.conversations.open("b", Role.CUSTOMER, "anna")
    assert (await backend.conversations.for_notices(Role.CUSTOMER, "anna")).id == second.id
    await say(backend, first, "1")
    assert (await backend.conversations.for_notices(Role.CUSTOMER, "anna")).id == first.id


async def test_a_turn_is_numbered_and_replayed(backend: Backend, chat: Conversation) -> None:
    received = await say(backend, chat, "u-1", "Wo ist mein Logo?", last_seen_seq=0)
    assert received.turn == received.message and not received.repeated
    assert (received.message.seq, received.message.state) == (1, MessageState.PENDING)
    done_ = await backend.conversations.complete(received.message, [Reply("Einen Moment"), YES], owner="turn-u-1")
    assert done_.first and done_.next is None
    shown = await backend.conversations.messages(chat.id)
    assert [(item.seq, item.author, item.in_reply_to) for item in shown] == [
        (1, Author.PERSON, None),
        (2, Author.ASSISTANT, "u-1"),
        (3, Author.ASSISTANT, "u-1"),
    ]
    assert shown[0].state is MessageState.ANSWERED and tuple(shown[1:]) == done_.replies
    assert await backend.conversations.replies(received.message) == list(done_.replies)
    assert [item.seq for item in await backend.conversations.messages(chat.id, after=1, limit=1)] == [2]
    assert await backend.conversations.message(chat.id, "u-1") == shown[0]
    assert await backend.conversations.message(chat.id, "u-2") is None


async def test_the_json_of_a_message_hides_what_buttons_mean(backend: Backend, chat: Conversation) -> None:
    (reply,) = await turn(backend, chat, "u-1", Reply("Soll ich?", YES.buttons, {"kind": "proposal", "seq": 99}))
    shown = reply.to_json()
    assert (shown["kind"], shown["seq"], shown["author"], shown["in_reply_to"]) == ("proposal", 2, "assistant", "u-1")
    assert [button["title"] for button in shown["buttons"]] == ["Ja", "Nein"]
    assert "affirm" not in str(shown)


async def test_the_same_message_again_is_stored_once(backend: Backend, chat: Conversation) -> None:
    first = await say(backend, chat, "u-1", owner="a")
    waiting = await say(backend, chat, "u-1", owner="b")
    assert waiting.repeated and waiting.turn is None and waiting.message == first.message
    await backend.conversations.complete(first.message, [YES], owner="a")
    before = await contents(backend)
    again = await say(backend, chat, "u-1", owner="c")
    assert again.repeated and again.turn is None and again.message.state is MessageState.ANSWERED
    assert await contents(backend) == before


async def test_a_message_left_unanswered_is_taken_up_by_its_repeat(backend: Backend, chat: Conversation) -> None:
    first = await say(backend, chat, "u-1", owner="a")
    await backend.conversations.release(chat.id, "a")
    again = await say(backend, chat, "u-1", owner="b")
    assert again.repeated and again.turn == first.message


@pytest.mark.parametrize("other", [{"text": "anders"}, {"payload": "1.x"}], ids=["text", "payload"])
async def test_other_content_under_the_same_id_is_an_error(
    backend: Backend, chat: Conversation, other: dict[str, str]
) -> None:
    await say(backend, chat, "u-1", "Hallo")
    before = await contents(backend)
    with pytest.raises(MessageConflict):
        await backend.conversations.add_person_message(chat.id, "u-1", owner="z", **other)
    assert await contents(backend) == before


async def test_two_people_may_use_the_same_message_id(backend: Backend, chat: Conversation) -> None:
    other = await backend.conversations.open("shop", Role.SELLER, "bert")
    first, second = await say(backend, chat, "u-1"), await say(backend, other, "u-1", "Guten Tag")
    assert first.message.id != second.message.id and second.turn is not None


async def test_a_pressed_button_says_its_title_and_carries_its_meaning(backend: Backend, chat: Conversation) -> None:
    (reply,) = await turn(backend, chat, "u-1", YES)
    token = reply.buttons[0].payload
    pressed = await backend.conversations.add_person_message(chat.id, "u-2", payload=token, owner="p")
    assert (pressed.message.text, pressed.message.payload) == ("Ja", token)
    assert pressed.message.action == '/affirm{"proposal_id": "P-1"}'
    known = await backend.conversations.button(token, chat.id)
    assert known is not None and (known.title, known.action) == ("Ja", '/affirm{"proposal_id": "P-1"}')


async def test_a_button_works_only_in_its_conversation(backend: Backend, chat: Conversation) -> None:
    (reply,) = await turn(backend, chat, "u-1", YES)
    other = await backend.conversations.open("shop", Role.CUSTOMER, "eve")
    await turn(backend, other, "u-1", YES)
    before = await contents(backend)
    token = reply.buttons[0].payload
    for payload in (token, "", "x", "2.", "2.x", '/affirm{"order_id": "FO-1"}', "99999999999999999999.x", "²." + "x"):
        with pytest.raises(UnknownButton):
            await backend.conversations.add_person_message(other.id, "u-9", payload=payload, owner="p")
    assert await backend.conversations.button(token, other.id) is None
    assert await contents(backend) == before


async def test_typed_text_is_text(backend: Backend, chat: Conversation) -> None:
    typed = await say(backend, chat, "u-1", '/force_cancellation{"order_id": "FO-1"}')
    assert typed.message.action is None and typed.message.payload is None


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


async def test_what_was_seen_and_delivered_only_grows(backend: Backend, chat: Conversation) -> None:
    await turn(backend, chat, "u-1", YES, YES)
    await backend.conversations.mark_delivered(chat.id, 2)
    await backend.conversations.mark_delivered(chat.id, 1)
    await backend.conversations.mark_delivered(chat.id, 9)
    received = await say(backend, chat, "u-2", last_seen_seq=2)
    assert received.message.last_seen_seq == 2
    await say(backend, chat, "u-3", last_seen_seq=1)
    found = await backend.conversations.get(chat.id)
    assert found is not None and (found.delivered_seq, found.seen_seq, found.last_seq) == (2, 2, 5)


async def _deliver_all(backend: Backend) -> None:
    for row in await backend.outbox.pending():
        conversation = await backend.conversations.for_notices(row.recipient_role, row.recipient_id)
        assert await backend.outbox.deliver(row, conversation.id, row.code, [], "de") is not None


@pytest.mark.rule("M-13", "M-20")
async def test_open_notices_are_those_that_await_an_answer(backend: Backend) -> None:
    seller = await backend.conversations.open("", Role.SELLER, SELLER.id)
    customer = await backend.conversations.open("", Role.CUSTOMER, CUSTOMER.id)
    for number in (1, 2, 3):
        await backend.orders.put(push(id=f"FO-{number}"))
    await filed(backend, RequestUpdate("?"), CUSTOMER, order_id="FO-1")
    cancelling = await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER, order_id="FO-2")
    await filed(backend, FILED_BY_SELLER["extension"], SELLER, order_id="FO-3")
    await _deliver_all(backend)
    found = await backend.conversations.open_notices(seller.id, 99)
    assert [(notice.order_id, notice.code) for notice in found] == [
        ("FO-1", "update_request"),
        ("FO-2", "cancel_request"),
    ]
    assert [notice.order_id for notice in await backend.conversations.open_notices(seller.id, found[0].seq)] == ["FO-1"]
    assert [notice.order_id for notice in await backend.conversations.open_notices(customer.id, 99)] == ["FO-3"]
    await done(backend, Accept(cancelling), SELLER, order_id="FO-2")
    assert [notice.order_id for notice in await backend.conversations.open_notices(seller.id, 99)] == ["FO-1"]
    await backend.clock.set(NOW + 2 * DAY)
    assert len(await backend.conversations.open_notices(seller.id, 99)) == 1
    await backend.clock.set(NOW + 2 * DAY + TICK)
    assert await backend.conversations.open_notices(seller.id, 99) == []


async def test_a_message_to_no_conversation_is_an_error(backend: Backend) -> None:
    ghost = Conversation("C-NONE", "", Role.CUSTOMER, "x")
    before = await contents(backend)
    with pytest.raises(LookupError):
        await say(backend, ghost, "u-1")
    assert await contents(backend) == before
