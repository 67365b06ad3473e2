"""The 13 types of penalties, in the policy's words, in people's, misspelled, and where two are meant."""

# ruff: noqa: E501 - a row of a table is easier to read on one line

from __future__ import annotations

import pytest

from bot.nlu.appeal_types import find_appeal_types
from bot.nlu.appeal_words import COMBINATIONS, IDEAS

pytestmark = pytest.mark.unit

TYPES = frozenset(
    {
        "fulfilment_rate", "valid_tracking_rate", "confirmed_fulfilment_speed", "refund", "misleading_tracking", "order_cancellation",
        "unfulfilled_order", "late_confirmed_fulfilment", "prohibited_product", "misleading_listing", "ip_infringement",
        "material_listing_change", "repeat_ip_infringement",
    }
)  # fmt: skip

WORDINGS = [
    # The policy's own words (W-10 to W-24).
    ("Erfüllungsrate für Bestellungen", "fulfilment_rate"),
    ("Gültige Tracking-Rate", "valid_tracking_rate"),
    ("Schnelligkeit bis zur bestätigten Abwicklung", "confirmed_fulfilment_speed"),
    ("Rückerstattung (Produktqualität & Logistik)", "refund"),
    ("Verstoß wegen irreführender Sendungsverfolgung", "misleading_tracking"),
    ("Stornierung der Bestellung", "order_cancellation"),
    ("nicht ausgeführte Bestellung", "unfulfilled_order"),
    ("als verspätet ausgeführt bestätigte Bestellung", "late_confirmed_fulfilment"),
    ("Verstöße wegen verbotener Produkte", "prohibited_product"),
    ("irreführende Angebote", "misleading_listing"),
    ("Verletzung geistigen Eigentums", "ip_infringement"),
    ("wesentliche Angebotsänderungen", "material_listing_change"),
    ("Verstoß aufgrund wiederholter Verletzung geistigen Eigentums", "repeat_ip_infringement"),
    # People's.
    ("meine erfuellungsrate stimmt nicht", "fulfilment_rate"),
    ("order fulfillment rate", "fulfilment_rate"),
    ("valid tracking", "valid_tracking_rate"),
    ("VTR", "valid_tracking_rate"),
    ("the speed of fulfilment", "confirmed_fulfilment_speed"),
    ("ich will die Erstattung anfechten", "refund"),
    ("contest the refund", "refund"),
    ("fake tracking", "misleading_tracking"),
    ("order cancellation", "order_cancellation"),
    ("the unfulfilled order penalty", "unfulfilled_order"),
    ("Strafe, weil die Bestellung nie erfüllt wurde", "unfulfilled_order"),
    ("late confirmed fulfilment", "late_confirmed_fulfilment"),
    ("banned item", "prohibited_product"),
    ("täuschendes Inserat", "misleading_listing"),
    ("the trademark infringement", "ip_infringement"),
    ("Markenverletzung", "ip_infringement"),
    ("I changed the listing", "material_listing_change"),
    ("repeated IP violation", "repeat_ip_infringement"),
    # Misspelled.
    ("erfülungsrate", "fulfilment_rate"),
    ("erfüllungsgeschwindikeit", "confirmed_fulfilment_speed"),
    ("rückerstatung", "refund"),
    ("irrefürendes Angebot", "misleading_listing"),
    ("trademark infringment", "ip_infringement"),
    ("fulfilmnet rate", "fulfilment_rate"),
]


@pytest.mark.parametrize(("text", "value"), WORDINGS)
def test_a_wording_gives_its_type(text: str, value: str) -> None:
    assert [span.value for span in find_appeal_types(text)] == [value]


def test_every_type_has_a_wording_and_no_other_exists() -> None:
    assert {value for _, value in WORDINGS} == TYPES
    assert {value for combination in COMBINATIONS for value in combination.types} == TYPES


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("Stornierungsverstoß", ["order_cancellation", "fulfilment_rate"]),
        ("the tracking infraction", ["misleading_tracking", "valid_tracking_rate"]),
        ("kann ich den mit der sendungsnummer noch anfechten", ["misleading_tracking", "valid_tracking_rate"]),
        ("is the one about the trackingnumber appealable", ["misleading_tracking", "valid_tracking_rate"]),
        ("Strafe wegen zu später Lieferung anfechten", ["late_confirmed_fulfilment", "confirmed_fulfilment_speed"]),
    ],
)
def test_where_two_types_are_possible_both_are_named(text: str, candidates: list[str]) -> None:
    (span,) = find_appeal_types(text)
    assert span.extra["candidates"] == candidates
    assert span.value == candidates[0]


def test_a_clear_wording_has_no_candidates() -> None:
    (span,) = find_appeal_types("verspätet bestätigte Erfüllung")
    assert "candidates" not in span.extra


def test_two_types_in_reading_order() -> None:
    text = "nicht die Erstattung, sondern die irreführende Sendungsverfolgung"
    assert [span.value for span in find_appeal_types(text)] == ["refund", "misleading_tracking"]


@pytest.mark.parametrize(
    "text",
    [
        "ich möchte meinen Auftrag stornieren", "please cancel my order FO-48213", "die Lieferung ist zu spät, wo bleibt das Paket denn jetzt?",
        "wann bekomme ich eigentlich endlich mein Geld als Rückerstattung zurück", "mach mir bitte ein besseres Angebot für das Logo",
        "wie lautet die Trackingnummer meiner Sendung", "hier die gültige Sendungsnummer", "guten Tag", "", "how do I change my password for the account please",
    ],
)  # fmt: skip
def test_what_names_no_type(text: str) -> None:
    assert find_appeal_types(text) == []


def test_every_idea_is_used() -> None:
    used = {idea for combination in COMBINATIONS for idea in combination.ideas}
    assert used == set(IDEAS) - {"none"}
