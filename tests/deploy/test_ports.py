"""Ports for the stacks of tests and benches: whoever was given one opens it seconds later, and nobody was faster."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import servers

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.integration

ASK = "import json, sys; from deploy.servers import free_ports; print(json.dumps(free_ports(40, row=2)), flush=True)"


def test_no_two_processes_are_given_the_same() -> None:
    command = [sys.executable, "-c", f"{ASK}; sys.stdin.read()"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)
    ]
    given: list[int] = []
    for process in processes:  # all live until all have answered
        assert process.stdout is not None
        given += json.loads(process.stdout.readline())
    for process in processes:
        process.communicate("", timeout=30)
    assert len({port for first in given for port in (first, first + 1)}) == 4 * 40 * 2


def test_outgoing_connections_do_not_take_them() -> None:
    if not servers._OUTGOING.exists():
        pytest.skip("the system does not say which ports are for outgoing connections")
    lowest, highest = map(int, servers._OUTGOING.read_text().split())
    if (lowest - servers._LOWEST) + (65_535 - highest) < 1_000:
        pytest.skip("nearly all ports are for outgoing connections here")
    given = servers.free_ports(20, row=2)
    assert all(not lowest <= port <= highest for first in given for port in (first, first + 1))


def test_a_row_is_free_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    port = servers.free_ports(1, row=4)[0]
    monkeypatch.setattr(servers, "_given", set())
    monkeypatch.setattr(servers, "_shuffled", lambda row: [port, port + 1, port + 2])
    with socket.socket() as held:
        held.bind(("127.0.0.1", port + 1))
        held.listen()
        assert servers.free_ports(1, row=2) == [port + 2]
        with pytest.raises(OSError, match="no 1 ports are free"):
            servers.free_ports(1, row=2)


def test_where_every_port_is_for_outgoing_connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    everything = tmp_path / "range"
    everything.write_text("1024\t65535\n")
    monkeypatch.setattr(servers, "_OUTGOING", everything)
    assert len(servers.free_ports(3)) == 3
