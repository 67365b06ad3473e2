"""Conversations: numbers without gaps, every message once, one turn at a time."""

from __future__ import annotations

import asyncio

import pytest

from actions.backend import (
    Author,
    Backend,
    Conversation,
    MessageConflict,
    MessageState,
    Reply,
    UnknownButton,
)
from actions.policy import Accept, RequestUpdate, Role
from tests.backend.chatting import YES, say, turn
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    FILED_BY_SELLER,
    NOW,
    SELLER,
    TICK,
    contents,
    deliver,
    done,
    filed,
    push,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def chat(backend: Backend) -> Conversation:
    return await backend.conversations.open("shop", Role.CUSTOMER, "anna")


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


async def test_a_first_token_and_a_first_notice_at_once_share_one(backend: Backend) -> None:
    """Otherwise the notice would lie in a conversation that nobody reads."""
    for number in range(20):
        sub = f"person-{number}"
        opened, noticed = await asyncio.gather(
            backend.conversations.open("a", Role.SELLER, sub), backend.conversations.for_notices(Role.SELLER, sub)
        )
        assert opened.id == noticed.id


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
        assert await deliver(backend, row, row.code) is not None


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
