"""What stands in deploy/ fits the code: settings, modules, packages, files. No container is built here."""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import setuptools
import yaml

from actions.backend.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
IMAGES = {"gateway": "gateway", "actions": "actions", "rasa": "runtime"}  # each with its lock
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
CADDY = {"LOTSE_SITE", "LOTSE_BIND"} | {
    f"LOTSE_{name}" for name in ("GATEWAYS", "RASAS", "ACTIONS", "RASA_SITE", "ACTIONS_SITE")
}

pytestmark = pytest.mark.unit


def instructions(image: str) -> list[tuple[str, str]]:
    """(instruction, argument) of every line of a Containerfile, continued lines joined, comments left out."""
    text = (DEPLOY / f"Containerfile.{image}").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(found[1], found[2]) for line in lines.splitlines() if (found := re.match(r"([A-Z]+) (.*)", line))]


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def named_settings(text: str) -> set[str]:
    return set(re.findall(r"\bLOTSE_[A-Z_]+\b", text))


def test_every_setting_named_exists() -> None:
    known = {setting.metadata["name"] for setting in SETTINGS}
    for path in (*DEPLOY.glob("Containerfile.*"), *DEPLOY.glob("compose*"), *(DEPLOY / "systemd").iterdir()):
        named = named_settings(path.read_text(encoding="utf-8"))
        assert named <= known | CADDY, path.name


def test_the_balancer_is_told_everything_it_asks_for() -> None:
    asked = named_settings((DEPLOY / "Caddyfile").read_text(encoding="utf-8"))
    assert asked == CADDY
    assert asked == set(compose()["services"]["balancer"]["environment"])


def test_the_balancers_file_is_valid() -> None:
    env = {**os.environ, **{name: "http://127.0.0.1:1" for name in CADDY if name.endswith("SITE")}}
    env |= {"LOTSE_RASA_SITE": "http://127.0.0.1:2", "LOTSE_ACTIONS_SITE": "http://127.0.0.1:3"}
    env |= {"LOTSE_GATEWAYS": "a:1 b:1", "LOTSE_RASAS": "a:2 b:2", "LOTSE_ACTIONS": "a:3 b:3"}
    caddy = Path(sys.executable).with_name("caddy")
    command = [str(caddy), "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_pinned_and_not_root(image: str) -> None:
    found = instructions(image)
    assert re.search(r":3\.11\.\d+-", dict(found)["ARG"])
    lock = IMAGES[image]
    assert any(f"--require-hashes requirements/{lock}.lock" in what for name, what in found if name == "RUN")
    names = [name for name, _ in found]
    assert dict(found)["USER"] == "lotse"
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "COPY")


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_gets_files_that_exist_and_are_not_left_out(image: str) -> None:
    let_in = {
        line[1:] for line in (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    for name, what in instructions(image):
        if name == "COPY" and not what.startswith("--from"):
            for source in what.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in let_in, source


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_the_texts_that_people_read(image: str) -> None:
    """In its last stage; Rasa's, too, which runs the actions where there is no action server."""
    found = instructions(image)
    last = max(at for at, (name, _) in enumerate(found) if name == "FROM")
    assert ("COPY", "data/responses data/responses") in found[last:]


IMPORTED = """
import importlib, json, pkgutil, sys, warnings
warnings.simplefilter("ignore")
missing, wanted = json.loads(sys.argv[1]), sys.argv[2:]

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in missing:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Absent())
for name in wanted:
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(package, "__path__", ()), name + "."):
        if "migrations" not in found.name and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
"""


@pytest.mark.parametrize(
    ("image", "modules"),
    [
        ("gateway", ("bot.gateway.__main__", "bot.gateway", "actions.backend", "actions.backend.migrate")),
        ("actions", ("bot.engine.action_server", "actions.handlers", "actions.backend")),
    ],
)
def test_a_process_starts_with_the_packages_of_its_image_alone(image: str, modules: tuple[str, ...]) -> None:
    """Everything that its lock does not name is taken away; the gateway's knows nothing of Rasa."""
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / f"requirements/{image}.lock").read_text(), re.MULTILINE))
    vendored = {path.name.split(".")[0] for path in (Path(setuptools.__file__).parent / "_vendor").iterdir()}
    missing = [
        top
        for top, providers in packages_distributions().items()
        if top not in vendored  # setuptools has its own of these
        and not {re.sub(r"[._]", "-", name.lower()) for name in providers} & (locked | {"lotse"})
    ]
    assert {"rasa", "numpy", "pytest"} <= set(missing)
    command = [sys.executable, "-c", IMPORTED, json.dumps(missing), *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_compose_hangs_together() -> None:
    found = compose()
    services = found["services"]
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            assert other in services
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in found["volumes"] or (DEPLOY / source).exists(), volume
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve().is_file()
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
    env = services["balancer"]["environment"]
    for key, port in (("LOTSE_GATEWAYS", "8080"), ("LOTSE_RASAS", "8081"), ("LOTSE_ACTIONS", "8082")):
        for address in env[key].split():
            host, _, given = address.partition(":")
            assert host in services
            assert given == port
    assert [name for name, service in services.items() if service.get("ports")] == ["balancer"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_module_that_exists_with_few_rights(path: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    service = unit["Service"]
    assert importlib.util.find_spec(service["ExecStart"].split(" -m ")[1]) is not None
    assert service["User"] == "lotse"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"


def test_the_action_servers_are_known_to_who_would_run_the_actions_otherwise() -> None:
    """Without the address Rasa would run them itself, and the servers would idle."""
    for name in ("rasa", "gateway"):
        unit = (DEPLOY / "systemd" / f"lotse-{name}@.service").read_text(encoding="utf-8")
        assert "LOTSE_ACTIONS_URL=http://127.0.0.1:8082" in unit
    services = compose()["services"]
    for name, service in services.items():
        if name.startswith(("rasa", "gateway")):
            assert service["environment"]["LOTSE_ACTIONS_URL"] == "http://balancer:8082", name


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """With a program that exists in the place of ours."""
    for path in (*UNITS, DEPLOY / "systemd" / "lotse.target"):
        text = path.read_text(encoding="utf-8").replace("/opt/lotse/.venv/bin/python", "/usr/bin/env")
        name = path.name
        for kind, port in (("gateway", 8080), ("rasa", 8081), ("actions", 8082)):
            name = name.replace(f"lotse-{kind}@.", f"lotse-{kind}@{port}.")
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "lotse" in line]
    assert not ours
