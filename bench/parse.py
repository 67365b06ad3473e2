"""What a model makes of sentences, in any environment with a Rasa: `python parse.py <model> <in.json> <out.json>`.

In: a list of texts. Out: for each the intent, the ranking and the entities as Rasa gives them. Imports nothing of ours,
so that plain Rasa's own environment can run it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent


async def parse(model: str, texts: list[str]) -> dict[str, Any]:
    """The parse results, and the CPU time of each in milliseconds (mean)."""
    agent = Agent.load(model)
    await agent.parse_message("hallo")
    began = time.process_time()
    found = [await agent.parse_message(text) for text in texts]
    spent = (time.process_time() - began) / len(texts) * 1000
    kept = ("intent", "intent_ranking", "entities", "language")
    return {"cpu_ms": spent, "parsed": [{key: result.get(key) for key in kept} for result in found]}


if __name__ == "__main__":
    _, model, source, target = sys.argv
    texts = json.loads(Path(source).read_text(encoding="utf-8"))
    Path(target).write_text(json.dumps(asyncio.run(parse(model, texts)), ensure_ascii=False), encoding="utf-8")
