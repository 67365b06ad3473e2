"""Drafts, submission, withdrawal, decision: what each writes, for whom, and what it leaves alone."""

from __future__ import annotations

import pytest

from actions.backend import AppealSnapshot, Backend, IdempotencyConflict, InfractionStatus
from actions.policy import (
    PLATFORM,
    POLICY_VERSION,
    Actor,
    Allowed,
    AppealStatus,
    AppealType,
    FileAppeal,
    OrderState,
    Outcome,
    Refused,
    ReverseInfraction,
    Role,
    SubmitAppeal,
    Undetermined,
)
from tests.backend.appeal_world import (
    CARRIER_LINK,
    GROUND,
    MERCHANT,
    STRANGER,
    appeal,
    codes,
    commands_of,
    decided,
    drafted,
    goods,
    infraction,
    key,
    of_infraction,
    of_order,
    refund,
    submit,
    submitted,
    withdraw,
)
from tests.backend.world import DAY, NOW, contents, count, deliver, notices, order, talk_about

pytestmark = pytest.mark.integration
MISLEADING = AppealType.MISLEADING_TRACKING.value
VTR = AppealType.VALID_TRACKING_RATE.value


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    await backend.infractions.put(infraction())
    await backend.orders.put(goods())
    return backend


@pytest.mark.rule("W-20", "W-22")
async def test_a_draft_says_what_filing_it_now_would_mean(shop: Backend) -> None:
    made = await drafted(shop)
    assert (made.status, made.attempt, made.attempts_limit, made.version) == (AppealStatus.DRAFT, 1, None, 1)
    assert (made.seller_id, made.subject, made.infraction_id, made.order_id) == ("mona", of_infraction(), "V-1", None)
    assert (made.title, made.ground, made.created_at) == ("Irreführende Sendungsverfolgung", GROUND, NOW)
    assert made.last_day == (NOW + 80 * DAY).date() and made.filed_at is None
    assert await shop.appeals.get(made.id) == made
    assert await commands_of(shop, made.id) == ["draft"]
    assert await notices(shop) == []


@pytest.mark.rule("W-24", "W-02")
@pytest.mark.parametrize(("type", "code"), [("repeat_ip_infringement", "repeat_ip"), ("late_reply", "not_appealable")])
async def test_what_cannot_be_appealed_never_has_a_row(shop: Backend, type: str, code: str) -> None:
    await shop.infractions.put(infraction("V-9", type=type))
    before = await contents(shop)
    made = await shop.appeals.draft(MERCHANT, type, of_infraction("V-9"), key=key("draft", "V-9"))
    assert isinstance(made, Refused) and made.codes == (code,)
    assert await contents(shop) == before


@pytest.mark.rule("W-03", "W-11")
async def test_an_unknown_date_is_asked_for_and_never_invented(shop: Backend) -> None:
    await shop.infractions.put(infraction("V-2", issued_at=None))
    await shop.orders.put(goods("WO-2", released_at=None))
    for type, subject in ((MISLEADING, of_infraction("V-2")), (VTR, of_order("WO-2"))):
        made = await shop.appeals.draft(MERCHANT, type, subject, key=key("draft", subject.id))
        assert isinstance(made, Undetermined)
    assert await count(shop, "appeals") == 0


@pytest.mark.rule("W-20")
async def test_after_the_window_there_is_no_draft(shop: Backend) -> None:
    await shop.clock.set(NOW + 81 * DAY)
    made = await shop.appeals.draft(MERCHANT, MISLEADING, of_infraction(), key=key("draft", "V-1"))
    assert isinstance(made, Refused) and made.codes == ("expired",)
    assert await count(shop, "appeals") == 0


