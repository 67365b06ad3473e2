"""What the engine's processes log when something of ours breaks: where, never what people wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta

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

ODD = r"""
import pathlib
import structlog
from bot import logs

logs.configure("INFO", "rasa")
structlog.get_logger("bot.x").info("half", text="a\ud800", path=pathlib.Path("/x"))
structlog.get_logger("bot.x").info("whole", text="ä", numbers={1: (2, None)})
"""


def test_a_line_is_json_whatever_is_in_it() -> None:
    done = subprocess.run([sys.executable, "-c", ODD], capture_output=True, text=True, check=True)
    half, whole = (json.loads(line) for line in done.stderr.splitlines())
    assert (half["event"], half["text"], half["path"]) == ("half", "a\ud800", "/x")
    assert (whole["text"], whole["numbers"], whole["process"]) == ("ä", {"1": [2, None]}, "rasa")
    assert datetime.fromisoformat(whole["timestamp"]).utcoffset() == timedelta(0)


def test_a_traceback_has_no_values_of_variables() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN], capture_output=True, text=True, check=True)
    assert "GEHEIM" not in done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    logged = json.loads(line)
    assert (logged["event"], logged["message"], logged["level"]) == ("turn_failed", "M-1", "error")
    assert "ZeroDivisionError" in logged["exception"]
