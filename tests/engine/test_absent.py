"""The stand-ins for what Rasa imports but Lotse never uses."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import rasa.nlu.classifiers.diet_classifier as diet
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data import visualization
from rasa.shared.exceptions import RasaException
from rasa.utils import plotting

from bot.engine import absent

pytestmark = pytest.mark.unit

needs_absence = pytest.mark.skipif(not absent.is_absent("tensorflow"), reason="the real TensorFlow is installed")


@needs_absence
def test_names_can_be_inherited_from_and_annotated_with() -> None:
    import tensorflow as tf  # type: ignore[import-untyped,unused-ignore]

    class Layer(tf.keras.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: tf.Tensor) -> tf.Tensor | None:
            return inputs

    assert not isinstance(3, tf.Tensor)
    with pytest.raises(RasaException, match="make tensorflow"):
        Layer()


@needs_absence
def test_using_something_says_what_is_missing() -> None:
    import tensorflow as tf  # type: ignore[import-untyped,unused-ignore]

    with pytest.raises(ImportError, match=r"tensorflow\.random\.set_seed was used, but .* goes without tensorflow"):
        tf.random.set_seed(1)


@needs_absence
def test_a_component_that_needs_tensorflow_says_so() -> None:
    with pytest.raises(RasaException, match="goes without"):
        diet.DIET({}, {}, [], False, {})


def test_absent_exceptions_can_be_caught() -> None:
    import pymongo.errors  # type: ignore[import-not-found,unused-ignore]

    with pytest.raises(KeyError):
        try:
            raise KeyError
        except pymongo.errors.ConnectionFailure:
            pass


def test_nobody_but_rasa_is_told_that_an_absent_package_exists() -> None:
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is not None)"
    if importlib.util.find_spec("tensorflow").origin != "absent":  # type: ignore[union-attr]
        pytest.skip("the real TensorFlow is installed")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rasa_is_silent_towards_its_makers_unless_told_otherwise() -> None:
    code = "import os; print(os.environ['RASA_TELEMETRY_ENABLED'])"
    env = {"PATH": "/usr/bin:/bin"}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True).stdout == b"false\n"


def test_a_package_that_is_there_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", ModuleType("keras"))
    assert absent.AbsentFinder().find_spec("keras.no_such_module", None) is None


@pytest.mark.skipif(absent.is_absent("matplotlib"), reason="only a developer's environment has matplotlib")
def test_rasa_test_draws_its_plots_with_what_is_installed(tmp_path: Path) -> None:
    plotting.plot_confusion_matrix(np.array([[3, 1], [0, 2]]), classes=["a", "b"], output_file=str(tmp_path / "m.png"))
    plotting.plot_paired_histogram([[0.2, 0.9], [0.4]], "confidence", str(tmp_path / "h.png"))
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("m.png", "h.png"))


def test_without_matplotlib_rasa_test_says_how_to_go_without_plots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the environment of `make run`: it is hidden, and Rasa's module is loaded once more."""
    look = PathFinder.find_spec

    def hide(name: str, *arguments: Any) -> ModuleSpec | None:
        return None if name.partition(".")[0] == "matplotlib" else look(name, *arguments)

    monkeypatch.setattr(PathFinder, "find_spec", hide)
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    spec = importlib.util.spec_from_file_location("plotting_without_matplotlib", plotting.__file__)
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    with pytest.raises(RasaException, match=r"matplotlib.* was used, but .*--no-plot.*make env"):
        fresh.plot_confusion_matrix(np.array([[1]]), classes=["a"], output_file=str(tmp_path / "m.png"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        del sys.modules[name]  # the stand-ins


def test_what_is_installed_is_told_from_what_has_a_stand_in() -> None:
    assert absent.is_installed("numpy")
    assert not absent.is_installed("no_such_package")
    assert not absent.is_installed("fbmessenger")


@pytest.mark.skipif(importlib.util.find_spec("networkx").origin != "absent", reason="the real networkx is installed")
def test_drawing_the_stories_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RasaException, match="install networkx"):
        visualization.visualize_stories([], Domain.empty(), str(tmp_path / "graph.html"), 2)