@pytest.mark.rule("W-05")
@pytest.mark.parametrize("actor", [STRANGER, Actor(Role.CUSTOMER, MERCHANT.id), PLATFORM])
async def test_nobody_else_can_tell_whether_it_exists(shop: Backend, actor: Actor) -> None:
    made = await drafted(shop)
    before = await contents(shop)
    for type, known, unknown in (
        (MISLEADING, of_infraction(), of_infraction("V-9")),
        (VTR, of_order(), of_order("WO-9")),
    ):
        foreign = await shop.appeals.draft(actor, type, known, key=key("draft", known.id))
        nothing = await shop.appeals.draft(actor, type, unknown, key=key("draft", unknown.id))
        assert repr(foreign).replace(known.id, "#") == repr(nothing).replace(unknown.id, "#")
        assert codes(foreign) == ("no_access",)
        assert await shop.appeals.check(actor, type, known) is await shop.appeals.check(actor, type, unknown) is None
        assert await shop.appeals.candidates(actor, order_id="WO-1") == []
        assert await shop.appeals.candidates(actor, infraction_id="V-1") == []
    for appeal_id in (made.id, "A-NONE"):
        edited = await shop.appeals.edit(appeal_id, actor, ground="x", key=key("edit", appeal_id))
        attached = await shop.appeals.attach(appeal_id, actor, link=CARRIER_LINK, key=key("attach", appeal_id))
        assert codes(edited) == codes(attached) == ("no_access",)
        if actor != PLATFORM:
            outcome = await submit(shop, appeal_id, actor)
            assert repr(outcome).replace(appeal_id, "#") == repr(await withdraw(shop, "A-N", actor)).replace("A-N", "#")
            assert (codes(outcome), outcome.appeal) == (("no_access",), None)
    assert await contents(shop) == before


@pytest.mark.rule("W-20", "W-01")
async def test_submission_writes_everything_at_once(shop: Backend) -> None:
    made = await drafted(shop)
    outcome = await submit(shop, made.id)
    assert outcome.allowed and outcome.appeal == await appeal(shop, made.id)
    filed = outcome.appeal
    assert filed is not None and (filed.status, filed.filed_at, filed.attempt) == (AppealStatus.SUBMITTED, NOW, 1)
    assert isinstance(outcome.verdict, Allowed) and outcome.verdict.effects == (FileAppeal(filed.closes_at, 1),)
    assert await notices(shop) == [("seller", "own_appeal_submitted")]
    event = (await shop.appeals.events(made.id))[-1]
    assert event.data["actor"] == {"role": "seller", "id": "mona"}
    assert (event.data["command"], event.data["origin"], event.at) == ("submit", "api", NOW)
    assert event.data["policy_version"] == POLICY_VERSION and "W-20" in event.data["rules"]
    assert event.data["before"]["status"] == "draft" and event.data["after"]["status"] == "submitted"
    assert event.data["subject"] == {"kind": "appeal", "id": made.id}


async def test_in_the_chat_the_merchant_gets_no_copy(shop: Backend) -> None:
    filed = await submitted(shop)
    await withdraw(shop, filed.id, origin="chat")
    assert await notices(shop) == []


@pytest.mark.rule("W-01")
async def test_without_a_ground_nothing_is_filed(shop: Backend) -> None:
    made = await drafted(shop, ground="  ")
    before = await contents(shop)
    assert codes(await submit(shop, made.id)) == ("ground_missing",)
    assert await contents(shop) == before
    outcome = await shop.appeals.execute(made.id, SubmitAppeal(" Falsch. "), MERCHANT, key=key("submit", made.id))
    assert outcome.allowed and outcome.appeal and outcome.appeal.ground == "Falsch."


@pytest.mark.rule("W-11", "W-12")
async def test_evidence_must_be_there_before_submission(shop: Backend) -> None:
    made = await drafted(shop, of_order(), VTR)
    before = await contents(shop)
    assert codes(await submit(shop, made.id)) == ("vtr_no_proof",)
    assert await contents(shop) == before
    attached = await shop.appeals.attach(made.id, MERCHANT, link="https://shop.mona.de/x", key=key("attach", made.id))
    assert isinstance(attached, AppealSnapshot) and not attached.evidence[0].carrier_listed
    refused = await submit(shop, made.id)
    assert isinstance(refused.verdict, Refused) and refused.verdict.reasons[0].params["link_unlisted"] is True
    await shop.appeals.attach(made.id, MERCHANT, link=CARRIER_LINK, key=key("attach", made.id))
    assert (await submit(shop, made.id)).allowed


