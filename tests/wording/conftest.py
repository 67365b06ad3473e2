"""Shared by the tests of the texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.wording import Wording

ROOT = Path(__file__).parents[2]
RESPONSES = ROOT / "data" / "responses"


@pytest.fixture(scope="session")
def wording() -> Wording:
    """The texts as the gateway and the handlers load them."""
    return Wording.load(RESPONSES)
