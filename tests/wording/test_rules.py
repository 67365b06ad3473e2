"""What a rule wants said is in its text: the order, the effect, the deadline, and what silence does."""

from __future__ import annotations

import pytest

from actions.wording import LOCALES, Wording
from tests.wording.test_texts import TEXTS, keys

pytestmark = pytest.mark.unit

_SENT = {"order", "Other", "window", "due", "silence"}

SAYS = {
    "propose_request_order_update": (["M-09", "M-10", "M-12"], {"said", "Other", "window", "due"}),
    "update_opened": (["M-09", "M-10"], {"order", "Other", "due"}),
    "propose_request_cancellation": (["M-14", "M-15", "M-18"], {*_SENT, "said"}),
    "propose_request_cancellation_bare": (["M-14", "M-15", "M-18"], _SENT),
    "propose_request_cancellation_seller": (["M-33", "M-34", "M-35"], {*_SENT, "said", "reason"}),
    "cancel_sent": (["M-14", "M-15"], {"order", "due"}),
    "cancel_sent_seller": (["M-34", "M-35"], {"order", "due"}),
    "withdraw_first_too": (["M-23"], {"order", "kind"}),
    "propose_withdraw_dispute": (["M-24"], {"order", "kind", "other"}),
    "withdrawn": (["M-24"], {"order", "kind", "other"}),
    "propose_force_cancellation": (["M-26"], {"order", "delivery", "since", "Other"}),
    "force_ok": (["M-26"], {"order", "delivery", "since", "Other"}),
    "force_rule": (["M-26", "M-28"], {"after"}),
    "force_from": (["M-27"], {"order", "possible_from", "wait"}),
    "propose_request_extension": (["M-36", "M-37", "M-38"], {"order", "new", "delivery", "other", "silence", "said"}),
    "propose_request_extension_bare": (["M-36", "M-37", "M-38"], {"order", "new", "delivery", "other", "silence"}),
    "propose_accept_cancellation": (["M-16"], {"order", "Other", "said"}),
    "cancelled": (["M-16"], {"order", "at"}),
    "propose_accept_extension": (["M-37", "M-28"], {"order", "new", "force_after"}),
    "ext_accepted": (["M-37"], {"order", "new"}),
    "answer_window_customer": (["M-10", "M-12", "M-15", "M-18"], {"window", "silence"}),
    "answer_window_seller": (["M-10", "M-12", "M-15", "M-35"], {"window", "silence"}),
    "ask_text_provide_update": (["M-10"], {"order", "said", "due"}),
    "no_access": (["M-04"], {"order_id"}),
}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [pytest.param(name, wanted, id=name, marks=pytest.mark.rule(*rules)) for name, (rules, wanted) in SAYS.items()],
)
def test_a_text_names_what_its_rule_wants(name: str, wanted: set[str]) -> None:
    for locale in LOCALES:
        assert wanted <= keys(TEXTS[name][locale])


@pytest.mark.rule("M-14", "M-35")
@pytest.mark.parametrize(
    "name", [name for name in TEXTS if name.startswith(("propose_request_cancellation", "cancel_sent"))]
)
def test_a_request_is_no_cancellation(name: str) -> None:
    assert "noch nicht storniert" in TEXTS[name]["de"]
    assert "noch nicht storniert" in TEXTS[name]["de-formal"]
    assert "cancel" in TEXTS[name]["en"] and "yet" in TEXTS[name]["en"]


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("propose_")])
def test_a_proposal_ends_with_the_question(name: str) -> None:
    """The buttons below it are yes and no, so the last sentence must be the one they answer."""
    assert all(text.endswith("?") and text.rsplit(". ", 1)[-1].count("?") == 1 for text in TEXTS[name].values())


@pytest.mark.rule("M-26", "M-16")
@pytest.mark.parametrize(
    "name", ["propose_force_cancellation", "propose_accept_cancellation", "propose_accept_cancellation_bare"]
)
def test_what_cannot_be_undone_is_said_to_be_so(name: str) -> None:
    assert "sofort storniert" in TEXTS[name]["de"] and "nicht rückgängig machen" in TEXTS[name]["de"]
    assert "sofort storniert" in TEXTS[name]["de-formal"] and "nicht rückgängig machen" in TEXTS[name]["de-formal"]
    assert "cancelled at once" in TEXTS[name]["en"] and "cannot be undone" in TEXTS[name]["en"]


@pytest.mark.rule("M-05", "M-06", "M-07", "M-08")
@pytest.mark.parametrize("locale", LOCALES)
def test_the_customers_way_names_the_policys_labels_in_order(locale: str) -> None:
    labels = ["Buchungen", "Details zeigen", "Lösungscenter", "Auftragsupdate erhalten", "Auftrag stornieren"]
    text = TEXTS["rc_steps_customer"][locale]
    assert sorted(labels, key=text.index) == labels
    assert "Ansehen" not in text and "erlängerung" not in text


@pytest.mark.rule("M-30", "M-31", "M-32", "M-33", "M-34", "M-35", "M-36")
@pytest.mark.parametrize("locale", LOCALES)
def test_the_sellers_way_names_the_policys_labels_in_order(locale: str) -> None:
    labels = ["Ansehen", "Lösungscenter", "Auftrag stornieren", "Auftrag“" if locale != "en" else "Auftrag”"]
    text = TEXTS["rc_steps_seller"][locale]
    assert [text.index(label) for label in labels] == sorted(text.index(label) for label in labels)
    assert "Buchungen" not in text and "Details zeigen" not in text


@pytest.mark.rule("M-21")
def test_support_is_said_not_to_know(wording: Wording) -> None:
    assert wording.text("support_not_informed", "de", "UTC") == (
        "Der Kundensupport erhält keine Kopie und wird nicht informiert."
    )
    for name in ("contact_support", "support_not_informed"):
        assert "upport" in TEXTS[name]["de"] and "upport" in TEXTS[name]["en"]


@pytest.mark.rule("M-01", "M-39")
def test_the_resolution_centre_comes_first_and_support_last() -> None:
    assert "ohne Kundensupport" in TEXTS["rc_intro"]["de"]
    assert "wende dich bitte an den Kundensupport" in TEXTS["support_last_resort"]["de"]
    assert "wenden Sie sich bitte an den Kundensupport" in TEXTS["support_last_resort"]["de-formal"]


@pytest.mark.rule("M-12", "M-18")
def test_silence_is_told_as_it_is_configured(wording: Wording) -> None:
    assert wording.text("silence_close_keep_active", "de", "UTC").endswith("der Auftrag bleibt aktiv")
    assert wording.text("silence_auto_cancel", "de", "UTC") == "wird der Auftrag automatisch storniert"
    for name in ("propose_request_order_update", "notice_update_expired", "answer_window_customer"):
        assert "geschlossen" in TEXTS[name]["de"] and "aktiv" in TEXTS[name]["de"]
