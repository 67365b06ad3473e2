"""Feedback: asked once a case and person, answered with a thumb, words only after the thumb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from actions.backend import (
    AppealOutcome,
    AppealProposal,
    Backend,
    ConfirmStatus,
    Conversation,
    Proposal,
    Rating,
    Settled,
    SettledCase,
    Tally,
)
from actions.backend.appeal_proposals import AppealProposals
from actions.policy import RequestUpdate, Role, Withdraw
from tests.backend import world
from tests.backend.appeal_world import MERCHANT, appeal, drafted, infraction, of_infraction
from tests.backend.world import CUSTOMER, NOW, SELLER, contents, filed, push

pytestmark = pytest.mark.integration

CASE = SettledCase("dispute", "D-1", Settled.WITHDRAWN, "FO-1")


@pytest.fixture
async def chat(backend: Backend) -> Conversation:
    return await backend.conversations.open("", Role.CUSTOMER, CUSTOMER.id)


async def ask(backend: Backend, chat: Conversation, case: SettledCase = CASE, message: str = "M-1") -> str | None:
    return await world.asked(backend, chat.id, CUSTOMER, case, message)


async def test_never_twice_for_the_same_case(backend: Backend, chat: Conversation) -> None:
    asked = await ask(backend, chat)
    assert asked is not None
    assert await ask(backend, chat) == asked, "the same turn once more asks the same question"
    assert await ask(backend, chat, message="M-2") is None
    await backend.feedback.rate(asked, CUSTOMER, Rating.UP)
    assert await ask(backend, chat) is None
    other = await world.asked(backend, chat.id, SELLER, CASE, "M-3")
    assert other not in (None, asked), "the other party settled nothing less"
    assert await ask(backend, chat, SettledCase("dispute", "D-2", Settled.ACCEPTED)) is not None


async def test_without_a_gateways_conversation_the_case_is_settled_and_nothing_asked(backend: Backend) -> None:
    await backend.clock.set(NOW)
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate(text="?"), CUSTOMER)
    made = await backend.proposals.create("a shell", CUSTOMER, push().id, Withdraw(dispute_id))
    assert isinstance(made, Proposal)
    settled = SettledCase("dispute", dispute_id, Settled.WITHDRAWN, push().id)
    done = await backend.proposals.confirm(made.id, "a shell", CUSTOMER, "M-1", lambda *_: settled)
    assert (done.status, done.feedback_id) == (ConfirmStatus.EXECUTED, None)


async def test_the_yes_that_settles_a_case_asks_about_it(backend: Backend, chat: Conversation) -> None:
    await backend.clock.set(NOW)
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate(text="?"), CUSTOMER)
    made = await backend.proposals.create(chat.id, CUSTOMER, push().id, Withdraw(dispute_id))
    assert isinstance(made, Proposal)

    def settles(command: object, order_id: str) -> SettledCase:
        assert isinstance(command, Withdraw)
        return SettledCase("dispute", command.dispute_id, Settled.WITHDRAWN, order_id)

    async def yes(message: str) -> tuple[ConfirmStatus, str | None]:
        done = await backend.proposals.confirm(made.id, chat.id, CUSTOMER, message, settles)
        return done.status, done.feedback_id

    before = await contents(backend)
    with pytest.raises(AssertionError):
        await backend.proposals.confirm(made.id, chat.id, CUSTOMER, "M-1", lambda command, _: settles(None, ""))
    assert await contents(backend) == before, "what settles and the question are one transaction"
    status, asked = await yes("M-1")
    assert status is ConfirmStatus.EXECUTED and asked is not None
    assert await yes("M-1") == (status, asked)
    assert await yes("M-2") == (ConfirmStatus.ALREADY_DONE, None)


async def test_the_yes_that_files_an_appeal_asks_about_it(backend: Backend) -> None:
    await backend.clock.set(NOW)
    await backend.infractions.put(infraction("V-1"))
    chat = await backend.conversations.open("", Role.SELLER, MERCHANT.id)
    draft = await drafted(backend)
    made = await backend.appeal_proposals.create(chat.id, MERCHANT, "submit", [draft.id])
    assert isinstance(made, AppealProposal)

    async def yes(message: str, outcome: str = "filed") -> tuple[ConfirmStatus, str | None]:
        done = await backend.appeal_proposals.confirm(
            made.id, chat.id, MERCHANT, message, lambda *_: SettledCase("appeal", draft.id, Settled(outcome))
        )
        return done.status, done.feedback_id

    before = await contents(backend)
    with pytest.raises(ValueError, match="nothing of that kind"):
        await yes("M-1", "nothing of that kind")
    assert await contents(backend) == before, "a yes to one appeal is one transaction"
    status, asked = await yes("M-1")
    assert status is ConfirmStatus.EXECUTED and asked is not None
    assert not (await appeal(backend, draft.id)).is_draft
    assert await yes("M-1") == (status, asked)
    assert await yes("M-2") == (ConfirmStatus.ALREADY_DONE, None)


async def test_a_yes_to_several_appeals_asks_once_and_only_whoever_said_it(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backend.clock.set(NOW)
    chat = await backend.conversations.open("", Role.SELLER, MERCHANT.id)

    async def proposed(*ids: str) -> str:
        for id_ in ids:
            await backend.infractions.put(infraction(id_))
        drafts = [(await drafted(backend, of_infraction(id_))).id for id_ in ids]
        made = await backend.appeal_proposals.create(chat.id, MERCHANT, "submit", drafts)
        assert isinstance(made, AppealProposal) and len(made.items) == 2
        return made.id

    def settles(command: str, results: Sequence[AppealOutcome]) -> SettledCase | None:
        first = results[0].appeal
        return SettledCase("appeal", first.id, Settled.FILED) if first and len(results) == 2 else None

    async def yes(proposal: str, message: str) -> tuple[ConfirmStatus, str | None]:
        done = await backend.appeal_proposals.confirm(proposal, chat.id, MERCHANT, message, settles)
        return done.status, done.feedback_id

    proposal = await proposed("V-1", "V-2")
    status, question = await yes(proposal, "M-1")
    assert status is ConfirmStatus.EXECUTED and question is not None
    assert await yes(proposal, "M-1") == (status, question)

    proposal = await proposed("V-3", "V-4")

    def broken(*of: Any, **about: Any) -> AppealOutcome:
        raise ConnectionError

    with monkeypatch.context() as patched, pytest.raises(ConnectionError):
        patched.setattr(AppealProposals, "_do", broken)
        await yes(proposal, "M-2")
    assert await yes(proposal, "M-3") == (ConfirmStatus.ALREADY_DONE, None), "it finishes what M-2 has begun"
    status, question = await yes(proposal, "M-2")
    assert status is ConfirmStatus.EXECUTED and question is not None


async def test_one_message_through_two_proposals_asks_one_question(backend: Backend, chat: Conversation) -> None:
    await backend.clock.set(NOW)
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate(text="?"), CUSTOMER)
    made = [await backend.proposals.create(chat.id, CUSTOMER, push().id, Withdraw(dispute_id)) for _ in range(2)]
    settled = SettledCase("dispute", dispute_id, Settled.WITHDRAWN, push().id)
    raced = [IntegrityError("INSERT", None, Exception())]

    def settles(*_: object) -> SettledCase:
        if raced:  # the very same row, inserted by somebody else at the same time
            raise raced.pop()
        return settled

    asked = []
    for proposal in reversed(made):
        assert isinstance(proposal, Proposal)
        done = await backend.proposals.confirm(proposal.id, chat.id, CUSTOMER, "M-1", settles)
        assert done.status is ConfirmStatus.EXECUTED
        asked.append(done.feedback_id)
    assert asked[0] is not None and asked == [asked[0]] * 2


async def test_a_thumb_counts_and_can_be_turned(backend: Backend, chat: Conversation) -> None:
    asked = await ask(backend, chat)
    assert asked is not None
    assert await backend.feedback.rate(asked, CUSTOMER, Rating.DOWN)
    assert await backend.feedback.rate(asked, CUSTOMER, Rating.DOWN)
    assert await backend.feedback.rate(asked, CUSTOMER, Rating.UP)
    page = await backend.feedback.page()
    (found,) = page.feedback
    assert (found.rating, found.comment, found.case, found.number) == (Rating.UP, None, CASE, 1)
    told = [event for event in await backend.events.after(0) if event.kind == "feedback"]
    assert [(event.data["type"], event.data["rating"]) for event in told] == [
        ("feedback.given", "down"),
        ("feedback.given", "up"),
    ]
    assert all(event.order_id is None for event in told), "no part of an order's audit trail"


async def test_words_only_after_the_thumb_and_once(backend: Backend, chat: Conversation) -> None:
    asked = await ask(backend, chat)
    assert asked is not None
    assert not await backend.feedback.comment(asked, CUSTOMER, "zu früh")
    await backend.feedback.rate(asked, CUSTOMER, Rating.DOWN)
    assert await backend.feedback.comment(asked, CUSTOMER, "Hat gedauert")
    assert await backend.feedback.comment(asked, CUSTOMER, "Hat gedauert"), "the same message once more"
    assert not await backend.feedback.comment(asked, CUSTOMER, "und noch etwas")
    (found,) = (await backend.feedback.page()).feedback
    assert found.comment == "Hat gedauert"
    assert "Hat gedauert" not in str([event.data for event in await backend.events.after(0)])


async def test_somebody_elses_question_does_not_exist(backend: Backend, chat: Conversation) -> None:
    asked = await ask(backend, chat)
    assert asked is not None
    before = await contents(backend)
    assert not await backend.feedback.rate(asked, SELLER, Rating.UP)
    assert not await backend.feedback.rate("B-none", CUSTOMER, Rating.UP)
    assert not await backend.feedback.comment(asked, SELLER, "fremd")
    assert await contents(backend) == before


async def test_listed_in_order_and_counted(backend: Backend, chat: Conversation) -> None:
    for number, outcome in enumerate((Settled.WITHDRAWN, Settled.ACCEPTED, Settled.ACCEPTED)):
        asked = await ask(backend, chat, SettledCase("dispute", f"D-{number}", outcome), f"M-{number}")
        assert asked is not None
        if number < 2:
            await backend.feedback.rate(asked, CUSTOMER, Rating.UP if number else Rating.DOWN)
    page = await backend.feedback.page(limit=1)
    assert [found.case.id for found in page.feedback] == ["D-0"] and page.next == 1
    assert page.total == Tally(asked=3, up=1, down=1)
    assert page.by_outcome == {Settled.WITHDRAWN: Tally(1, 0, 1, 0), Settled.ACCEPTED: Tally(2, 1, 0, 0)}
    assert [found.case.id for found in (await backend.feedback.page(after=page.next)).feedback] == ["D-1"]
    only = await backend.feedback.page(outcome=Settled.ACCEPTED, role=Role.CUSTOMER)
    assert only.total.asked == 2 and [found.case.id for found in only.feedback] == ["D-1"]
    assert (await backend.feedback.page(role=Role.SELLER)).total == Tally()