@pytest.mark.rule("W-11")
async def test_a_tracking_number_of_the_merchant_counts(shop: Backend) -> None:
    await shop.orders.put(goods("WO-2", tracking=None))
    made = await drafted(shop, of_order("WO-2"), VTR)
    await shop.appeals.attach(made.id, MERCHANT, link=CARRIER_LINK, key=key("attach", made.id))
    assert codes(await submit(shop, made.id)) == ("vtr_no_tracking",)
    edited = await shop.appeals.edit(made.id, MERCHANT, tracking_number=" XY-1 ", key=key("edit", made.id))
    assert isinstance(edited, AppealSnapshot)
    assert (edited.tracking_number, edited.tracking_doubtful) == ("XY-1", True)
    assert (await submit(shop, made.id)).allowed


async def test_a_draft_can_be_changed_until_it_is_filed(shop: Backend) -> None:
    made = await drafted(shop)
    edited = await shop.appeals.edit(
        made.id, MERCHANT, ground=" Neu ", tracking_number="RR123456785DE", key=key("edit", made.id)
    )
    assert isinstance(edited, AppealSnapshot)
    assert (edited.ground, edited.tracking_number, edited.version) == ("Neu", "RR123456785DE", 2)
    emptied = await shop.appeals.edit(made.id, MERCHANT, tracking_number="", key=key("edit", made.id))
    assert isinstance(emptied, AppealSnapshot) and (emptied.ground, emptied.tracking_number) == ("Neu", None)
    assert await commands_of(shop, made.id) == ["draft", "edit", "edit"]
    await submit(shop, made.id)
    before = await contents(shop)
    late = await shop.appeals.edit(made.id, MERCHANT, ground="Anders", key=key("edit", made.id))
    more = await shop.appeals.attach(made.id, MERCHANT, link=CARRIER_LINK, key=key("attach", made.id))
    assert codes(late) == codes(more) == ("appeal_open",)
    await withdraw(shop, made.id)
    assert codes(await shop.appeals.edit(made.id, MERCHANT, ground="x", key=key("edit", made.id))) == ("appeal_gone",)
    assert {name for name, rows in (await contents(shop)).items() if rows != before[name]} >= {"appeals", "events"}
    assert (await appeal(shop, made.id)).ground == "Neu"


async def test_attaching_or_editing_the_same_again_changes_nothing(shop: Backend) -> None:
    made = await drafted(shop)
    await shop.appeals.attach(made.id, MERCHANT, link=CARRIER_LINK, key=key("attach", made.id))
    before = await contents(shop)
    again = await shop.appeals.attach(made.id, MERCHANT, link=f" {CARRIER_LINK}", key=key("attach", made.id))
    same = await shop.appeals.edit(made.id, MERCHANT, ground=GROUND, key=key("edit", made.id))
    assert isinstance(again, AppealSnapshot) and len(again.evidence) == 1 and again == same
    assert await contents(shop) == before


async def test_a_key_is_one_effect(shop: Backend) -> None:
    use = key("draft", "V-1", "K1")
    first = await shop.appeals.draft(MERCHANT, MISLEADING, of_infraction(), ground="a", key=use)
    assert isinstance(first, AppealSnapshot)
    filing = key("submit", first.id, "K2")
    filed = await submit(shop, first.id, key=filing)
    refused = key("submit", first.id, "K3")
    assert not (await submit(shop, first.id, key=refused)).allowed
    await withdraw(shop, first.id)
    before = await contents(shop)
    assert await shop.appeals.draft(MERCHANT, MISLEADING, of_infraction(), ground="a", key=use) == first
    again = await submit(shop, first.id, key=filing)
    assert again.replayed and (again.verdict, again.appeal) == (filed.verdict, filed.appeal)
    with pytest.raises(IdempotencyConflict):
        await shop.appeals.draft(MERCHANT, MISLEADING, of_infraction(), ground="b", key=use)
    with pytest.raises(IdempotencyConflict):
        await shop.appeals.execute(first.id, SubmitAppeal("other"), MERCHANT, key=filing)
    assert await contents(shop) == before
    # Keys of the chat and of the marketplace come from different hands.
    assert not (await submit(shop, first.id, key=filing, origin="chat")).replayed


