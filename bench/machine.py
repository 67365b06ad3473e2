"""What machine and which versions a measurement was made with; no name of a host, no path."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench.stock import environment

_SHOWN = ("rasa", "rasa-sdk", "tensorflow", "sanic", "sqlalchemy", "numpy", "scikit-learn", "aiohttp")


def describe() -> dict[str, Any]:
    """Cores, memory, processor, system, interpreter; how busy it was."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "processor": model[1].strip() if model else platform.machine(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load_before": round(os.getloadavg()[0], 2),
    }


def versions(lock: Path) -> dict[str, str]:
    """The versions of what matters most, from a lock."""
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([^ \\;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))
    return {name: pinned[name] for name in _SHOWN if name in pinned}


def both(ours: Path) -> dict[str, dict[str, str]]:
    """The versions of both sides."""
    return {"stock": versions(environment.LOCK), "lotse": versions(ours)}
