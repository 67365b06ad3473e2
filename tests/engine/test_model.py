"""When the model is trained anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine import model

pytestmark = pytest.mark.unit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("config.yml", "domain.yml", "data/nlu/de/a.yml", "bot/nlu/dates.py", "models/lotse.tar.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "models" / "lotse.fingerprint").write_text(model.fingerprint(tmp_path))
    return tmp_path


def test_a_model_of_these_sources_is_fresh(root: Path) -> None:
    assert model.is_fresh(root)
    assert model.ensure(pytest.fail, root) is False


@pytest.mark.parametrize("name", ["config.yml", "domain.yml", "data/nlu/de/a.yml", "bot/nlu/dates.py"])
def test_a_changed_source_makes_it_stale(root: Path, name: str) -> None:
    (root / name).write_text("changed")
    assert not model.is_fresh(root)


def test_a_new_a_missing_and_a_renamed_source_make_it_stale(root: Path) -> None:
    before = model.fingerprint(root)
    (root / "data/nlu/de/b.yml").write_text("")
    added = model.fingerprint(root)
    (root / "data/nlu/de/b.yml").rename(root / "data/nlu/de/c.yml")
    renamed = model.fingerprint(root)
    (root / "data/nlu/de/c.yml").unlink()
    assert len({before, added, renamed}) == 3
    assert model.fingerprint(root) == before


def test_what_python_leaves_behind_does_not_count(root: Path) -> None:
    before = model.fingerprint(root)
    (root / "bot/nlu/__pycache__").mkdir()
    (root / "bot/nlu/__pycache__/dates.pyc").write_text("x")
    assert model.fingerprint(root) == before


def test_no_model_is_stale(root: Path) -> None:
    (root / "models/lotse.tar.gz").unlink()
    assert not model.is_fresh(root)
    assert model.newest(root) is None


@pytest.mark.slow
@pytest.mark.integration
def test_what_cannot_be_trained_says_why_and_leaves_no_model(root: Path) -> None:
    (root / "config.yml").write_text("recipe: default.v1\npipeline: [{name: NoSuchComponent}]\npolicies: []\n")
    (root / "models/lotse.tar.gz").unlink()
    with pytest.raises(model.TrainingError, match="could not train"):
        model.ensure(lambda _line: None, root)
    assert model.newest(root) is None
