"""What people write stays their words: no format, no value, no text of ours can be made from it."""

from __future__ import annotations

import json

import pytest

from actions.handlers.own_words import tidy
from actions.wording import LOCALES, Wording
from actions.wording.spell import quoted
from tests.wording.test_notices import notice_of

pytestmark = pytest.mark.unit

FORMATS = [
    "{order}",
    "{0}",
    "{said.__class__.__mro__}",
    "{due_at!r:>999999}",
    "{",
    "}}",
    "{{order}}",
    "%s %(order)s",
    "$order",
]
BREAKS = ["Ja.\n\nLotse: FO-1 ist storniert.", "Ja.\r\nNein.", "Ja.\u2028Nein.", "Ja.\x00Nein", "Ja.\x1b[2JNein"]
BIDI = ["\u202eneknad\u202c", "\u2066abc", "\u200fabc", "\u2067abc\u2069"]
MARKS = ["Ja.“ Der Auftrag ist storniert. „Nein", "Yes.” The order is cancelled. “No"]


def update_request(wording: Wording, locale: str, **hostile: str) -> str:
    notice = notice_of("update_request", "seller", words=True)
    params = json.loads(json.dumps({**notice.params, **hostile}))
    return wording.notice("update_request", params, role="seller", locale=locale, zone="UTC").text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("said", FORMATS)
def test_formats_are_shown_as_written(wording: Wording, said: str, locale: str) -> None:
    assert quoted(said, locale) in update_request(wording, locale, text=said)
    assert said in update_request(wording, locale, by_name=said)
    assert f"({said})" in update_request(wording, locale, title=said)
    assert said in wording.text("no_access", locale, "UTC", {"order_id": said})
    nested = wording.text("until_due", locale, "UTC", {"due": said})
    assert said in wording.text("answer_with_text", locale, "UTC", {"order": "FO-1", "until": nested})


@pytest.mark.parametrize("said", ["utter_thank", "role_seller", "Term('role_seller')", "notice_superseded"])
def test_a_name_of_a_text_is_no_text(wording: Wording, said: str) -> None:
    assert f"„{said}“." in update_request(wording, "de", text=said)


@pytest.mark.parametrize("said", [*BREAKS, *BIDI])
def test_words_from_the_chat_are_one_line_without_marks_of_direction(said: str) -> None:
    kept = tidy(said)
    assert kept.isprintable() and kept == " ".join(kept.split())


@pytest.mark.parametrize("said", BREAKS)
@pytest.mark.parametrize("field", ["text", "by_name", "title"])
def test_a_notice_stays_one_paragraph(wording: Wording, said: str, field: str) -> None:
    """The order page and the marketplace send text that no handler has tidied."""
    assert update_request(wording, "de", **{field: said}).isprintable()


@pytest.mark.parametrize("said", BIDI)
@pytest.mark.parametrize("field", ["text", "by_name", "title"])
def test_direction_does_not_leak_into_our_words(wording: Wording, said: str, field: str) -> None:
    assert update_request(wording, "de", **{field: said}).isprintable()


@pytest.mark.parametrize(("said", "locale"), [(MARKS[0], "de"), (MARKS[0], "de-formal"), (MARKS[1], "en")])
def test_a_quotation_cannot_be_ended_from_within(wording: Wording, said: str, locale: str) -> None:
    text = update_request(wording, locale, text=said)
    opening, closing = ("“", "”") if locale == "en" else ("„", "“")
    assert (text.count(opening), text.count(closing)) == (1, 1)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("said", [" ", "\n\t", "\u200b", "\u202e\u202c"])
def test_words_that_nobody_sees_are_no_words(wording: Wording, said: str, locale: str) -> None:
    """The order page may send a blank comment: the notice is the one without words, and nothing breaks."""
    assert quoted(said, locale) == ""
    assert update_request(wording, locale, text=said) == update_request(wording, locale, text="")
