"""Every call of docs/handover.md, run as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.gateway.conftest import OPERATOR, Start
from tests.gateway.test_handovers import DESK, DESK_KEY, handed_over
from tests.gateway.test_welcome_transcript_feedback import rated

DOCS = Path(__file__).parents[2] / "docs" / "handover.md"
CALLS = re.findall(r"^```sh\n(curl .*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
async def test_each_call_works_as_documented(start: Start) -> None:
    from actions.backend import Rating, Settled, SettledCase
    from actions.policy import Role

    async with start(desk=DESK, desk_key=DESK_KEY) as gateway:
        kim = gateway.person("kim")
        await kim.say("Hallo")
        await rated(gateway, "kim", Role.CUSTOMER, SettledCase("dispute", "D-1", Settled.WITHDRAWN), Rating.UP)
        environment = {
            **os.environ,
            "LOTSE": str(gateway.client.make_url("")).rstrip("/"),
            "LOTSE_DESK_KEY": DESK_KEY,
            "LOTSE_OPERATOR_KEY": OPERATOR,
            "HANDOVER": await handed_over(gateway),
            "TOKEN": kim.token,
            "no_proxy": "127.0.0.1",
        }
        answers = []
        for call in CALLS:
            process = await asyncio.create_subprocess_exec(
                "sh", "-c", call, env=environment, stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
            assert process.returncode == 0, call
            answers.append(output.decode())
    open_, one, said, closed, feedback, welcome, transcript = answers
    assert '"status":"waiting"' in open_ and '"sentence"' in one and '"agent":"Jana"' in said
    assert '"closed_by":"desk"' in closed and '"up":1' in feedback and '"automated":true' in welcome
    assert transcript.startswith("Dein Gespräch mit Lotse") and "Jana (Support)" in transcript
