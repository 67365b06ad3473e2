"""docs/webhooks.md tells the truth: its receiver and its calls are run, its table has every type there is."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import ClientSession

from actions.backend import Event, appeal_notices, notices, webhook_types
from actions.policy import AppealCommand, OrderCommand
from bot.gateway.schemas.webhooks import TryOut, TypePattern
from tests.gateway.conftest import NOW, OPERATOR, Start
from tests.gateway.webhooks.conftest import LOOPBACK

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
SNIPPETS: dict[str, list[str]] = {}
for language, code in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL):
    SNIPPETS.setdefault(language, []).append(code)
LISTED = set(re.findall(r"^\| `(lotse\.[a-z_.<>]+)` \|", PAGE, re.MULTILINE))


def type_of(kind: str, data: dict[str, Any]) -> str:
    return webhook_types.type_of(Event(1, NOW, kind, None, data))


def known_types() -> set[str]:
    """Every type that the code can give."""
    orders = {command.name for command in get_args(OrderCommand)} | {"put_order"}
    appeals = {command.name for command in get_args(AppealCommand)} | {"draft", "edit", "attach_evidence", "warn"}
    subjects = {("infraction", "put_infraction"), *(("appeal", name) for name in appeals)}
    subjects |= set(webhook_types.OTHER_COMMANDS)
    return {
        webhook_types.TEST,
        *(type_of("change", {"command": name}) for name in orders),
        *(type_of("change", {"command": name, "subject": {"kind": kind, "id": "1"}}) for kind, name in subjects),
        *(f"lotse.handover.{what}" for what in ("requested", "message", "replied", "closed")),
        *(f"lotse.feedback.{what}" for what in ("given", "commented")),
        "lotse.person.erased",
    }


@pytest.mark.unit
def test_the_table_has_every_type() -> None:
    assert known_types() | {"lotse.notice.<code>"} == LISTED
    groups = {name.split(".")[1] for name in LISTED}
    assert groups == set(webhook_types.GROUPS)


@pytest.mark.unit
def test_every_type_can_be_asked_for() -> None:
    (meta,) = TypePattern.__metadata__
    codes = {f"lotse.notice.{code}" for code in (*notices.CODES, *appeal_notices.CODES)}
    for name in known_types() | codes | {"*", *(f"lotse.{group}.*" for group in webhook_types.GROUPS)}:
        assert re.match(meta.pattern, name), name


@pytest.mark.unit
def test_the_table_has_every_error() -> None:
    hint = TryOut.__annotations__["error"]
    for error in re.findall(r'"([a-z_]+)"', hint):
        assert f"`{error}`" in PAGE


@pytest.mark.unit
def test_names_of_types_and_subjects() -> None:
    change = {"command": "withdraw"}
    assert type_of("change", change) == "lotse.dispute.withdrawn"
    assert type_of("change", {**change, "subject": {"kind": "appeal", "id": "A-1"}}) == "lotse.appeal.withdrawn"
    assert type_of("notice", {"code": "cancel_request"}) == "lotse.notice.cancel_request"
    assert type_of("handover", {"type": "handover.closed"}) == "lotse.handover.closed"
    assert type_of("change", {"command": "something_new"}) == "lotse.order.something_new"
    for data, order_id, subject in (
        ({"subject": {"kind": "appeal", "id": "A-1"}}, "WO-1", "appeals/A-1"),
        ({"params": {"appeal_id": "A-1"}}, "WO-1", "appeals/A-1"),
        ({}, "FO-1", "orders/FO-1"),
        ({"handover_id": "H-1"}, None, "handovers/H-1"),
        ({"feedback_id": "F-1"}, None, "feedback/F-1"),
        ({}, None, None),
    ):
        assert webhook_types.subject_of(Event(1, NOW, "change", order_id, data)) == subject


async def shell(snippet: str, **env: str) -> list[Any]:
    """Run a snippet of curl calls as the page has it; what each answered."""
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("there is no bash or no curl on this machine")
    process = await asyncio.create_subprocess_exec(
        *("bash", "-ec", snippet),
        env={**os.environ, **env, "LOTSE_OPERATOR_KEY": OPERATOR, "no_proxy": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    decoder, text, found = json.JSONDecoder(), output.decode(), []
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


@pytest.mark.integration
async def test_the_receiver_of_the_page(start: Start, tmp_path: Path) -> None:
    register, try_it, failed, again, rotate = SNIPPETS["sh"]
    (code,) = SNIPPETS["python"]
    (tmp_path / "receiver.py").write_text(code)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    async with start(webhook_private=LOOPBACK, webhook_interval=0.05) as gateway:
        lotse = str(gateway.client.make_url("")).rstrip("/")
        (made,) = await shell(register, LOTSE=lotse, RECEIVER=url)
        env = {
            **os.environ,
            "WEBHOOK_SECRET": made["secret"],
            "WEBHOOK_DATABASE": str(tmp_path / "events.db"),
            "PORT": str(port),
        }
        receiver = await asyncio.create_subprocess_exec(
            sys.executable, "receiver.py", cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE
        )
        assert receiver.stdout is not None
        said = receiver.stdout
        try:
            await _listening(port)
            known = {"LOTSE": lotse, "WEBHOOK": made["webhook"]["id"]}
            (tested,) = await shell(try_it, **known)
            assert tested["delivered"], tested
            assert (await said.readline()).split()[:2] == [b"new", b"lotse.webhook.test"]
            await gateway.order("FO-1")
            await gateway.command("FO-1", "request_update", by="kim", text="Na?")
            assert (await said.readline()).decode() == "new lotse.order.updated orders/FO-1\n"
            assert (await said.readline()).decode() == "new lotse.dispute.opened orders/FO-1\n"
            first = next(event for event in await gateway.backend.events.after(0) if event.order_id == "FO-1")
            assert await shell(failed, **known) == [{"deliveries": [], "next": None}]
            one, all_after = await shell(again, **known, SEQ=str(first.seq))
            assert (one["status"], all_after["position"]) == ("waiting", first.seq)
            lines = sorted([await said.readline(), await said.readline()])
            assert lines == [b"known lotse.dispute.opened orders/FO-1\n", b"known lotse.order.updated orders/FO-1\n"]
            (rotated,) = await shell(rotate, **known)
            assert rotated["secret"] != made["secret"]
            await gateway.order("FO-2")
            assert (await said.readline()).decode() == "new lotse.order.updated orders/FO-2\n"
            async with ClientSession() as http, http.post(url, data=b"{}", headers={"webhook-id": "x"}) as forged:
                assert forged.status == 401
        finally:
            receiver.kill()
            await receiver.wait()
    rows = sqlite3.connect(tmp_path / "events.db").execute("SELECT type FROM events ORDER BY id").fetchall()
    assert len(rows) == 4


async def _listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return