async def test_attach_edit_and_decision_have_keys_too(shop: Backend) -> None:
    made = await drafted(shop)
    adding, editing = key("attach", made.id, "K1"), key("edit", made.id, "K2")
    with_link = await shop.appeals.attach(made.id, MERCHANT, link=CARRIER_LINK, key=adding)
    edited = await shop.appeals.edit(made.id, MERCHANT, ground="Neu", key=editing)
    await submit(shop, made.id)
    deciding = key("decide", made.id, "K3")
    rejected = await shop.appeals.decide(made.id, Outcome.REJECTED, "nein", key=deciding)
    before = await contents(shop)
    assert await shop.appeals.attach(made.id, MERCHANT, link=CARRIER_LINK, key=adding) == with_link
    assert await shop.appeals.edit(made.id, MERCHANT, ground="Neu", key=editing) == edited
    again = await shop.appeals.decide(made.id, Outcome.REJECTED, "nein", key=deciding)
    assert again.replayed and again.appeal == rejected.appeal
    with pytest.raises(IdempotencyConflict):
        await shop.appeals.decide(made.id, Outcome.APPROVED, "ja", key=deciding)
    assert await contents(shop) == before


@pytest.mark.rule("W-26")
async def test_a_second_attempt_leads_to_the_open_one(shop: Backend) -> None:
    made = await drafted(shop)
    before = await contents(shop)
    assert await shop.appeals.draft(MERCHANT, MISLEADING, of_infraction(), key=key("draft", "V-1")) == made
    assert await contents(shop) == before
    await submit(shop, made.id)
    running = await shop.appeals.draft(MERCHANT, MISLEADING, of_infraction(), key=key("draft", "V-1"))
    assert isinstance(running, AppealSnapshot) and (running.id, running.status) == (made.id, AppealStatus.SUBMITTED)
    await withdraw(shop, made.id)
    assert (await drafted(shop)).id != made.id


@pytest.mark.rule("W-26", "W-10")
async def test_rate_and_cancellation_of_one_order_share_one_appeal(shop: Backend) -> None:
    await shop.orders.put(goods("WO-3", state=OrderState.CANCELLED, cancelled_by="merchant"))
    await shop.infractions.put(infraction("V-3", type="order_cancellation", order_id="WO-3"))
    first = await drafted(shop, of_order("WO-3"), AppealType.FULFILMENT_RATE.value)
    second = await drafted(shop, of_infraction("V-3"), AppealType.ORDER_CANCELLATION.value)
    assert first.id == second.id and await count(shop, "appeals") == 1
    assert (first.order_id, first.infraction_id) == ("WO-3", "V-3")
    await submit(shop, first.id)
    assert (await decided(shop, first.id, Outcome.APPROVED)).allowed
    assert (await shop.infractions.get("V-3")).status is InfractionStatus.REVERSED  # type: ignore[union-attr]


@pytest.mark.rule("W-26")
async def test_late_confirmation_and_speed_are_two_things(shop: Backend) -> None:
    await shop.orders.put(goods(updated_at=NOW, confirmed_fulfilled_at=NOW - 2 * DAY))
    await shop.infractions.put(infraction("V-4", type="late_confirmed_fulfilment", order_id="WO-1"))
    speed = await drafted(shop, of_order(), AppealType.CONFIRMED_FULFILMENT_SPEED.value)
    late = await drafted(shop, of_infraction("V-4"), AppealType.LATE_CONFIRMED_FULFILMENT.value)
    assert speed.id != late.id and speed.closes_at == late.closes_at


