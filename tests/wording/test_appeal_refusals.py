"""Every refusal of the appeal policy that a merchant can meet is said in words, in each locale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions.handlers.appeal_reasons import say_reason
from actions.policy import (
    DEFAULT_LIMITS,
    Actor,
    Appeal,
    AppealFacts,
    AppealStatus,
    Canceller,
    Evidence,
    EvidenceKind,
    GoodsOrder,
    Infraction,
    Reason,
    Refund,
    RefundCategory,
    Refused,
    Responsibility,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
    WithdrawAppeal,
    decide,
)
from actions.wording import LOCALES, Wording
from tests.wording.codes import UNSAID, policy_codes

pytestmark = pytest.mark.unit

NOW = datetime(2026, 5, 25, 13, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=120)
ME, OTHER = Actor(Role.SELLER, "S-1"), Actor(Role.SELLER, "S-2")
ZONE = ZoneInfo("Europe/Berlin")
ORDER, FILE = Subject(SubjectKind.ORDER, "WO-12"), SubmitAppeal("Das Paket kam an.")
LINK = Evidence(EvidenceKind.LINK, carrier_listed=False)


def infraction(type: str = "misleading_tracking", **more: Any) -> Infraction:
    return Infraction("V-1", type, more.pop("issued", NOW - timedelta(days=9)), order_id="WO-12", **more)


def on_infraction(type: str = "misleading_tracking", **more: Any) -> AppealFacts:
    given = more.pop("infraction", infraction(type))
    return AppealFacts(type, "S-1", Subject(SubjectKind.INFRACTION, "V-1"), infraction=given, **more)


def on_order(type: str, order: dict[str, Any], **more: Any) -> AppealFacts:
    released = {"released_at": NOW - timedelta(days=9)}
    return AppealFacts(type, "S-1", ORDER, order=GoodsOrder("WO-12", **{**released, **order}), **more)


def refund(**more: Any) -> Refund:
    fields = {"category": RefundCategory.QUALITY, "responsibility": Responsibility.MERCHANT, **more}
    return Refund("R-1", **fields)


def appeal(status: AppealStatus, type: str = "misleading_tracking", **more: Any) -> Appeal:
    return Appeal("A-7", type, status, order_id="WO-12", infraction_id="V-1", filed_at=NOW, **more)


SUBMITTED = appeal(AppealStatus.SUBMITTED)
CANCELLATION = infraction("order_cancellation")
TWIN = appeal(AppealStatus.SUBMITTED, "order_cancellation")

REFUSED: list[tuple[Actor, AppealFacts, Any]] = [
    (OTHER, on_infraction(), FILE),
    (ME, on_infraction("photo_quality"), FILE),
    (ME, on_infraction("repeat_ip_infringement"), FILE),
    (ME, on_infraction("misleading_listing", infraction=infraction()), FILE),
    (ME, on_infraction(infraction=infraction(issued=OLD)), FILE),
    (ME, on_infraction(infraction=infraction(is_reversed=True)), FILE),
    (ME, on_infraction(others=(SUBMITTED,)), FILE),
    (ME, on_infraction(), SubmitAppeal("")),
    (ME, on_infraction(appeal=appeal(AppealStatus.WITHDRAWN)), WithdrawAppeal()),
    (ME, on_infraction(appeal=appeal(AppealStatus.SUBMITTED, closes_at=NOW)), WithdrawAppeal()),
    (ME, on_order("fulfilment_rate", {"cancelled_by": Canceller.CUSTOMER}, infraction=CANCELLATION), FILE),
    (ME, on_order("fulfilment_rate", {}, infraction=infraction("fulfilment_rate")), FILE),
    (ME, on_order("fulfilment_rate", {"cancelled_by": Canceller.MERCHANT}, infraction=CANCELLATION, others=(TWIN,)),
     FILE),
    (ME, on_order("valid_tracking_rate", {"released_at": OLD, "confirmed_fulfilled_at": NOW}), FILE),
    (ME, on_order("valid_tracking_rate", {}, evidence=(LINK,)), FILE),
    (ME, on_order("confirmed_fulfilment_speed", {}, infraction=infraction("confirmed_fulfilment_speed")), FILE),
    (ME, on_order("refund", {}), FILE),
    (ME, on_order("refund", {"refunds": (refund(category=RefundCategory.OTHER),)}), FILE),
    (ME, on_order("refund", {"refunds": (refund(responsibility=Responsibility.PLATFORM),)}), FILE),
    (ME, on_order("refund", {"refunds": (refund(rejected_appeals=3),)}), FILE),
]  # fmt: skip


def reasons() -> Iterator[Any]:
    for number, (actor, facts, command) in enumerate(REFUSED):
        verdict = decide(facts, command, actor, NOW)
        assert isinstance(verdict, Refused), (number, facts)
        for reason in verdict.reasons:
            yield pytest.param(reason, id=f"{number} {facts.type}: {reason.code}", marks=pytest.mark.rule(reason.rule))


ALL = list(reasons())


def test_every_code_of_the_policy_is_tried() -> None:
    assert {parameter.values[0].code for parameter in ALL} == set(policy_codes("W")) - set(UNSAID)


def said(wording: Wording, reason: Reason, locale: str) -> str:
    """The refusal as the handlers say it."""
    texts: list[str] = []

    def say(name: str, **params: Any) -> None:
        texts.append(wording.text(name, locale, ZONE, params, now=NOW))

    turn: Any = SimpleNamespace(say=say, wording=wording, backend=SimpleNamespace(limits=DEFAULT_LIMITS))
    say_reason(turn, reason, penalty="V-1 (Rückerstattung, WO-12)", order="WO-12")
    return "\n\n".join(texts)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("reason", ALL)
def test_a_refusal_is_said(wording: Wording, reason: Reason, locale: str) -> None:
    text = said(wording, reason, locale)
    assert "{" not in text and "None" not in text and "_" not in text and "  " not in text
    if reason.code not in ("not_appealable", "ground_missing", "appeal_gone", "appeal_lapsed"):
        assert "V-1" in text or "WO-12" in text
    if isinstance(day := reason.params.get("last_day"), date):
        assert wording.spell(day, locale, ZONE, NOW) in text


def text_of(wording: Wording, code: str, number: int = 0) -> str:
    return said(wording, [p.values[0] for p in ALL if p.values[0].code == code][number], "de-formal")


@pytest.mark.rule("W-03", "W-11")
def test_an_expired_window_says_from_when_and_until_when(wording: Wording) -> None:
    assert text_of(wording, "expired", 1) == (
        "Die 90 Kalendertage ab Bestellfreigabe (Sonntag, 25. Januar 2026) sind für V-1 (Rückerstattung, WO-12) am "
        "Samstag, 25. April 2026 abgelaufen. Über diesen Weg lässt sich das nicht mehr anfechten."
    )


@pytest.mark.rule("W-10")
def test_who_cancelled_is_said_and_where_that_does_not_count(wording: Wording) -> None:
    assert text_of(wording, "fr_not_merchant") == (
        "Bei der Erfüllungsrate sind nur Bestellungen anfechtbar, die Sie selbst storniert haben. WO-12 wurde von der "
        "Kundenseite storniert.\n\n"
        "Als „Stornierung der Bestellung“ gilt diese Bedingung nicht, dort können Sie es versuchen."
    )
    assert text_of(wording, "fr_not_merchant", 1).endswith("WO-12 wurde nicht storniert.")


@pytest.mark.rule("W-12")
def test_a_link_to_an_unlisted_site_is_not_called_missing(wording: Wording) -> None:
    assert "fehlt der Nachweis zur Sendungsverfolgung" in text_of(wording, "vtr_no_proof")
    assert "Es fehlt noch ein Screenshot" in text_of(wording, "vtr_no_proof", 1)
    assert "fehlt der Nachweis der Erfüllungsgeschwindigkeit" in text_of(wording, "cfs_no_proof")


@pytest.mark.rule("W-02", "W-13")
def test_a_refund_for_another_reason_is_not_the_type_refund(wording: Wording) -> None:
    assert text_of(wording, "not_appealable") == (
        "„photo quality“ ist derzeit nicht anfechtbar. Es sollen weitere Kennzahlen hinzukommen."
    )
    assert "Produktqualität oder Logistik" in text_of(wording, "not_appealable", 1)


@pytest.mark.rule("W-26")
def test_an_open_appeal_under_the_other_name_is_told_as_such(wording: Wording) -> None:
    assert "als „" not in text_of(wording, "appeal_open")
    assert "als „Stornierung der Bestellung“" in text_of(wording, "appeal_open", 1)
