"""Every notice of the outbox is said in each locale, with the buttons that its recipient can use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions.backend.notices import AWAITING_ANSWER, CODES, NewNotice
from actions.wording import LOCALES, MissingText, Wording
from actions.wording.appeal_notices import PREFIXES
from tests.wording.conftest import RESPONSES
from tests.wording.happenings import NOW, WORDS, happenings
from tests.wording.names import INTENTS

pytestmark = pytest.mark.unit

ALL = [
    (notice, named)
    for named in (True, False)
    for happening in happenings()
    for notice in happening.notices(named=named, title="Logo" if named else "")
]
IDS = [
    f"{notice.code} to {notice.recipient}{' with words' if notice.params['text'] else ''}{'' if named else ' unnamed'}"
    for notice, named in ALL
]


class Listening(Wording):
    """Notes the names of the texts it gives."""

    heard: set[str] = set()  # noqa: RUF012 - shared on purpose

    def text(self, name: str, locale: str, zone: str | ZoneInfo, params: Mapping[str, Any] | None = None, *,
             now: datetime | None = None) -> str:  # fmt: skip
        self.heard.add(name)
        return Wording.text(self, name, locale, zone, params, now=now)


def said(wording: Wording, notice: NewNotice, locale: str) -> str:
    role = notice.recipient.value
    return wording.notice(notice.code, notice.params, role=role, locale=locale, zone="Europe/Berlin", now=NOW).text


def test_every_code_comes_about() -> None:
    assert {notice.code for notice, _ in ALL} == set(CODES)


@pytest.mark.rule("M-19", "M-20")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("notice", "named"), ALL, ids=IDS)
def test_a_notice_is_said(wording: Wording, notice: NewNotice, named: bool, locale: str) -> None:
    text = said(wording, notice, locale)
    assert "FO-1 (Logo)" in text if named else "FO-1" in text
    assert "{" not in text and "None" not in text and "_" not in text and "  " not in text and "()" not in text
    words = notice.params["text"]
    if words and not (notice.code.startswith("own_") and notice.code != "own_update_answered"):
        quoted = f"“{WORDS}”" if locale == "en" else f"„{WORDS}“"
        assert quoted in text, "the other party's words are passed on"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("notice", "named"), ALL, ids=IDS)
def test_the_deadline_is_said_where_an_answer_is_awaited(
    wording: Wording, notice: NewNotice, named: bool, locale: str
) -> None:
    if notice.code not in AWAITING_ANSWER:
        return
    due = notice.params["due_at"]
    if due is None:
        assert notice.code == "extension_request"
    else:
        shown = wording.spell(datetime.fromisoformat(due), locale, ZoneInfo("Europe/Berlin"), NOW)
        assert shown in said(wording, notice, locale)


BUTTONS = {
    "update_request": {"seller": ["provide_update"]},
    "cancel_request": {
        "seller": ["accept_request", "decline_request"],
        "customer": ["accept_request", "decline_request"],
    },
    "extension_request": {"customer": ["accept_request", "decline_request"]},
    "update_expired": {"customer": ["request_order_update", "request_cancellation"]},
    "cancel_declined": {"customer": ["request_order_update"], "seller": []},
    "cancel_expired": {"customer": ["request_cancellation"], "seller": ["request_cancellation"]},
    "extension_declined": {"seller": ["request_extension"]},
    "extension_expired": {"seller": ["request_extension"]},
}


@pytest.mark.rule("M-10", "M-15", "M-35", "M-37")
@pytest.mark.parametrize(("notice", "named"), ALL, ids=IDS)
def test_a_notice_carries_the_steps_of_its_recipient(wording: Wording, notice: NewNotice, named: bool) -> None:
    role = notice.recipient.value
    for locale in LOCALES:
        rendered = wording.notice(notice.code, notice.params, role=role, locale=locale, zone="UTC", now=NOW)
        intents = []
        for button in rendered.buttons:
            intent, _, carried = button.payload.removeprefix("/").partition("{")
            intents.append(intent)
            subject = json.loads("{" + carried)
            assert subject["order_id"] == "FO-1"
            assert (subject.get("dispute_id") == "D-1") is (notice.code in AWAITING_ANSWER)
            assert intent in INTENTS and button.title
        ended = notice.params["state"] == "cancelled"  # in the same step: there is nothing left to do (M-02)
        assert intents == ([] if ended else BUTTONS.get(notice.code, {}).get(role, []))


def test_every_form_of_a_notice_is_used() -> None:
    listening = Listening(Wording.load(RESPONSES).texts)
    for notice, _ in ALL:
        said(listening, notice, "de")
    appeals = tuple(f"notice_{prefix}" for prefix in PREFIXES)  # see test_appeal_notices
    mine = {name for name in listening.texts if name.startswith("notice_") and not name.startswith(appeals)}
    assert mine == {name for name in listening.heard if name.startswith("notice_")}


def test_an_unknown_code_or_locale_raises(wording: Wording) -> None:
    with pytest.raises(MissingText, match="notice_refunded"):
        wording.notice("refunded", {"order_id": "FO-1"}, role="customer", locale="de", zone="UTC")
    with pytest.raises(MissingText, match="in fr"):
        wording.notice("superseded", ALL[0][0].params, role="customer", locale="fr", zone="UTC")


def notice_of(code: str, recipient: str, *, words: bool) -> NewNotice:
    return next(
        notice
        for notice, named in ALL
        if named and (notice.code, notice.recipient) == (code, recipient) and bool(notice.params["text"]) is words
    )


WORD_FOR_WORD = {
    ("M-10", "update_request", "seller", True, "de-formal"): (
        "Kai Berger bittet um ein Update zu FO-1 (Logo): „Ich ziehe um.“ Antworten Sie bitte bis Dienstag, "
        "24. November, 14:00 Uhr."
    ),
    ("M-35", "cancel_request", "customer", True, "de"): (
        "Ada Yilmaz möchte FO-1 (Logo) stornieren. Grund: Zu viele Aufträge. „Ich ziehe um.“ Du kannst bis "
        "Dienstag, 24. November, 14:00 Uhr annehmen oder ablehnen."
    ),
    ("M-12", "update_expired", "customer", False, "de"): (
        "Bis Dienstag, 24. November, 14:00 Uhr kam kein Update zu FO-1 (Logo). Dein Auftrag bleibt aktiv, die "
        "Anfrage ist geschlossen. Du kannst noch einmal fragen oder um Stornierung bitten."
    ),
    ("M-24", "withdrawn", "seller", False, "de-formal"): (
        "Kai Berger hat die Bitte um ein Update zu FO-1 (Logo) zurückgezogen. Das allein ändert am Auftrag nichts, "
        "eine Antwort ist nicht mehr nötig."
    ),
    ("M-26", "force_cancelled", "seller", False, "en"): (
        "Kai Berger has cancelled FO-1 (Logo) without consent. Delivery was promised by Saturday, 21 November, "
        "14:00, so this had been possible since Sunday, 22 November, 14:00."
    ),
    ("M-03", "superseded", "customer", False, "de"): (
        "FO-1 (Logo) ist storniert. Die offene Bitte um ein Update ist damit geschlossen."
    ),
}


@pytest.mark.parametrize(
    ("case", "text"),
    [pytest.param(case[1:], text, id=case[1], marks=pytest.mark.rule(case[0])) for case, text in WORD_FOR_WORD.items()],
)
def test_word_for_word(wording: Wording, case: tuple[str, str, bool, str], text: str) -> None:
    code, recipient, words, locale = case
    assert said(wording, notice_of(code, recipient, words=words), locale) == text
