"""Handovers: only after a yes to what was shown, the talk in one conversation, and each of their ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actions.backend import (
    Author,
    Backend,
    ConfirmStatus,
    Conversation,
    Desk,
    Ending,
    Handover,
    HandoverClosed,
    HandoverStatus,
    IdempotencyConflict,
    IdempotencyKey,
    Material,
    MessageState,
    Reply,
)
from actions.policy import RequestUpdate, Role
from tests.backend.chatting import say, seqs, turn
from tests.backend.conftest import Opener
from tests.backend.world import CUSTOMER, SELLER, contents, filed, push

pytestmark = pytest.mark.integration

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DESK = Desk("Kundenservice", timedelta(minutes=30))
BACK = Reply("Ich bin wieder da.", custom={"kind": "handover_closed", "locale": "de"})


class RealTime:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> RealTime:
    return RealTime()


@pytest.fixture
async def backend(open_backend: Opener, time: RealTime) -> Backend:
    return await open_backend(real_now=time, desk=DESK)


@pytest.fixture
async def chat(backend: Backend) -> Conversation:
    chat = await backend.conversations.open("", Role.CUSTOMER, CUSTOMER.id)
    await turn(backend, chat, "hallo", Reply("Guten Tag"))
    return chat


async def offer(backend: Backend, chat: Conversation, *, history: bool = False) -> Handover:
    messages = await backend.handovers.history(chat.id, 2) if history else None
    words = "Einen Menschen bitte"
    material = Material(DESK.name, Role.CUSTOMER, CUSTOMER.id, "de", name="Anna", words=words, messages=messages)
    return await backend.handovers.create(
        chat.id, CUSTOMER, material, sentence="Dorthin geht: … Soll ich?", locale="de"
    )


async def handed_over(backend: Backend, chat: Conversation) -> Handover:
    """Message 3 says yes and is answered by 4."""
    offered = await offer(backend, chat)
    received = await say(backend, chat, "ja", "ja")
    assert received.turn is not None
    seq = received.message.seq
    done = await backend.handovers.confirm(offered.id, chat.id, CUSTOMER, received.message.id, seq)
    assert done.status is ConfirmStatus.EXECUTED and done.handover is not None
    await backend.conversations.complete(received.turn, [Reply("Übergeben")], owner="turn-ja")
    return done.handover


def key(handover: Handover, value: str = "k1") -> IdempotencyKey:
    return IdempotencyKey(value, "handover_message", handover.id)


async def told(backend: Backend) -> list[str]:
    return [event.data["type"] for event in await backend.events.after(0) if event.kind == "handover"]


async def test_an_offer_alone_hands_nothing_over(backend: Backend, chat: Conversation) -> None:
    offered = await offer(backend, chat)
    assert offered.status is HandoverStatus.OFFERED and offered.sentence.endswith("Soll ich?")
    assert await backend.handovers.get(offered.id) is None, "before the yes it is nobody's business"
    assert (await backend.handovers.page()).handovers == ()
    assert await backend.handovers.paused(chat.id) is None and await told(backend) == []


async def test_a_yes_hands_over_exactly_what_was_shown(backend: Backend, chat: Conversation) -> None:
    handover = await handed_over(backend, chat)
    assert handover.material == {
        "desk": "Kundenservice",
        "person": {"role": "customer", "id": CUSTOMER.id, "name": "Anna", "locale": "de"},
        "words": "Einen Menschen bitte",
        "order": None,
        "messages": None,
    }
    assert (handover.status, handover.number) == (HandoverStatus.WAITING, 1)
    assert await backend.handovers.agreed(handover) == []
    (event,) = [event for event in await backend.events.after(0) if event.kind == "handover"]
    assert event.order_id is None and event.data["actor"] == {"role": "customer", "id": CUSTOMER.id}
    assert "Anna" not in str(event.data) and "Menschen" not in str(event.data), "the feed has references only"
    paused = await backend.handovers.paused(chat.id)
    assert paused is not None and (paused.handover_id, paused.status) == (handover.id, "waiting")
    assert (await backend.conversations.heads([chat.id]))[chat.id].paused == paused


async def test_the_same_yes_again_changes_nothing(backend: Backend, chat: Conversation) -> None:
    offered = await offer(backend, chat)
    for expected in (ConfirmStatus.EXECUTED, ConfirmStatus.EXECUTED):
        assert (await backend.handovers.confirm(offered.id, chat.id, CUSTOMER, "M-1", 3)).status is expected
    again = await backend.handovers.confirm(offered.id, chat.id, CUSTOMER, "M-2", 5)
    assert again.status is ConfirmStatus.ALREADY_DONE
    second = await offer(backend, chat)
    other = await backend.handovers.confirm(second.id, chat.id, CUSTOMER, "M-3", 7)
    assert other.status is ConfirmStatus.ALREADY_DONE and other.handover is not None
    assert other.handover.id == offered.id
    assert await told(backend) == ["handover.requested"]


async def test_a_late_yes_an_old_offer_or_a_strangers_does_nothing(
    backend: Backend, chat: Conversation, time: RealTime
) -> None:
    first = await offer(backend, chat)
    second = await offer(backend, chat)
    before = await contents(backend)
    replaced = await backend.handovers.confirm(first.id, chat.id, CUSTOMER, "M-1", 3)
    assert replaced.status is ConfirmStatus.EXPIRED
    stranger = await backend.handovers.confirm(second.id, chat.id, SELLER, "M-1", 3)
    assert stranger.status is ConfirmStatus.UNKNOWN
    elsewhere = await backend.handovers.confirm(second.id, "C-other", CUSTOMER, "M-1", 3)
    assert elsewhere.status is ConfirmStatus.UNKNOWN
    time.now += timedelta(minutes=10, seconds=1)
    late = await backend.handovers.confirm(second.id, chat.id, CUSTOMER, "M-1", 3)
    assert late.status is ConfirmStatus.EXPIRED
    assert await contents(backend) == before
    assert await backend.handovers.discard(second.id, chat.id)
    assert not await backend.handovers.discard(second.id, chat.id)


async def test_the_history_is_what_was_there_when_it_was_offered(backend: Backend, chat: Conversation) -> None:
    offered = await offer(backend, chat, history=True)
    await turn(backend, chat, "später", Reply("das nicht mehr"))
    done = await backend.handovers.confirm(offered.id, chat.id, CUSTOMER, "M-1", 3)
    assert done.handover is not None
    agreed = await backend.handovers.agreed(done.handover)
    assert [message.text for message in agreed] == ["Hallo", "Guten Tag"]
    assert done.handover.material["messages"]["count"] == 2
    assert await backend.handovers.history("C-none", 9) is None


async def test_what_is_written_meanwhile_goes_to_the_desk_in_order(backend: Backend, chat: Conversation) -> None:
    handover = await handed_over(backend, chat)
    first = await say(backend, chat, "eins", "Mein Problem ist …")
    second = await say(backend, chat, "zwei", "Sind Sie da?")
    assert second.turn is None, "the first one holds the lease"
    taken = await backend.handovers.take(first.message, owner="turn-eins")
    assert taken is not None and taken.replies == () and taken.next is not None
    assert taken.next.seq == second.message.seq
    assert await backend.handovers.take(taken.next, owner="turn-eins") is not None
    stored = await backend.conversations.message(chat.id, "eins")
    assert stored is not None and stored.state is MessageState.ANSWERED and stored.handover_id == handover.id
    again = await say(backend, chat, "eins", "Mein Problem ist …")
    assert again.repeated and again.turn is None
    repeated = await backend.handovers.take(first.message, owner="turn-eins")
    assert repeated is not None and not repeated.first, "handled twice, told once"
    said = await backend.handovers.reply(handover.id, "Ich sehe nach.", "Jana", key=key(handover))
    talk = await backend.handovers.talk(handover)
    assert [(message.author, message.text) for message in talk] == [
        (Author.PERSON, "Mein Problem ist …"),
        (Author.PERSON, "Sind Sie da?"),
        (Author.AGENT, "Ich sehe nach."),
    ]
    assert [message.seq for message in await backend.handovers.talk(handover, after=talk[1].seq)] == [said.message.seq]
    assert await told(backend) == ["handover.requested", "handover.message", "handover.message", "handover.replied"]
    assert await seqs(backend, chat) == [1, 2, 3, 4, 5, 6, 7]


async def test_the_yes_itself_is_never_sent_to_the_desk(backend: Backend, chat: Conversation) -> None:
    """An action that was executed and whose turn failed is handled again: the conversation is paused by then."""
    offered = await offer(backend, chat)
    received = await say(backend, chat, "ja", "ja")
    message = received.message
    await backend.handovers.confirm(offered.id, chat.id, CUSTOMER, message.id, message.seq)
    assert await backend.handovers.take(message, owner="turn-ja") is None
    assert await backend.handovers.leave(message, BACK, owner="turn-ja") is None
    assert (await backend.handovers.confirm(offered.id, chat.id, CUSTOMER, message.id, message.seq)).status is (
        ConfirmStatus.EXECUTED
    )


async def test_without_a_handover_everything_is_the_assistants(backend: Backend, chat: Conversation) -> None:
    received = await say(backend, chat, "eins")
    assert await backend.handovers.take(received.message, owner="turn-eins") is None
    assert await backend.handovers.leave(received.message, BACK, owner="turn-eins") is None


async def test_the_desk_says_a_thing_once_for_a_key(backend: Backend, chat: Conversation, time: RealTime) -> None:
    handover = await handed_over(backend, chat)
    time.now += timedelta(minutes=5)
    said = await backend.handovers.reply(handover.id, "Guten Tag", "Jana", key=key(handover))
    again = await backend.handovers.reply(handover.id, "Guten Tag", "Jana", key=key(handover))
    assert (said.replayed, again.replayed) == (False, True) and again.message == said.message
    assert said.message.to_json()["agent"] == {"name": "Jana"} and said.message.author is Author.AGENT
    assert said.handover.status is HandoverStatus.ACTIVE and said.handover.answered_at == time.now
    with pytest.raises(IdempotencyConflict):
        await backend.handovers.reply(handover.id, "Etwas anderes", "Jana", key=key(handover))
    with pytest.raises(LookupError):
        await backend.handovers.reply("H-none", "Guten Tag", "Jana", key=key(handover, "k2"))
    paused = await backend.handovers.paused(chat.id)
    assert paused is not None and (paused.status, paused.agent) == ("active", "Jana")


async def test_an_offer_cannot_be_written_to(backend: Backend, chat: Conversation) -> None:
    offered = await offer(backend, chat)
    with pytest.raises(LookupError):
        await backend.handovers.reply(offered.id, "Guten Tag", "Jana", key=key(offered))
    with pytest.raises(LookupError):
        await backend.handovers.close(offered.id, Ending.DESK, BACK)


async def test_the_desk_closes_it_once(backend: Backend, chat: Conversation) -> None:
    handover = await handed_over(backend, chat)
    closed, message = await backend.handovers.close(handover.id, Ending.DESK, BACK)
    assert closed.closed_by is Ending.DESK and message is not None and message.in_reply_to is None
    again, nothing = await backend.handovers.close(handover.id, Ending.SILENCE, BACK)
    assert again == closed and nothing is None
    assert await backend.handovers.paused(chat.id) is None
    assert (await backend.conversations.heads([chat.id]))[chat.id].paused is None
    with pytest.raises(HandoverClosed):
        await backend.handovers.reply(handover.id, "Noch etwas", "Jana", key=key(handover))
    received = await say(backend, chat, "danach")
    assert await backend.handovers.take(received.message, owner="turn-danach") is None
    assert await told(backend) == ["handover.requested", "handover.closed"]


async def test_a_repeated_answer_is_repeated_after_the_end(backend: Backend, chat: Conversation) -> None:
    handover = await handed_over(backend, chat)
    said = await backend.handovers.reply(handover.id, "Guten Tag", "Jana", key=key(handover))
    await backend.handovers.close(handover.id, Ending.DESK, BACK)
    again = await backend.handovers.reply(handover.id, "Guten Tag", "Jana", key=key(handover))
    assert again.replayed and again.message == said.message


async def test_the_person_leaves_and_hears_of_it_once(backend: Backend, chat: Conversation) -> None:
    handover = await handed_over(backend, chat)
    received = await say(backend, chat, "zurück", "zurück zum Assistenten")
    left = await backend.handovers.leave(received.message, BACK, owner="turn-zurück")
    assert left is not None and [reply.text for reply in left.replies] == [BACK.text]
    assert left.replies[0].in_reply_to == "zurück"
    ended = await backend.handovers.get(handover.id)
    assert ended is not None and ended.closed_by is Ending.PERSON
    assert await backend.handovers.leave(received.message, BACK, owner="turn-zurück") is None
    assert await told(backend) == ["handover.requested", "handover.closed"]


async def test_silence_is_measured_from_the_desks_last_sign(
    backend: Backend, chat: Conversation, time: RealTime
) -> None:
    handover = await handed_over(backend, chat)
    time.now += DESK.silence
    assert await backend.handovers.silent(DESK) == []
    await backend.handovers.reply(handover.id, "Moment", "Jana", key=key(handover))
    time.now += DESK.silence
    assert await backend.handovers.silent(DESK) == []
    time.now += timedelta(seconds=1)
    (overdue,) = await backend.handovers.silent(DESK)
    await backend.handovers.reply(handover.id, "Da bin ich", "Jana", key=key(handover, "k2"))
    still, message = await backend.handovers.close(handover.id, Ending.SILENCE, BACK, heard_at=overdue.heard_at)
    assert still.is_open and message is None, "it spoke between the look and the end"
    time.now += DESK.silence + timedelta(seconds=1)
    (overdue,) = await backend.handovers.silent(DESK)
    ended, message = await backend.handovers.close(handover.id, Ending.SILENCE, BACK, heard_at=overdue.heard_at)
    assert ended.closed_by is Ending.SILENCE and message is not None
    assert await backend.handovers.silent(DESK) == []


async def test_without_a_desk_nobody_stays_handed_over(backend: Backend, chat: Conversation) -> None:
    handover = await handed_over(backend, chat)
    assert [found.id for found in await backend.handovers.silent(None)] == [handover.id]


async def test_pages_in_the_order_of_the_requests(backend: Backend, chat: Conversation) -> None:
    first = await handed_over(backend, chat)
    other = await backend.conversations.open("", Role.SELLER, SELLER.id)
    material = Material(DESK.name, Role.SELLER, SELLER.id, "de-formal")
    offered = await backend.handovers.create(other.id, SELLER, material, sentence="…", locale="de-formal")
    await backend.handovers.confirm(offered.id, other.id, SELLER, "M-9", 1)
    await backend.handovers.close(first.id, Ending.DESK, BACK)
    page = await backend.handovers.page(limit=1)
    assert [found.id for found in page.handovers] == [first.id] and page.next == 1
    assert [found.id for found in (await backend.handovers.page(after=page.next)).handovers] == [offered.id]
    waiting = await backend.handovers.page([HandoverStatus.WAITING])
    assert [found.id for found in waiting.handovers] == [offered.id]


async def test_a_yes_after_the_desk_spoke_is_recognised(backend: Backend, chat: Conversation) -> None:
    handover = await handed_over(backend, chat)
    assert not await backend.handovers.agent_spoke_since(chat.id, 0)
    said = await backend.handovers.reply(handover.id, "Alles gut?", "Jana", key=key(handover))
    assert await backend.handovers.agent_spoke_since(chat.id, 0)
    assert not await backend.handovers.agent_spoke_since(chat.id, said.message.seq)


@pytest.mark.rule("M-21")
async def test_a_dispute_hands_nothing_over_and_a_handover_knows_no_dispute(
    backend: Backend, chat: Conversation
) -> None:
    await backend.orders.put(push())
    before = await contents(backend)
    await filed(backend, RequestUpdate("Geheime Worte an den Verkäufer"), CUSTOMER)
    after = await contents(backend)
    assert after["handovers"] == before["handovers"] == []
    handover = await handed_over(backend, chat)
    assert "Geheime Worte" not in str(handover) and await backend.handovers.agreed(handover) == []
    recipients = {row.recipient_role for row in await backend.outbox.pending(100)}
    assert recipients <= {Role.CUSTOMER, Role.SELLER}