@pytest.mark.rule("W-21")
async def test_approval_reverses_the_infraction_in_the_same_transaction(shop: Backend) -> None:
    filed = await submitted(shop)
    await shop.clock.set(NOW + DAY)
    outcome = await decided(shop, filed.id, Outcome.APPROVED, " Stimmt. ")
    assert outcome.allowed and isinstance(outcome.verdict, Allowed)
    assert ReverseInfraction("V-1") in outcome.verdict.effects
    done = await appeal(shop, filed.id)
    assert (done.status, done.decided_at, done.decision_reason) == (AppealStatus.APPROVED, NOW + DAY, "Stimmt.")
    row = await shop.infractions.get("V-1")
    assert row is not None
    assert (row.status, row.reversed_at, row.reversed_by) == (InfractionStatus.REVERSED, NOW + DAY, filed.id)
    event = (await shop.appeals.events(filed.id))[-1]
    assert event.data["before"]["infraction"]["status"] == "active"
    assert event.data["after"]["infraction"]["status"] == "reversed"
    assert {"effect": "ReverseInfraction", "infraction_id": "V-1"} in event.data["effects"]
    assert await notices(shop) == [("seller", "appeal_approved")]
    # What the marketplace pushes later does not bring it back, nor does another appeal.
    await shop.infractions.put(infraction(updated_at=NOW + 2 * DAY, title="Neu"))
    assert (await shop.infractions.get("V-1")).status is InfractionStatus.REVERSED  # type: ignore[union-attr]
    again = await shop.appeals.draft(MERCHANT, MISLEADING, of_infraction(), key=key("draft", "V-1"))
    assert codes(again) == ("already_reversed",)


@pytest.mark.rule("W-21")
@pytest.mark.parametrize("end", ["rejected", "withdrawn", "lapsed"])
async def test_nothing_else_reverses_it(shop: Backend, end: str) -> None:
    filed = await submitted(shop)
    before = await shop.infractions.get("V-1")
    if end == "rejected":
        await decided(shop, filed.id, Outcome.REJECTED)
    elif end == "withdrawn":
        await withdraw(shop, filed.id)
    else:
        await shop.clock.set(NOW + 81 * DAY)
        await shop.sweeper.sweep()
    assert (await appeal(shop, filed.id)).status == end
    assert await shop.infractions.get("V-1") == before


@pytest.mark.rule("W-13", "W-21")
async def test_an_approved_refund_moves_and_stays_moved(shop: Backend) -> None:
    refunds = (refund("R-1"), refund("R-2", category="other"))
    await shop.orders.put(goods("WO-5", refunds=refunds))
    filed = await submitted(shop, of_order("WO-5"), "refund")
    assert (filed.closes_at, filed.attempt, filed.attempts_limit) == (None, 1, 3)
    version = (await order(shop, "WO-5")).version
    assert (await decided(shop, filed.id, Outcome.APPROVED)).allowed
    found = await order(shop, "WO-5")
    assert [item["responsibility"] for item in found.refunds] == ["platform", "merchant"] and found.version > version
    event = (await shop.appeals.events(filed.id))[-1]
    assert event.data["after"]["order"]["moved_refunds"] == ["R-1"]
    # The marketplace may mirror it late; a new refund is the merchant's again.
    await shop.orders.put(goods("WO-5", updated_at=NOW, refunds=(*refunds, refund("R-3"))))
    found = await order(shop, "WO-5")
    assert [item["responsibility"] for item in found.refunds] == ["platform", "merchant", "merchant"]


@pytest.mark.rule("W-05")
async def test_only_the_platform_decides(shop: Backend) -> None:
    filed = await submitted(shop)
    assert codes(await decided(shop, "A-NONE", Outcome.APPROVED)) == ("no_access",)
    draft = await drafted(shop, of_order(), VTR)
    assert codes(await decided(shop, draft.id, Outcome.APPROVED)) == ("not_submitted",)
    assert (await decided(shop, filed.id, Outcome.REJECTED)).allowed
    before = await contents(shop)
    assert codes(await decided(shop, filed.id, Outcome.APPROVED)) == ("appeal_gone",)
    assert await contents(shop) == before


