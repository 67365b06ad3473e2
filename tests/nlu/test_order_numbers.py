"""Order numbers, infractions, tracking numbers and links: what is one, how it is written, and what is not."""

# ruff: noqa: E501 - a row of a table is easier to read on one line

from __future__ import annotations

import pytest

from actions.backend.tracking_numbers import is_doubtful, is_tracking_number, normalized
from bot.nlu.order_numbers import PATTERN_VARIABLE, NumberFinder, OrderNumbers, finder_from

pytestmark = pytest.mark.unit

FINDER = NumberFinder()


def found(text: str, finder: NumberFinder = FINDER) -> list[tuple[str, str]]:
    return [(span.entity, span.value) for span in finder.find(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("FO-48213", "FO-48213"),
        ("fo 48213 bitte", "FO-48213"),
        ("#FO48213", "FO-48213"),
        ("wo7732?", "WO-7732"),
        ("Auftrag FO – 48213.", "FO-48213"),
        ("(fo_48213)", "FO-48213"),
        ("FO:48213", "FO-48213"),
        ("bk-81484", "BK-81484"),
        ("KD-5518", "KD-5518"),
        ("AB12345", "AB12345"),
        ("FO-1412", "FO-1412"),
        ("BK-20261214", "BK-20261214"),
    ],
)
def test_an_order_number_is_written_as_the_marketplace_writes_it(text: str, value: str) -> None:
    assert found(text) == [("order_id", value)]


@pytest.mark.parametrize(
    ("text", "value"), [("v 6110", "V-6110"), ("VS20931", "VS-20931"), ("#v-5531", "V-5531"), ("V6007!", "V-6007")]
)
def test_an_infraction_is_written_as_the_marketplace_writes_it(text: str, value: str) -> None:
    assert found(text) == [("infraction_id", value)]


@pytest.mark.parametrize(
    "text",
    ["14.12.2026", "am 14.12.", "12,50 €", "EUR 12345", "USD12345", "0171 2345678", "+49 30 1234567", "030/141226", "v1.12.3",
     "version 2.12", "KW 49", "DIN A4", "iPhone 15", "24/7", "Nr. 3", "zu 1299 Euro", "a.b@wo-1234.de", "bis 2027"],
)  # fmt: skip
def test_dates_prices_and_phone_numbers_are_no_numbers_of_ours(text: str) -> None:
    assert [entity for entity, _ in found(text) if entity != "url"] == []


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("Auftrag 48213", "order_id", "48213"),
        ("wo bleibt meine Bestellung 48213?", "order_id", "48213"),
        ("Bestellnr. 48213", "order_id", "48213"),
        ("Auftrags-Nr: 48213", "order_id", "48213"),
        ("Auftrag mit der Nummer 48213", "order_id", "48213"),
        ("order no. 48213 please", "order_id", "48213"),
        ("my order number is 48213", "order_id", "48213"),
        ("Verstoß 5531", "infraction_id", "5531"),
    ],
)
def test_digits_alone_count_where_the_word_before_says_what_they_are(text: str, entity: str, value: str) -> None:
    assert found(text) == [(entity, value)]


@pytest.mark.parametrize(
    "text",
    ["die Bestellung 2026", "Auftrag 14.12.", "Bestellung 1299 Euro", "order 1500 dollars", "order 5000 pieces",
     "Auftrag 0171 2345678", "order 12/14", "Bestellung vom 12.11.2026", "ordered 48213", "48213"],
)  # fmt: skip
def test_digits_that_count_or_date_something_are_no_order(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "number",
    ["RR123456785DE", "1Z999AA10123456784", "00340434161094015902", "TBA123456789012", "RR 123 456 785 DE",
     "1Z 999 AA1 01 2345 6784", "1z 999 AA1 01 2345 6784"],
)  # fmt: skip
def test_a_tracking_number_with_a_right_check_digit(number: str) -> None:
    assert found(f"die nummer ist {number}.") == [("tracking_number", normalized(number))]


@pytest.mark.parametrize(
    "number", ["RR123456789DE", "1Z999AA10123456785", "00340434161094015903", "1Z 999 AA1 01 2345 6785"]
)
def test_a_mistyped_tracking_number_is_found_and_doubted(number: str) -> None:
    assert found(f"die nummer ist {number}") == [("tracking_number", normalized(number))]
    assert is_doubtful(number)


@pytest.mark.parametrize("text", ["Sendungsnummer RR 123 456 789 DE", " RR 123 456 789 DE "])
def test_a_mistyped_one_in_groups_counts_alone_or_where_parcels_are_spoken_of(text: str) -> None:
    assert found(text) == [("tracking_number", "RR123456789DE")]


@pytest.mark.parametrize("text", ["Rufen Sie AN 030 123 456 IN Berlin", "NR 123 456 789 AM Freitag"])
def test_capitals_around_a_number_are_no_label(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "number", ["00000000000000000000", "9400100000000000000001", "RR12345678DE", "1Z999AA1012345678"]
)
def test_what_only_resembles_a_tracking_number_is_none(number: str) -> None:
    assert found(f"die nummer ist {number}") == []


def test_an_order_of_the_marketplaces_pattern_is_no_mistyped_tracking_number() -> None:
    assert found("RR123456789DE", NumberFinder(order_pattern=r"[A-Z]{2}\d{9}[A-Z]{2}")) == [
        ("order_id", "RR123456789DE")
    ]


def test_a_tracking_number_typed_in_groups() -> None:
    assert found("0034 0434 1610 9401 5902") == [("tracking_number", "00340434161094015902")]


def test_plain_digits_are_a_tracking_number_only_where_parcels_are_spoken_of() -> None:
    assert found("Sendungsnummer 01234567890123") == [("tracking_number", "01234567890123")]
    assert found("meine Nummer 01234567890123") == []
    assert not is_tracking_number("4111111111111111"), "a payment card"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("hier: https://sendung.example.org/s/8841.", "https://sendung.example.org/s/8841"),
        ("(www.dhl.de/track?id=7&x=1)", "www.dhl.de/track?id=7&x=1"),
        ("dhl.de/t/FO-48213", "dhl.de/t/FO-48213"),
        ("siehe https://de.wikipedia.org/wiki/Lotse_(Beruf)", "https://de.wikipedia.org/wiki/Lotse_(Beruf)"),
    ],
)
def test_a_link_is_kept_as_given_without_the_sentence_around_it(text: str, url: str) -> None:
    assert found(text) == [("url", url)]


@pytest.mark.parametrize("text", ["Danke.Bis bald", "mail@example.org", "https://", "z.B.", "http://nichts"])
def test_no_link(text: str) -> None:
    assert found(text) == []


def test_several_in_reading_order() -> None:
    assert found("nicht FO-22159 sondern fo48231, wegen v 6110") == [
        ("order_id", "FO-22159"), ("order_id", "FO-48231"), ("infraction_id", "V-6110"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["ORD-2024-123", "ord 2024 123", "#ord2024-123"])
def test_another_marketplaces_pattern(text: str) -> None:
    assert found(text, NumberFinder(order_pattern=r"ORD-\d{4}-\d{3}")) == [("order_id", "ORD-2024-123")]


def test_with_another_pattern_the_default_one_is_off() -> None:
    assert found("FO-48213", NumberFinder(order_pattern=r"ORD-\d{4}-\d{3}")) == []


def test_the_environment_names_the_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATTERN_VARIABLE, r"X\d{4}")
    assert found("x 1234", finder_from(OrderNumbers.get_default_config())) == [("order_id", "X1234")]
