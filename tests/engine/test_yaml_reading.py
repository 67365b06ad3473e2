"""ruamel.yaml reads the same, and no longer the slower the more it has read."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.utils.io import read_yaml
from ruamel.yaml.resolver import VersionedResolver

from bot.engine import yaml_reading

ROOT = Path(__file__).parents[2]
KINDS = """
numbers: [1, -2, 0.5, 1e3, 0x1f, 0o17, 1_000, .inf, .nan]
words: [yes, No, on, true, False, null, ~, "", '12', "true", 2026-11-22, "12:30:00"]
at: 2026-11-22T10:00:00Z
set: ${LOTSE_OF_A_TEST}
mixed: [C-1, V-5531, "*", "-", +1, _x, ÄÖÜ, "❤", "a ${LOTSE_OF_A_TEST} b"]
"""


@pytest.mark.unit
def test_it_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTSE_OF_A_TEST", "eleven")
    as_always = read_yaml(KINDS)
    with yaml_reading.steady():
        steadily = read_yaml(KINDS)
    assert repr(steadily) == repr(as_always)


@pytest.mark.unit
def test_no_value_makes_the_next_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    original = VersionedResolver.resolve

    def counting(self: VersionedResolver, kind: object, value: str, implicit: object) -> object:
        tag = original(self, kind, value, implicit)
        tried.append(max(len(patterns) for patterns in self.versioned_resolver.values()))
        return tag

    monkeypatch.setattr(VersionedResolver, "resolve", counting)
    words = "words: [" + ", ".join(f"never{n}" for n in range(100)) + "]"
    with yaml_reading.steady():
        read_yaml(words)
    assert tried[-1] == tried[0]
    read_yaml(words)
    assert tried[-1] > 50, "ruamel.yaml has mended it: bot/engine/yaml_reading.py can go"


@pytest.mark.unit
def test_afterwards_everything_is_as_before() -> None:
    before = VersionedResolver.versioned_resolver
    with pytest.raises(ZeroDivisionError), yaml_reading.steady():
        raise ZeroDivisionError
    assert VersionedResolver.versioned_resolver is before


@pytest.mark.slow
def test_the_domain_is_the_same() -> None:
    with yaml_reading.steady():
        steadily = Domain.load([ROOT / "domain.yml", ROOT / "data" / "responses"])
    assert steadily.as_dict() == Domain.load([ROOT / "domain.yml", ROOT / "data" / "responses"]).as_dict()
