"""What the appeal policy wants said is in the texts: its labels, both deadlines, and no more than it says."""

from __future__ import annotations

import re

import pytest

from actions.policy import APPEAL_TYPES
from actions.wording import LOCALES
from tests.wording.conftest import RESPONSES
from tests.wording.test_texts import RAW, TEXTS, keys

pytestmark = pytest.mark.unit

FILES = (
    "appeals",
    "appeal_guidance",
    "check_appeal_eligibility",
    "list_infractions",
    "submit_appeal",
    "withdraw_appeal",
)
OURS = sorted(name.removeprefix("utter_") for file in FILES for name in RAW[RESPONSES / f"{file}.yml"])

ROUTES = {
    "order_infractions_action": ["Bestellungen > Bestellverlauf", "Bestell-ID", "„Verstöße“", "Aktion > „Anfechten“"],
    "tracking_article": ["„Wie kann ich einen Streitfall einer Sendungsverfolgung anfechten?“"],
    "refund_details": [
        "Bestellungen > Verlauf", "Bestell-ID", "Erstattungsdetails", "Verantwortung", "„Anfechten“",
    ],
    "order_infractions": ["Bestellungen > Bestellverlauf", "Bestell-ID", "„Verstöße“", "„Anfechten“"],
    "policy_infractions": ["Verstöße > Verstöße gegen Richtlinien", "„Anzeigen“", "„Verstoß anfechten“"],
    "account_manager": ["Kontomanager"],
}  # fmt: skip


BOTH = ["appeal_deadline", "appeal_deadline_covers", "appeal_deadline_covers_many", "appeal_deadline_rule",
        "appeal_deadline_rule_released", "appeal_submitted"]  # fmt: skip


@pytest.mark.rule("W-04", "W-10", "W-11", "W-12", "W-13", "W-22", "W-23", "W-24")
@pytest.mark.parametrize("route", ROUTES)
def test_a_route_names_the_policys_labels_in_order(route: str) -> None:
    for locale in ("de", "de-formal"):
        text = TEXTS[f"route_{route}"][locale]
        assert ("Händler-Dashboard" in text) is (route != "account_manager")
        places = [text.index(label) for label in ROUTES[route]]
        assert places == sorted(places)
    assert ("Aktion" in TEXTS[f"route_{route}"]["de"]) is (route == "order_infractions_action")  # Q18


@pytest.mark.parametrize("locale", LOCALES)
def test_every_type_has_a_route(locale: str) -> None:
    assert {kind.route for kind in APPEAL_TYPES.values()} == set(ROUTES)
    assert all(TEXTS[f"route_{route}"][locale] for route in ROUTES)


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "account_manager"])
def test_labels_stay_german_in_english(route: str) -> None:
    text = TEXTS[f"route_{route}"]["en"]
    assert all(
        label.strip("„“").split(" > ")[-1].strip("„“") in text for label in ROUTES[route][:1] + ROUTES[route][2:]
    )


@pytest.mark.rule("W-03", "W-20")
@pytest.mark.parametrize("name", BOTH)
def test_the_deadline_covers_the_confirmation(name: str) -> None:
    for locale, words in (
        ("de", "bestätigt|anerkannt"),
        ("de-formal", "bestätigt|anerkannt"),
        ("en", "confirmed|accepted"),
    ):
        assert re.search(words, TEXTS[name][locale])


@pytest.mark.rule("W-11")
def test_the_tracking_rate_counts_from_the_release() -> None:
    assert "ab Bestellfreigabe" in TEXTS["appeal_deadline_rule"]["de"]
    assert "ab Bestellfreigabe" in TEXTS["appeal_deadline_rule_released"]["de-formal"]


@pytest.mark.rule("W-13")
@pytest.mark.parametrize("name", ["refund_no_deadline", "appeal_deadline_rule"])
def test_refunds_have_no_deadline(name: str) -> None:
    assert "Rückerstattungen" in TEXTS[name]["de"] and re.search(r"gilt .*Frist nicht", TEXTS[name]["de"])


@pytest.mark.rule("W-24")
def test_no_deadline_is_made_up_for_repeated_infringement() -> None:
    for name in ("appeal_repeat_ip", "appeal_deadline_repeat_ip"):
        assert "je früher" in TEXTS[name]["de"].lower() and "ontomanager" in TEXTS[name]["de"]
        assert not keys(TEXTS[name]["de"]) & {"window", "last_day"}


@pytest.mark.parametrize("name", ["appeal_expired", "appeal_refund_cap", "scan_lost", "appeal_next_none",
                                  "notice_appeal_lapsed"])  # fmt: skip
def test_an_end_is_only_the_end_of_this_route(name: str) -> None:
    """Q25: other remedies may exist."""
    for locale in LOCALES:
        assert ("through this route" if locale == "en" else "ber diesen Weg") in TEXTS[name][locale]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_remedy_is_denied_and_no_other_marketplace_named(name: str) -> None:
    for text in TEXTS[name].values():
        assert not re.search(r"Rechtsmittel|endgültig|legal remed|final decision|\bWish\b", text)


@pytest.mark.parametrize("name", OURS)
def test_one_word_for_one_thing(name: str) -> None:
    """The policy's: Widerspruch, anfechten."""
    for locale in ("de", "de-formal"):
        assert not re.search(r"Einspr[uü]ch", TEXTS[name][locale])


@pytest.mark.parametrize("name", OURS)
def test_the_numbers_of_the_policy_are_values(name: str) -> None:
    for text in TEXTS[name].values():
        assert not re.search(r"\b90\b|\bdreimal\b|three times|\b3\b(?!\.)", re.sub(r"(?m)^\d\.", "", text))


@pytest.mark.parametrize("name", [name for name in OURS if name.startswith(("ask_submit", "ask_withdraw"))])
def test_a_proposal_of_appeals_ends_with_the_question(name: str) -> None:
    assert all(text.endswith("?") and text.count("?") == 1 for text in TEXTS[name].values())


@pytest.mark.parametrize("name", [name for name in OURS if "{ends}" in TEXTS[name]["de"]])
def test_the_end_is_said_to_be_in_the_readers_zone(name: str) -> None:
    """Q14: the rule counts in UTC."""
    assert "in deiner Zeitzone" in TEXTS[name]["de"] and "in Ihrer Zeitzone" in TEXTS[name]["de-formal"]
    assert "in your time zone" in TEXTS[name]["en"]
