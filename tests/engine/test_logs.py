"""What the engine's processes log when something of ours breaks: where, never what people wrote."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

BROKEN = """
import structlog
from bot import logs

logs.configure("INFO", "rasa")

def answer(text):
    return 1 / len([])

try:
    answer(bytes([71, 69, 72, 69, 73, 77]).decode())
except ZeroDivisionError:
    structlog.get_logger("bot.x").exception("turn_failed", message="M-1")
"""


def test_a_traceback_has_no_values_of_variables() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN], capture_output=True, text=True, check=True)
    assert "GEHEIM" not in done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    logged = json.loads(line)
    assert (logged["event"], logged["message"], logged["level"]) == ("turn_failed", "M-1", "error")
    assert "ZeroDivisionError" in logged["exception"]
