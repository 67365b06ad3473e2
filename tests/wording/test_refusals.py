"""Every refusal that the policy can give is said in words, with its instants, in each locale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions.handlers.refusal import reason_params
from actions.policy import (
    PLATFORM,
    Accept,
    Actor,
    AnswerUpdate,
    Decline,
    Dispute,
    DisputeKind,
    DisputeStatus,
    Expire,
    ForceCancel,
    OrderFacts,
    OrderState,
    Reason,
    Refused,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Withdraw,
    decide,
)
from actions.wording import LOCALES, Wording
from tests.wording.codes import policy_codes

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = ZoneInfo("Europe/Berlin")
ME, YOU = Actor(Role.CUSTOMER, "C-1"), Actor(Role.SELLER, "S-1")


def order(opened: Dispute | None = None, *, due: datetime | None = NOW + DAY, **more: Any) -> OrderFacts:
    return OrderFacts(
        "FO-1",
        "C-1",
        "S-1",
        more.pop("state", OrderState.ACTIVE),
        expected_delivery_at=due,
        open_dispute=opened,
        **more,
    )


def opened(kind: DisputeKind, by: Role, due: timedelta | None = DAY) -> Dispute:
    new = NOW + 9 * DAY if kind is DisputeKind.EXTENSION else None
    return Dispute("D-1", kind, by, NOW - DAY, None if due is None else NOW + due, DisputeStatus.OPEN, new)


UPDATE = opened(DisputeKind.UPDATE, Role.CUSTOMER)
MINE, THEIRS = opened(DisputeKind.CANCELLATION, Role.CUSTOMER), opened(DisputeKind.CANCELLATION, Role.SELLER)
EXTENSION = opened(DisputeKind.EXTENSION, Role.SELLER, None)
GOOD_REASON = {"reason": "other", "text": "Krank"}

REFUSED: list[tuple[Actor, OrderFacts, Any]] = [
    (Actor(Role.CUSTOMER, "C-2"), order(), RequestUpdate()),
    (ME, order(state=OrderState.COMPLETED), RequestUpdate()),
    (ME, order(state=OrderState.CANCELLED), ForceCancel()),
    (YOU, order(), RequestUpdate()),
    (ME, order(), RequestExtension(NOW + 2 * DAY)),
    (YOU, order(), ForceCancel()),
    (ME, order(UPDATE), RequestUpdate()),
    (ME, order(EXTENSION), RequestUpdate()),
    (YOU, order(UPDATE), RequestExtension(NOW + 2 * DAY)),
    (ME, order(MINE), RequestCancellation()),
    (ME, order(THEIRS), RequestCancellation()),
    (ME, order(THEIRS, due=NOW - 2 * DAY), ForceCancel()),
    (YOU, order(opened(DisputeKind.UPDATE, Role.CUSTOMER, -HOUR)), AnswerUpdate("D-1", "Fertig")),
    (YOU, order(MINE), Withdraw("D-1")),
    (ME, order(EXTENSION), Withdraw("D-1")),
    (ME, order(MINE), Accept("D-1")),
    (YOU, order(EXTENSION), Decline("D-1")),
    (YOU, order(UPDATE), Accept("D-1")),
    (YOU, order(MINE), AnswerUpdate("D-1", "Fertig")),
    (YOU, order(UPDATE), AnswerUpdate("D-1", " ")),
    (YOU, order(), RequestCancellation()),
    (YOU, order(), RequestCancellation("bored", "Darum")),
    (YOU, order(), RequestExtension(None)),
    (YOU, order(due=NOW + 5 * DAY), RequestExtension(NOW + DAY)),
    (YOU, order(due=NOW - 9 * DAY), RequestExtension(NOW - DAY)),
    (ME, order(due=NOW - HOUR), ForceCancel()),
    (ME, order(due=NOW - 9 * DAY, agreed_delivery_at=NOW + 5 * DAY), ForceCancel()),
    (ME, order(due=NOW - 9 * DAY, state=OrderState.DELIVERED, delivered_at=NOW), ForceCancel()),
    (ME, order(), Withdraw("D-7")),
    (ME, order(UPDATE), Expire("D-1")),
    (PLATFORM, order(UPDATE), Expire("D-1")),
]  # fmt: skip


def reasons() -> Iterator[Any]:
    for actor, facts, command in REFUSED:
        verdict = decide(facts, command, actor, NOW)
        assert isinstance(verdict, Refused), (actor, command)
        for reason in verdict.reasons:
            name = f"{actor.role} {command.name}: {reason.code}"
            marks = [pytest.mark.rule(reason.rule)]
            yield pytest.param(actor.role, reason, id=name, marks=marks)


ALL = list(reasons())


def test_every_code_of_the_policy_is_tried() -> None:
    assert {parameter.values[1].code for parameter in ALL} == set(policy_codes())


def said(wording: Wording, role: Role, reason: Reason, locale: str) -> str:
    """The refusal as the handlers say it."""

    def phrase(name: str, **params: Any) -> str:
        return wording.text(name, locale, ZONE, params, now=NOW)

    turn: Any = SimpleNamespace(locale=locale, now=NOW, me=SimpleNamespace(role=role), phrase=phrase, wording=wording)
    known: Any = SimpleNamespace(id="FO-1", title="Logo")
    return phrase(reason.code, **reason_params(turn, reason, known))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("role", "reason"), ALL)
def test_a_refusal_is_said(wording: Wording, role: Role, reason: Reason, locale: str) -> None:
    text = said(wording, role, reason, locale)
    assert "{" not in text and "None" not in text and "_" not in text and "  " not in text and not text.endswith(" ")
    if reason.code not in ("customer_only", "seller_only", "force_seller", "reason_unknown", "platform_only"):
        assert "FO-1" in text
    for key in ("possible_from", "due_at", "expected", "agreed", "asked", "current", "opened_at"):
        instant = reason.params.get(key)
        if instant is not None and reason.code not in ("not_due", "not_an_update"):
            shown = wording.spell(instant, locale, ZONE, NOW)
            assert shown in text, f"{key} is not said"


@pytest.mark.rule("M-27")
def test_too_early_says_from_when(wording: Wording) -> None:
    role, reason = next(p.values for p in ALL if p.values[1].code == "force_early")
    assert said(wording, role, reason, "de") == (
        "Ohne Zustimmung geht es bei FO-1 (Logo) noch nicht: Zugesagt ist die Lieferung bis Montag, 23. November, "
        "13:00 Uhr. Möglich ist es ab Dienstag, 24. November, 13:00 Uhr (in 23 Stunden), wenn dann noch nicht "
        "geliefert ist. Bis dahin geht es nur mit Zustimmung, über eine Stornierungsanfrage."
    )


@pytest.mark.rule("M-22")
def test_a_taken_slot_names_kind_filer_times_and_the_way_out(wording: Wording) -> None:
    taken = [p.values for p in ALL if p.values[1].code == "slot_taken"]
    texts = [said(wording, role, reason, "de-formal") for role, reason in taken]
    assert texts[0] == (
        "Zu FO-1 (Logo) läuft schon eine Bitte um ein Update, eröffnet von Ihnen am Sonntag, 22. November, 14:00 Uhr. "
        "Antwortfrist: Dienstag, 24. November, 14:00 Uhr. Sie können diese Anfrage zurückziehen, dann ist der Weg frei."
    )
    assert texts[1] == (
        "Zu FO-1 (Logo) läuft schon eine Bitte um Verlängerung des Liefertermins, eröffnet von der Verkäuferseite am "
        "Sonntag, 22. November, 14:00 Uhr. Eine Antwortfrist gibt es dafür nicht. Beantworten Sie diese Anfrage "
        "zuerst, dann ist der Weg frei."
    )
