"""Let Rasa start without the packages it imports at the top but Lotse never uses.

Rasa 3.6 imports TensorFlow whenever it loads its list of components, whether or not the pipeline names one that needs
it: 1.8 of 2.5 GB on disk, more than half of the memory and of the start-up time, for nothing. The same holds, on a
smaller scale, for the client libraries of messengers and databases that Lotse does not talk to through Rasa.
`pyproject.toml` leaves these packages out, and this package stands in for them:

- only inside a process that has imported `rasa`, so nobody else is told that TensorFlow exists;
- only for packages that are really missing: it is asked last, so installing the real package (`make tensorflow`)
  is all it takes to have it back;
- names can be imported, inherited from, used in annotations and in `except`; anything that would *do* something raises
  an error of Rasa's own family, so that training or loading a component such as DIETClassifier or TEDPolicy ends with
  one line that says what is missing and how to get it.

`python -m bot.engine.absent` puts one `.pth` file into the environment, which calls `install()` at start-up.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

TENSORFLOW = frozenset({"tensorflow", "tensorflow_hub", "tensorflow_text", "tensorflow_addons", "keras"})
CLIENTS = frozenset({"aiogram", "boto3", "botocore", "fbmessenger", "pymongo", "slack_sdk", "twilio", "webexteamssdk"})
DRAWING = frozenset({"matplotlib", "networkx"})  # `rasa test` (where it is installed: `make env`), `rasa visualize`
ABSENT = TENSORFLOW | CLIENTS | DRAWING


def _error(name: str) -> Exception:
    """What to raise when `name` is used; Rasa prints its own exceptions as one line, others it wraps."""
    from rasa.shared.exceptions import RasaException

    class AbsentPackageError(RasaException, ImportError):
        """Something of a package that this environment goes without was used."""

    root = name.partition(".")[0]
    choice, remedy = "Choose a component or channel that does without", f"install {root} to use it"
    if root in TENSORFLOW:
        remedy = "`make tensorflow` installs it"
    elif root == "matplotlib":
        choice, remedy = "Leave the plots out (`rasa test --no-plot`)", "`make env` installs it"
    return AbsentPackageError(
        f"{name} was used, but this environment goes without {root} (see bot/engine/absent). {choice}, or {remedy}."
    )


class _Placeholder(type):
    """The type of every name taken from an absent package: fine to mention and to inherit from, an error to call."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _placeholder(f"{cls.__module__}.{cls.__qualname__}", name)

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        origin = next((base for base in cls.__mro__ if base.__module__.partition(".")[0] in ABSENT), cls)
        raise _error(f"{origin.__module__}.{origin.__qualname__}")


def _placeholder(owner: str, name: str) -> _Placeholder:
    bases = (Exception,) if name.endswith(("Error", "Exception", "Failure")) else ()
    return _Placeholder(name, bases, {"__module__": owner})


class _AbsentModule(ModuleType):
    """A module of an absent package; every public name in it is a placeholder."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _placeholder(self.__name__, name)


class _AbsentLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _AbsentModule(spec.name, f"Stands in for {spec.name}, which is not installed.")

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


class AbsentFinder(MetaPathFinder):
    """Finds modules of absent packages, for Rasa only, after everybody else has failed to."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root = fullname.partition(".")[0]
        if root not in ABSENT or "rasa" not in sys.modules:
            return None
        if root != fullname and not is_absent(root):
            return None  # A module that the real package does without.
        return ModuleSpec(fullname, _AbsentLoader(), origin="absent", is_package=True)


def is_absent(package: str) -> bool:
    """Whether `package`, once imported, is our stand-in."""
    return isinstance(sys.modules.get(package), _AbsentModule)


def is_installed(package: str) -> bool:
    """Whether the real `package` is there to be imported."""
    found = importlib.util.find_spec(package)
    return found is not None and found.origin != "absent"


def install() -> None:
    """Ask the finder last, once. Also, unless somebody says otherwise, Rasa tells its makers nothing, and an action
    server started by hand, which believes whatever it is sent, listens on loopback only."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("SANIC_HOST", "127.0.0.1")
    if not any(isinstance(finder, AbsentFinder) for finder in sys.meta_path):
        sys.meta_path.append(AbsentFinder())
