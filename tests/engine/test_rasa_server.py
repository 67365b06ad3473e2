"""Rasa's launcher without a model: what it checks before loading, which locks it takes, what each worker does."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sanic import Sanic

from actions.backend.settings import Settings
from bot import garbage, logs
from bot.engine import model, rasa_server
from bot.engine.locks import ForkedLockStore, LocalLockStore, RedisLockStore
from deploy.servers import free_ports

pytestmark = pytest.mark.integration


def settings(**env: str) -> Settings:
    return Settings.from_env({"LOTSE_INTERNAL_SECRET": "s", **env})


@pytest.mark.parametrize("place", [0, 1])
def test_a_port_that_is_taken_is_one_line_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: int
) -> None:
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(model, "newest", lambda: pytest.fail("a model was looked for"))
    first = free_ports(1, row=2)[0]
    port = first + place
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        env = {
            "LOTSE_PORT": "1",
            "LOTSE_ACTIONS_PORT": "2",
            "LOTSE_RASA_PORT": str(first),
            "LOTSE_RASA_WORKERS": str(1 + place),
            "LOTSE_INTERNAL_SECRET": "s",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        assert rasa_server.main() == 2
    said = capsys.readouterr().err
    assert said == f"LOTSE_RASA_PORT: port {port} on 127.0.0.1 cannot be used (Address already in use)\n"


async def test_workers_lock_conversations_among_themselves() -> None:
    redis = {"LOTSE_REDIS_URL": "redis://127.0.0.1:1"}
    for env, expected in (
        ({}, LocalLockStore),
        ({"LOTSE_RASA_WORKERS": "2"}, ForkedLockStore),
        ({"LOTSE_RASA_WORKERS": "2", **redis}, RedisLockStore),
        (redis, RedisLockStore),
    ):
        store = rasa_server.lock_store(settings(**env))
        assert type(store) is expected
        await store.close()


@pytest.mark.parametrize(("number", "forgets"), [(0, True), (1, False)])
async def test_one_worker_removes_old_conversations_and_all_close_what_they_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, forgets: bool
) -> None:
    done: list[str] = []

    class Part:
        def __init__(self, name: str) -> None:
            self.name = name

        async def start(self) -> None:
            done.append(f"{self.name} started")

        async def close(self) -> None:
            done.append(f"{self.name} closed")

        async def delete_silent_since(self, _at: float) -> None:
            done.append("removed")

    agent: Any = SimpleNamespace(
        action_endpoint=Part("actions"),
        tracker_store=Part("tracker"),
        lock_store=Part("locks"),
        processor=SimpleNamespace(model_filename=""),
    )
    monkeypatch.setattr(Sanic, "test_mode", True)  # two of a name in one process
    monkeypatch.setattr(garbage, "settle", lambda: None)
    app = rasa_server.create_app(settings(LOTSE_DATA_DIR=str(tmp_path)), agent, number)
    app.signal_router.finalize()
    await app._server_event("init", "before", asyncio.get_running_loop())
    await asyncio.sleep(0)
    await app._server_event("shutdown", "after", asyncio.get_running_loop())
    removed = ["removed"] if forgets else []
    assert done == ["actions started", *removed, "actions closed", "tracker closed", "locks closed"]
