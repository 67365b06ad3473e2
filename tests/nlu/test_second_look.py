"""Dates and types of appeals that misspelled words hide are found behind the repair, at their place in the message."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.intents import SLIPS
from bot.nlu.second_look import SecondLook, repaired

pytestmark = pytest.mark.unit


def looked(text: str, slips: dict[str, str], entities: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    message = Message({"text": text, SLIPS: slips, "entities": entities or []})
    (message,) = SecondLook({}).process([message])
    found: list[dict[str, Any]] = message.get("entities")
    return found


def test_every_repaired_character_knows_its_place() -> None:
    text, places = repaired("bis nächten Freiatg, ja", {"nächten": "nächsten", "freiatg": "freitag"})
    assert text == "bis nächsten freitag, ja"
    assert len(places) == len(text) + 1
    assert places[text.index("freitag")] == 12
    assert [places[text.index(", ja") + i] for i in range(5)] == [19, 20, 21, 22, 23]


@pytest.mark.parametrize(
    ("text", "slips", "kind", "value", "words"),
    [
        ("geht auch feitga?", {"feitga": "freitag"}, "date", "next:friday", "feitga"),
        ("noch drei Tgae länger", {"tgae": "tage"}, "date", "+3d", "noch drei Tgae länger"),
        ("appeal the refnud", {"refnud": "refund"}, "appeal_type", "refund", "refnud"),
    ],
)
def test_what_slips_had_hidden(text: str, slips: dict[str, str], kind: str, value: str, words: str) -> None:
    ((found),) = looked(text, slips)
    assert (found["entity"], found["value"]) == (kind, value)
    assert text[found["start"] : found["end"]] == words == found["text"]


def test_what_was_found_before_stays() -> None:
    order = {"entity": "order_id", "start": 0, "end": 8, "value": "FO-48213", "extractor": "OrderNumbers"}
    assert looked("FO-48213 bitte stornierne", {"stornierne": "stornieren"}, [order]) == [order]


def test_a_longer_reading_takes_the_place_of_a_shorter_one_of_its_kind() -> None:
    shorter = {"entity": "date", "start": 4, "end": 11, "value": "next:friday", "extractor": "Dates"}
    (found,) = looked("bis Freitag, den 4. Dezmber", {"dezmber": "dezember"}, [shorter])
    assert found["value"] == "12-04"


def test_a_message_without_slips_is_left_alone() -> None:
    message = Message({"text": "bis Freitag"})
    assert SecondLook({}).process([message])[0].get("entities") is None
