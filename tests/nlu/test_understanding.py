"""What the trained model makes of the held-out sentences. The bounds are what was reached, less a little.

They are no claim about unseen people: see `bot.nlu.evaluate` for what touched these sentences and what did not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
import structlog
from rasa.core.agent import Agent

from bot.engine import model
from bot.nlu.evaluate import DISTURBED, evaluate, evaluate_public
from bot.nlu.scores import (
    Parsed,
    accuracy,
    calibration_error,
    entity_scores,
    language_scores,
    out_of_scope,
    report,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CLEAN = "as written"

#: Said to "Shall I …?", and none of it a yes; to carry these out would be the worst mistake there is.
NO_YES = [
    "Was passiert, wenn ich ja sage?", "Ich sage noch nicht ja.", "Angenommen, ich würde jetzt ja sagen, was dann?",
    "Der Kunde hat „ja“ geschrieben, nicht ich", "noch nicht bestätigen bitte", "moment, noch nicht abschicken",
    "Wenn ich zustimme, kann ich es dann noch zurücknehmen?", "auf keinen Fall ja", "das bestätige ich so nicht",
    "er meinte „mach das“, ich will das aber nicht", "jein", "nicht ausführen",
    "What happens if I say yes?", "I'm not saying yes yet", "don't confirm it yet", "hold on, don't send that",
    "he wrote \"yes, go ahead\", I did not", "suppose I agreed, what then?", "I would say yes if I had the money back",
    "if I say yes, can I still take it back?", "definitely not a yes", "please do not go through with it",
]  # fmt: skip
#: Supposed, quoted or denied: nothing of it asks for what its verb says.
NO_COMMAND = [
    "Was wäre, wenn ich den Auftrag stornieren würde?", "Ich will nicht stornieren.",
    "Der Verkäufer schrieb: „Ich storniere das.“",
    "bitte noch keinen Widerspruch einreichen", "Angenommen, ich ziehe den Widerspruch zurück, was passiert dann?",
    "ich hab nie gesagt dass ich zwangsstornieren will", "Falls ich die Stornierung ablehne, was dann?",
    "What if I cancelled the order?", "I don't want to cancel.", "The seller said \"I'll cancel it\".",
    "do not file an appeal yet", "suppose I took the appeal back, what would happen?",
    "I never said I want to force cancel",
    "if I declined the cancellation, what then?",
]  # fmt: skip
COMMANDS = {
    "request_cancellation", "force_cancellation", "request_extension", "withdraw_dispute", "accept_request",
    "decline_request", "submit_appeal", "withdraw_appeal",
}  # fmt: skip


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    model.ensure()
    path = model.newest()
    assert path is not None
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield Agent.load(str(path))
    structlog.configure(**before)


@pytest.fixture(scope="module")
def results(agent: Agent) -> dict[str, list[Parsed]]:
    return asyncio.run(evaluate(agent))


@pytest.mark.parametrize(
    ("title", "least"),
    [(f"de, {CLEAN}", 0.963), (f"en, {CLEAN}", 0.974), (f"de, {DISTURBED}", 0.943), (f"en, {DISTURBED}", 0.95)],
)
def test_intents(
    results: dict[str, list[Parsed]], title: str, least: float, record_property: pytest.RecordProperty
) -> None:
    record_property(f"report: {title}", report(results[title], title))
    assert accuracy(results[title]) >= least


@pytest.mark.parametrize("language", ["de", "en"])
def test_confidences_can_be_believed(results: dict[str, list[Parsed]], language: str) -> None:
    assert calibration_error(results[f"{language}, {CLEAN}"]) <= 0.08


@pytest.mark.parametrize("language", ["de", "en"])
def test_entities(results: dict[str, list[Parsed]], language: str) -> None:
    scores = entity_scores(results[f"{language}, {CLEAN}"])
    assert {entity: f1 for entity, (_, _, f1, _) in scores.items() if f1 < 0.98} == {}


@pytest.mark.parametrize("language", ["de", "en"])
def test_entities_of_misspelled_messages(results: dict[str, list[Parsed]], language: str) -> None:
    _, _, f1, _ = entity_scores(results[f"{language}, {DISTURBED}"])["all"]
    assert f1 >= 0.96


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_language_is_told_or_left_open(results: dict[str, list[Parsed]], language: str) -> None:
    told, wrong = language_scores(results[f"{language}, {CLEAN}"])
    assert told >= 0.97
    assert wrong <= 0.005


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_is_out_of_scope_is_caught_without_turning_others_away(
    results: dict[str, list[Parsed]], language: str
) -> None:
    caught, false_alarms = out_of_scope(results[f"{language}, {CLEAN}"])
    assert caught >= 0.95
    assert false_alarms <= 0.03


def test_wishes_for_anything_else_are_mostly_caught(agent: Agent) -> None:
    found = asyncio.run(evaluate_public(agent))
    caught = [p.intent in ("out_of_scope", "nlu_fallback") for parsed in found.values() for p in parsed]
    assert sum(caught) / len(caught) >= 0.92


def parsed(agent: Agent, texts: list[str]) -> dict[str, tuple[str, float]]:
    """Intent and confidence by sentence."""

    async def all_of_them() -> dict[str, tuple[str, float]]:
        found = {text: (await agent.parse_message(text))["intent"] for text in texts}
        return {text: (intent["name"], intent["confidence"]) for text, intent in found.items()}

    return asyncio.run(all_of_them())


def test_supposing_quoting_and_denying_mostly_say_no_yes(agent: Agent) -> None:
    """What is heard as a yes all the same is stopped by its words (actions/handlers/answers.py, `_DOUBTFUL`)."""
    heard = {text: found for text, found in parsed(agent, NO_YES).items() if found[0] == "affirm"}
    assert len(heard) <= 0.35 * len(NO_YES), heard


def test_supposing_quoting_and_denying_mostly_begin_nothing(agent: Agent) -> None:
    """What begins all the same asks for a yes first; nothing is written."""
    begun = {text: found for text, found in parsed(agent, NO_COMMAND).items() if found[0] in COMMANDS}
    assert len(begun) <= 0.6 * len(NO_COMMAND), begun


def test_the_language_reaches_the_tracker(agent: Agent) -> None:
    """`latest_message` of the action server is the parse result, so the language must be part of it."""

    async def latest() -> dict[str, object]:
        from rasa.shared.core.events import UserUttered
        from rasa.shared.core.trackers import DialogueStateTracker

        result = await agent.parse_message("wo bleibt denn mein Logo FO-48213?")
        tracker = DialogueStateTracker.from_events("me", [])
        tracker.update(UserUttered(result["text"], result["intent"], result["entities"], result))
        return tracker.current_state()["latest_message"]

    message = asyncio.run(latest())
    assert message["language"] == "de"
    assert [e["value"] for e in message["entities"]] == ["FO-48213"]  # type: ignore[attr-defined]