async def test_a_withdrawn_draft_was_never_anywhere(shop: Backend) -> None:
    made = await drafted(shop)
    assert (await withdraw(shop, made.id)).allowed
    assert (await appeal(shop, made.id)).ended_at == NOW
    assert await notices(shop) == []
    filed = await drafted(shop)
    await submit(shop, filed.id)
    await withdraw(shop, filed.id)
    assert await notices(shop) == [("seller", "own_appeal_submitted"), ("seller", "own_appeal_withdrawn")]


async def test_notices_say_what_their_texts_need(shop: Backend) -> None:
    await shop.people.put(Role.SELLER, MERCHANT.id, name="Studio Mona")
    filed = await submitted(shop)
    await decided(shop, filed.id, Outcome.REJECTED, "Nicht belegt")
    (row,) = await shop.outbox.pending()
    assert (row.recipient_id, row.appeal_id, row.order_id, row.code) == ("mona", filed.id, None, "appeal_rejected")
    assert dict(row.params) == {
        "appeal_id": filed.id,
        "type": MISLEADING,
        "subject_kind": "infraction",
        "subject_id": "V-1",
        "order_id": None,
        "infraction_id": "V-1",
        "title": "Irreführende Sendungsverfolgung",
        "status": "rejected",
        "filed_at": NOW.isoformat(),
        "closes_at": "2026-05-22T00:00:00+00:00",
        "last_day": "2026-05-21",
        "days_left": 80,
        "attempt": 1,
        "attempts_limit": None,
        "late_confirmation": "strict",
        "reason": "Nicht belegt",
        "again": True,
        "by_role": "platform",
        "by_name": None,
        "recipient_role": "seller",
        "seller_name": "Studio Mona",
        "at": NOW.isoformat(),
    }


async def test_notices_of_one_appeal_come_in_their_order(shop: Backend) -> None:
    made = await drafted(shop)
    await submit(shop, made.id)
    await decided(shop, made.id, Outcome.REJECTED)
    chat = await shop.conversations.for_notices(Role.SELLER, MERCHANT.id)
    first, second = await shop.outbox.pending()
    assert await deliver(shop, second, "b") is None
    told = await deliver(shop, first, "a")
    assert told is not None and told.conversation_id == chat.id and told.custom["appeal_id"] == made.id
    assert await deliver(shop, second, "b") is not None


async def test_a_conversation_knows_what_it_is_about(shop: Backend) -> None:
    chat = await shop.conversations.open("", Role.SELLER, MERCHANT.id)
    assert await shop.conversations.subject(chat.id) is None
    await talk_about(shop, chat.id, "A-1")
    assert await shop.conversations.subject(chat.id) == "A-1"
    await talk_about(shop, chat.id, None)
    assert await shop.conversations.subject(chat.id) is await shop.conversations.subject("C-NONE") is None


def test_json_is_what_the_contract_says() -> None:
    from actions.backend import EvidenceSnapshot
    from actions.policy import EvidenceKind

    snapshot = AppealSnapshot(
        *("A-1", "mona", MISLEADING, of_infraction(), None, "V-1", "Titel", GROUND, "RR123456785DE"),
        (EvidenceSnapshot("E-1", EvidenceKind.LINK, CARRIER_LINK, None, True),),
        *(AppealStatus.DRAFT, NOW, None, None, None, NOW, NOW.date(), 2, 3, 4),
    )
    json = snapshot.to_json()
    assert json["subject"] == {"kind": "infraction", "id": "V-1"} and json["status"] == "draft"
    assert json["last_day"] == "2026-03-02" and json["tracking_doubtful"] is False
    assert json["evidence"][0]["carrier_listed"] is True and json["evidence"][0]["kind"] == "link"
