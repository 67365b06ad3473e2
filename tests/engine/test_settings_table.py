"""The README's table of settings is the settings."""

from __future__ import annotations

import pytest

from bot.engine.settings_table import README, table, with_table

pytestmark = pytest.mark.unit


def test_the_readme_lists_every_setting() -> None:
    readme = README.read_text(encoding="utf-8")
    assert with_table(readme) == readme, "run: python -m bot.engine.settings_table"


def test_the_secrets_of_development_are_not_printed() -> None:
    assert "development-operator-key" not in table()
