"""What the trained model makes of the held-out sentences. The bounds are what was reached, less a little.

They are no claim about unseen people: see `bot.nlu.evaluate` for what touched these sentences and what did not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.engine import model
from bot.nlu.evaluate import evaluate
from bot.nlu.scores import (
    Parsed,
    accuracy,
    calibration_error,
    entity_scores,
    language_scores,
    out_of_scope,
    report,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("model")]

CLEAN, DISTURBED = "as written", "10% of letters disturbed"


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[dict[str, list[Parsed]]]:
    model.ensure()
    path = model.newest()
    assert path is not None
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = asyncio.run(evaluate(path))
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        for title, parsed in found.items():
            print("\n" + report(parsed, title))
    yield found
    structlog.configure(**before)


@pytest.mark.parametrize(
    ("title", "least"),
    [(f"de, {CLEAN}", 0.93), (f"en, {CLEAN}", 0.95), (f"de, {DISTURBED}", 0.83), (f"en, {DISTURBED}", 0.85)],
)
def test_intents(results: dict[str, list[Parsed]], title: str, least: float) -> None:
    assert accuracy(results[title]) >= least


@pytest.mark.parametrize("language", ["de", "en"])
def test_confidences_can_be_believed(results: dict[str, list[Parsed]], language: str) -> None:
    assert calibration_error(results[f"{language}, {CLEAN}"]) <= 0.08


@pytest.mark.parametrize("language", ["de", "en"])
def test_entities(results: dict[str, list[Parsed]], language: str) -> None:
    scores = entity_scores(results[f"{language}, {CLEAN}"])
    assert {entity: f1 for entity, (_, _, f1, _) in scores.items() if f1 < 0.98} == {}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_language_is_told_or_left_open(results: dict[str, list[Parsed]], language: str) -> None:
    told, wrong = language_scores(results[f"{language}, {CLEAN}"])
    assert told >= 0.94
    assert wrong <= 0.01


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_is_out_of_scope_is_caught_without_turning_others_away(
    results: dict[str, list[Parsed]], language: str
) -> None:
    caught, false_alarms = out_of_scope(results[f"{language}, {CLEAN}"])
    assert caught >= 0.88
    assert false_alarms <= 0.03


def test_the_language_reaches_the_tracker() -> None:
    """`latest_message` of the action server is the parse result, so the language must be part of it."""
    path = model.newest()
    assert path is not None

    async def latest() -> dict[str, object]:
        from rasa.core.agent import Agent
        from rasa.shared.core.events import UserUttered
        from rasa.shared.core.trackers import DialogueStateTracker

        result = await Agent.load(str(path)).parse_message("wo bleibt denn mein Logo FO-48213?")
        tracker = DialogueStateTracker.from_events("me", [])
        tracker.update(UserUttered(result["text"], result["intent"], result["entities"], result))
        return tracker.current_state()["latest_message"]

    message = asyncio.run(latest())
    assert message["language"] == "de"
    assert [e["value"] for e in message["entities"]] == ["FO-48213"]  # type: ignore[attr-defined]
