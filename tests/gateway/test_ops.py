"""The overview for whoever is on call, and the files of the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from actions.wording import Wording
from bot.gateway.views import ops
from tests.gateway.conftest import NOW, OPERATOR, Gateway
from tests.gateway.penalties import drafted, infraction

FOLDER = Path(ops.__file__).resolve().parents[2] / "ops"


async def test_the_overview_shows_what_is_open_refused_and_waiting(frozen: Gateway) -> None:
    for number in (1, 2):
        await frozen.order(f"FO-{number}")
    await frozen.command("FO-2", "request_cancellation", by="kim", text="Geheimes Anliegen")
    await frozen.command("FO-1", "request_update", by="kim", text="Geheimes Anliegen")
    for _ in range(2):
        assert (await frozen.command("FO-1", "force_cancel", by="kim", text="")).status in (409, 422)
    await infraction(frozen)
    appeal = await drafted(frozen)
    submitted = await frozen.operate(
        "POST", f"/v1/appeals/{appeal['id']}/commands", {"command": "submit"}, **{"Idempotency-Key": "k-submit"}
    )
    assert submitted.status == 200, await submitted.text()
    assert (await frozen.command("FO-2", "force_cancel", by="kim")).status == 409
    await frozen.backend.refusals.flush()
    response = await frozen.operate("GET", "/v1/ops/overview?hours=1&limit=10")
    assert response.status == 200
    body = await response.json()
    assert body["at"].startswith(NOW.strftime("%Y-%m-%dT%H:%M"))
    assert body["open_disputes"] == 2
    assert {dispute["order_id"] for dispute in body["disputes"]} == {"FO-1", "FO-2"}
    due = [dispute["due_at"] for dispute in body["disputes"]]
    assert due == sorted(due, key=lambda at: (at is None, at))
    assert not any(dispute["overdue"] for dispute in body["disputes"])
    assert body["open_appeals"] == 1
    assert [one["id"] for one in body["appeals"]] == [appeal["id"]]
    refused = {(one["rule"], one["command"]): one for one in body["refusals"]}
    assert refused[("M-27", "force_cancel")]["count"] >= 1
    assert refused[("M-27", "force_cancel")]["last_subject"] in ("FO-1", "FO-2")
    assert {part["name"] for part in body["parts"]} >= {"database", "rasa", "actions", "sweeper"}
    assert body["outbox"]["failing"] == 0
    assert body["webhooks"]["endpoints"] == 0
    assert "Geheimes" not in await response.text(), "deadlines and rules, no words of people"


async def test_it_is_the_operators_alone(gateway: Gateway) -> None:
    for token in ("wrong", gateway.person("kim").token, OPERATOR[:-1]):
        response = await gateway.client.get("/v1/ops/overview", headers={"Authorization": f"Bearer {token}"})
        assert response.status == 401
    assert (await gateway.client.get("/v1/ops/overview")).status == 401


@pytest.mark.parametrize("path", ["/ops", "/ops/ops.js", "/ops/tables.js", "/ops/ops.css", "/ops/texts.js"])
async def test_the_page_runs_nothing_but_its_own_files(gateway: Gateway, path: str) -> None:
    response = await gateway.client.get(path)
    assert response.status == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = await response.text()
    assert OPERATOR not in text
    if path == "/ops":
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", text)
    if path.endswith(".js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|localStorage", text)


def test_every_text_of_the_page_exists_and_none_is_left_over() -> None:
    wording = Wording.load(Path(__file__).parents[2] / "data" / "responses")
    texts = {name.removeprefix("ops_") for name in wording.texts if name.startswith("ops_")}
    sources = "".join((FOLDER / name).read_text() for name in ("ops.js", "tables.js", "index.html"))
    said = set(re.findall(r'(?:say|leave)\(\s*"(\w+)"', sources)) | set(re.findall(r'data-text="(\w+)"', sources))
    for listed in re.findall(r"const head = \[([^\]]*)\]", sources):
        said |= set(re.findall(r'"(\w+)"', listed))
    said |= set(re.findall(r'\? "(\w+)" : "', sources)) | set(re.findall(r'\? "\w+" : "(\w+)"', sources))
    words = {name for name in texts if name.split("_")[0] in ("kind", "role", "status")}
    assert texts - words <= said
    assert {name for name in said if name not in texts} <= {"de", "en"}
    for name in texts:
        keys = {
            locale: {key for _, key, _, _ in Formatter().parse(wording.texts[f"ops_{name}"][locale]) if key}
            for locale in ("de", "de-formal", "en")
        }
        assert keys["de"] == keys["de-formal"] == keys["en"], name
