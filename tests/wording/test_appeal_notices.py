"""Every notice about an appeal is said in each locale, with the deadline, the reason and the next step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from actions.backend.appeal_notices import CODES
from actions.policy import AppealType
from actions.wording import LOCALES, Rendered, Wording
from tests.wording.names import INTENTS

pytestmark = pytest.mark.unit

NOW = datetime(2026, 5, 25, 13, 0, tzinfo=UTC)
V: dict[str, Any] = {
    "appeal_id": "A-7", "type": "misleading_tracking", "subject_kind": "infraction", "subject_id": "V-5531",
    "order_id": "WO-12", "infraction_id": "V-5531", "title": "Lampe", "status": "submitted",
    "filed_at": "2026-05-01T12:00:00Z", "closes_at": "2026-05-31T00:00:00Z", "last_day": "2026-05-30", "days_left": 5,
    "attempt": 1, "attempts_limit": None, "late_confirmation": "strict", "reason": None, "again": True,
    "by_role": "platform", "by_name": None, "recipient_role": "seller", "seller_name": None,
    "at": "2026-05-25T13:00:00Z",
}  # fmt: skip
NO_WINDOW = {"closes_at": None, "last_day": None, "days_left": None}
OF_ORDER = {"subject_kind": "order", "subject_id": "WO-12", "infraction_id": None}
REFUND = {**V, **OF_ORDER, **NO_WINDOW, "type": "refund", "attempts_limit": 3, "attempt": 2}
VTR = {**V, **OF_ORDER, "type": "valid_tracking_rate"}
WHY = {"reason": "Der Scan fehlt"}

CASES: dict[str, tuple[str, Mapping[str, Any], str]] = {
    "submitted": ("own_appeal_submitted", V, "notice_own_appeal_submitted"),
    "refund submitted": ("own_appeal_submitted", REFUND, "notice_own_appeal_submitted_no_window"),
    "withdrawn": ("own_appeal_withdrawn", V, "notice_own_appeal_withdrawn"),
    "approved": ("appeal_approved", V, "notice_appeal_approved"),
    "metric approved": ("appeal_approved", VTR, "notice_appeal_approved_metric"),
    "refund approved": ("appeal_approved", REFUND, "notice_appeal_approved_refund"),
    "rejected": ("appeal_rejected", {**V, **WHY}, "appeal_next_until"),
    "rejected for good": ("appeal_rejected", {**V, **WHY, "again": False}, "appeal_next_none"),
    "rejected without a word": ("appeal_rejected", V, "notice_appeal_rejected_bare"),
    "rejected without a window": ("appeal_rejected", {**V, **WHY, **NO_WINDOW}, "appeal_next_any"),
    "refund rejected": ("appeal_rejected", {**REFUND, **WHY}, "appeal_next_try"),
    "warning": ("appeal_warning", V, "notice_appeal_warning"),
    "warning, honoured": ("appeal_warning", {**V, "late_confirmation": "honour_if_filed_in_time"},
                          "notice_appeal_warning_honoured"),
    "lapsed": ("appeal_lapsed", {**V, "again": False}, "notice_appeal_lapsed"),
}  # fmt: skip


def said(wording: Wording, code: str, params: Mapping[str, Any], locale: str = "de-formal") -> Rendered:
    stored = json.loads(json.dumps(params))
    return wording.notice(code, stored, role="seller", locale=locale, zone="Europe/Berlin", now=NOW)


def test_every_code_is_tried() -> None:
    assert {code for code, _, _ in CASES.values()} == set(CODES)


@pytest.mark.rule("W-21")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("case", CASES)
def test_a_notice_is_said(wording: Wording, case: str, locale: str) -> None:
    code, params, _ = CASES[case]
    text = said(wording, code, params, locale).text
    assert (
        "A-7" in text and params["subject_id"] in text and wording.text(f"type_{params['type']}", locale, "UTC") in text
    )
    assert "{" not in text and "None" not in text and "_" not in text and "  " not in text and "!" not in text
    assert (WHY["reason"] in text) is bool(params["reason"])


@pytest.mark.parametrize("case", CASES)
def test_each_form_is_the_one_that_is_said(wording: Wording, case: str) -> None:
    code, params, name = CASES[case]
    fixed = wording.texts[name]["en"].rsplit("}", 1)[-1]
    assert said(wording, code, params, "en").text.endswith(fixed)


def test_every_form_is_tried(wording: Wording) -> None:
    forms = {f"notice_{code}" for code in CODES}
    all_forms = {name for name in wording.texts if name.startswith((*forms, "appeal_next_"))}
    assert all_forms == {name for _, _, name in CASES.values()} | {"notice_appeal_rejected"}


@pytest.mark.rule("W-03", "W-20")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("case", ["submitted", "rejected", "warning", "warning, honoured", "lapsed"])
def test_the_last_day_is_named(wording: Wording, case: str, locale: str) -> None:
    code, params, _ = CASES[case]
    assert wording.spell(date(2026, 5, 30), locale, NOW.tzinfo) in said(wording, code, params, locale).text  # type: ignore[arg-type]


@pytest.mark.rule("W-13")
@pytest.mark.parametrize("case", ["refund submitted", "refund approved", "refund rejected"])
def test_a_refund_has_no_clock(wording: Wording, case: str) -> None:
    code, params, _ = CASES[case]
    assert "2026" not in said(wording, code, params).text


@pytest.mark.parametrize(
    ("case", "text"),
    [
        pytest.param(
            "approved",
            "Ihr Widerspruch A-7 gegen V-5531 (Irreführende Sendungsverfolgung, WO-12) wurde bestätigt, der Verstoß "
            "V-5531 ist rückgängig gemacht.",
            marks=pytest.mark.rule("W-21"),
        ),
        pytest.param(
            "rejected",
            "Ihr Widerspruch A-7 gegen V-5531 (Irreführende Sendungsverfolgung, WO-12) wurde abgelehnt. Grund: „Der "
            "Scan fehlt“. Bis Samstag, 30. Mai 2026 können Sie neu anfechten. Bis dahin muss der neue Widerspruch auch "
            "bestätigt sein.",
            marks=pytest.mark.rule("W-21"),
        ),
        pytest.param(
            "refund rejected",
            "Ihr Widerspruch A-7 gegen WO-12 (Rückerstattung) wurde abgelehnt. Grund: „Der Scan fehlt“. Sie können "
            "noch einmal anfechten, das wäre Versuch 3 von 3.",
            marks=pytest.mark.rule("W-13"),
        ),
        pytest.param(
            "warning",
            "Ihr Widerspruch A-7 gegen V-5531 (Irreführende Sendungsverfolgung, WO-12) ist noch nicht entschieden. "
            "Letzter Tag für die Bestätigung ist Samstag, 30. Mai 2026, in Ihrer Zeitzone endet die Frist am Sonntag, "
            "31. Mai, 02:00 Uhr (UTC+2). Danach ist er verfallen.",
            marks=pytest.mark.rule("W-03"),
        ),
    ],
)
def test_word_for_word(wording: Wording, case: str, text: str) -> None:
    code, params, _ = CASES[case]
    assert said(wording, code, params).text == text


STEPS = {
    "rejected": [("submit_appeal", {"appeal_type": "misleading_tracking", "infraction_id": "V-5531"})],
    "rejected for good": [
        ("check_appeal_eligibility", {"appeal_type": "misleading_tracking", "infraction_id": "V-5531"})
    ],
    "rejected without a word": [("submit_appeal", {"appeal_type": "misleading_tracking", "infraction_id": "V-5531"})],
    "rejected without a window": [("submit_appeal", {"appeal_type": "misleading_tracking", "infraction_id": "V-5531"})],
    "refund rejected": [("submit_appeal", {"appeal_type": "refund", "order_id": "WO-12"})],
    "warning": [("appeal_status", {"appeal_id": "A-7"})],
    "warning, honoured": [("appeal_status", {"appeal_id": "A-7"})],
    "lapsed": [("contact_support", {})],
}


@pytest.mark.parametrize("case", CASES)
def test_a_notice_carries_the_next_step(wording: Wording, case: str) -> None:
    code, params, _ = CASES[case]
    found = []
    for button in said(wording, code, params).buttons:
        intent, _, carried = button.payload.removeprefix("/").partition("{")
        found.append((intent, json.loads("{" + carried) if carried else {}))
        assert intent in INTENTS and button.title
    assert found == STEPS.get(case, [])


def test_a_type_without_words_is_shown_as_it_is_called(wording: Wording) -> None:
    assert "V-5531 (photo quality, WO-12)" in said(wording, "appeal_rejected", {**V, "type": "photo_quality"}).text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("key", AppealType)
def test_every_type_has_words(wording: Wording, key: AppealType, locale: str) -> None:
    assert wording.text(f"type_{key}", locale, "UTC")
