"""The document is valid, complete, and true: a stranger's tool that knows nothing else finds no failure."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from actions.backend import Backend
from bot.gateway.app import create_app
from bot.gateway.config import GatewayConfig
from tests.contract.conftest import Live

pytestmark = pytest.mark.contract

CONTRACT = {  # api.md
    ("put", "/v1/people/{role}/{id}"),
    ("put", "/v1/orders/{id}"),
    ("get", "/v1/orders/{id}"),
    ("get", "/v1/orders/{id}/events"),
    ("get", "/v1/orders/{id}/actions"),
    ("post", "/v1/orders/{id}/commands"),
    ("put", "/v1/infractions/{id}"),
    ("get", "/v1/infractions/{id}"),
    ("get", "/v1/sellers/{id}/appealable"),
    ("post", "/v1/appeals"),
    ("get", "/v1/appeals"),
    ("get", "/v1/appeals/{id}"),
    ("get", "/v1/appeals/{id}/events"),
    ("post", "/v1/appeals/{id}/commands"),
    ("post", "/v1/appeals/{id}/decision"),
    ("get", "/v1/evidence/{id}"),
    ("post", "/v1/chat/evidence"),
    ("get", "/v1/chat/appeals/{id}/deadlines.ics"),
    ("get", "/v1/chat/deadlines.ics"),
    ("get", "/v1/people/{role}/{id}/export"),
    ("delete", "/v1/people/{role}/{id}"),
    ("get", "/v1/ops/messages"),
    ("get", "/v1/handovers"),
    ("get", "/v1/handovers/{id}"),
    ("post", "/v1/handovers/{id}/messages"),
    ("post", "/v1/handovers/{id}/close"),
    ("get", "/v1/feedback"),
    ("get", "/v1/chat/welcome"),
    ("get", "/v1/chat/transcript"),
    ("get", "/v1/events"),
    ("post", "/v1/webhooks"),
    ("get", "/v1/webhooks"),
    ("get", "/v1/webhooks/{id}"),
    ("patch", "/v1/webhooks/{id}"),
    ("delete", "/v1/webhooks/{id}"),
    ("post", "/v1/webhooks/{id}/secret"),
    ("post", "/v1/webhooks/{id}/test"),
    ("post", "/v1/webhooks/{id}/resend"),
    ("get", "/v1/webhooks/{id}/deliveries"),
    ("post", "/v1/webhooks/{id}/deliveries/{seq}/resend"),
    ("get", "/v1/test-clock"),
    ("put", "/v1/test-clock"),
    ("delete", "/v1/test-clock"),
    ("post", "/v1/chat/messages"),
    ("get", "/v1/chat/messages"),
    ("get", "/v1/ops/overview"),
    ("get", "/health"),
    ("get", "/ready"),
}
# The document itself, and a WebSocket, which OpenAPI cannot describe (its description says how to speak to it).
UNDESCRIBED = {("get", "/v1/openapi.json"), ("get", "/v1/chat/live")}


@pytest.fixture(scope="module")
def document(live: Live) -> dict[str, Any]:
    with urllib.request.urlopen(f"{live.url}/v1/openapi.json") as response:
        return json.load(response)


def operations(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method, path) for path, methods in document["paths"].items() for method in methods}


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_it_has_every_call_of_the_contract(document: dict[str, Any]) -> None:
    assert operations(document) >= CONTRACT


async def test_every_route_is_described(document: dict[str, Any], tmp_path: Path) -> None:
    backend = await Backend.open(f"sqlite:///{tmp_path}/unused.db")
    app = create_app(GatewayConfig("k", "http://e", "http://a", "s"), backend)
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method in ("GET", "PUT", "POST", "DELETE", "PATCH")
    }
    await backend.close()
    api = {(method, path) for method, path in served if path.startswith("/v1/") or path in ("/health", "/ready")}
    assert api - UNDESCRIBED == operations(document)


def test_every_problem_is_a_problem_document(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if status >= "400" and (path, status) != ("/ready", "503"):
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("who", "which", "paths"),
    [  # the operator comes last, since it moves the clock
        ("person", "--include-path-regex", "^/v1/chat/(messages|seen|deadlines|welcome|transcript)"),
        ("seller", "--include-path-regex", "^/v1/(chat/(evidence|appeals|deadlines)|evidence)"),
        ("operator", "--exclude-path-regex", "^/v1/chat"),
    ],
)
async def test_schemathesis_finds_no_failure(live: Live, tmp_path: Path, who: str, which: str, paths: str) -> None:
    token = getattr(live, who)
    draft, filed, decided = live.appeals
    known = {  # what a stranger cannot guess: ids that are made here; and nobody whom others need is deleted
        "/v1/people/{role}/{id}": "somebody-else",
        "/v1/evidence/{id}": live.evidence,
        "/v1/chat/appeals/{id}/deadlines.ics": draft,
        "/v1/appeals/{id}/commands": filed,
        "/v1/appeals/{id}/decision": decided,
        **{f"/v1/handovers/{{id}}{call}": live.handovers[0] for call in ("", "/messages")},
        "/v1/handovers/{id}/close": live.handovers[1],
        **{f"/v1/webhooks/{{id}}/{call}": live.webhook for call in ("secret", "test", "resend", "deliveries")},
    }
    # The id is ours whatever was created before, so that another step may have deleted it.
    told = (
        "[[operations]]\ninclude-path = {}\nchecks.ensure_resource_availability.enabled = false\n"
        "parameters = {{ 'path.id' = {} }}\n"
    )
    config = "".join(told.format(json.dumps(path), json.dumps(id_)) for path, id_ in known.items())
    sent = told.replace(" }}", ", 'path.seq' = {} }}")
    config += sent.format('"/v1/webhooks/{id}/deliveries/{seq}/resend"', json.dumps(live.webhook), live.event)
    (tmp_path / "schemathesis.toml").write_text(config)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", "schemathesis.toml", "run", f"{live.url}/v1/openapi.json", which, paths),
        *("-H", f"Authorization: Bearer {token}"),
        *("--max-examples", "25", "--no-color"),
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.contract.images"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    report = output.decode(errors="replace")
    assert process.returncode == 0, report
    assert "No issues found" in report, report
    assert "Coverage" in report
    assert "Stateful" in report
