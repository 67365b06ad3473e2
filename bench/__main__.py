"""`make bench`: everything in one run. Writes docs/performance.md, .json and docs/images/performance.svg.

Plain Rasa's environment and model are kept while unchanged. `ARGS=--fresh` makes them again, `ARGS=--short` only tries
everything out and writes nothing into docs/.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench import kept, machine, ours, report, stages
from bench.stock import environment, training
from bot.engine import model

DOCS = kept.ROOT / "docs"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="install and train plain Rasa again")
    parser.add_argument("--short", action="store_true", help="little of everything, into bench/.run")
    parser.add_argument(
        "--keep-models", action="store_true", help="take both models as they are, although data changed"
    )
    parser.add_argument("--stock-epochs", type=int, default=training.EPOCHS, help="train plain Rasa for so many epochs")
    parser.add_argument("--report-only", action="store_true", help="write the report again from the figures")
    arguments = parser.parse_args()
    if not arguments.report_only:
        figures = asyncio.run(_measure(arguments))
        _folder(arguments).mkdir(parents=True, exist_ok=True)
        _figures(arguments).write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    folder = _folder(arguments)
    report.write(json.loads(_figures(arguments).read_text(encoding="utf-8")), folder)
    _say(f"written: {folder.relative_to(kept.ROOT)}/performance.md")
    return 0


def _folder(arguments: argparse.Namespace) -> Path:
    return ours.FOLDER if arguments.short else DOCS


def _figures(arguments: argparse.Namespace) -> Path:
    return _folder(arguments) / "performance.json"


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


async def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    extent = stages.SHORT if arguments.short else stages.Extent()
    environment.ensure(_say, fresh=arguments.fresh)
    ours.ensure_environment(_say, fresh=arguments.fresh)
    trained = training.ensure(_say, fresh=arguments.fresh, keep=arguments.keep_models, epochs=arguments.stock_epochs)
    without_stories = training.without_stories(_say)
    if not arguments.keep_models:
        model.ensure(_say)
    described = machine.describe()
    figures: dict[str, Any] = {
        "machine": described,
        "versions": machine.both(ours.LOCK),
        "commit": kept.commit(),
        "extent": {"seconds": extent.seconds, "warm_up": extent.warm_up},
        "sizes_mib": ours.sizes(),
        "stock": {"training": trained},
        "lotse": {},
    }
    for name in ("stock", "lotse"):
        figures[name] |= await stages.load(name, extent, _say)
        kept.note(ours.FOLDER / "partial.json", figures)  # so that little is lost when something fails later
    _say("stock: once more, trained without stories")
    figures["stock_rules"] = await stages.load("stock", stages.aside(extent), _say, without_stories)
    figures["lotse"]["orders"] = await stages.orders(extent, _say)
    if model.is_fresh():  # otherwise `make run` would train first
        figures["lotse"]["make_run_s"] = await stages.make_run(extent, _say)
    kept.note(ours.FOLDER / "partial.json", figures)
    figures["lotse"]["training"] = ours.train(_say)
    return figures


if __name__ == "__main__":
    sys.exit(main())
