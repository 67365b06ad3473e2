"""Logs of all processes: one JSON object a line on standard error, with ids, never with words of people.

Ours are written from the configured level on; libraries from WARNING on, and Rasa's own events too: below that they are
full of what people wrote. So are the messages of exceptions (a value that could not be read is quoted), which is why a
traceback has the places and the kinds of the errors alone, unless the level is DEBUG.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, ExcInfo, WrappedLogger

OURS = ("bot", "actions")
_ROOT = f"{Path(__file__).resolve().parents[1]}/"
_MOST_FRAMES = 30
_ENCODER = msgspec.json.Encoder(enc_hook=str)


class _Other(structlog.WriteLogger):
    """Where events of libraries go that use structlog themselves."""


def configure(level: str, process: str) -> None:
    """Set up logging of this process; ``level`` is a name such as INFO, ``process`` is on every line."""
    quietly = level != "DEBUG"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _stamped,
        _named(process),
        structlog.processors.ExceptionRenderer(describe) if quietly else structlog.processors.format_exc_info,
    ]
    renderer = structlog.processors.JSONRenderer(_to_json)
    structlog.configure(
        processors=[_without_others, *shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=_logger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_without_addresses, *shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING if quietly else logging.DEBUG, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    warnings.simplefilter("ignore")  # libraries' deprecations are for developers: tests turn them into errors


def describe(exc_info: ExcInfo) -> str:
    """Where it happened and what kinds of errors it was, the cause first, without any message."""
    return "\n".join(_lines(exc_info[1], set()))


def _lines(error: BaseException | None, seen: set[int]) -> Iterator[str]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield from _lines(before, seen)
    for frame in traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]:
        yield f"{frame.filename.removeprefix(_ROOT)}:{frame.lineno} in {frame.name}"
    yield f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _lines(inner, seen)


def _to_json(event: EventDict, **_: Any) -> str:
    """One line. A text that UTF-8 cannot hold, such as half a surrogate pair, is escaped."""
    try:
        return _ENCODER.encode(event).decode()
    except (UnicodeEncodeError, TypeError):  # the latter: keys that JSON does not know
        return json.dumps(event, default=str)


def _stamped(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """As structlog's TimeStamper, in a third of the time: there are several lines a message."""
    event["timestamp"] = f"{datetime.now(UTC).isoformat(timespec='microseconds')[:-6]}Z"
    return event


def _named(process: str) -> structlog.typing.Processor:
    def add(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return add


def _logger(*names: Any) -> WrappedLogger:
    """Ours name their module, as Rasa does not."""
    ours = bool(names) and str(names[0]).split(".", 1)[0] in (*OURS, "__main__")
    return structlog.WriteLogger(sys.stderr) if ours else _Other(sys.stderr)


def _without_others(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Rasa tells every step of a conversation at level info and below."""
    if isinstance(logger, _Other) and method in ("debug", "info"):
        raise structlog.DropEvent
    return event


def _without_addresses(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """What aiohttp and asyncio put into their texts: addresses of people, and errors with their messages."""
    record: logging.LogRecord = event["_record"]
    if record.name.startswith("aiohttp"):
        event["event"] = str(record.msg)
    elif record.name == "asyncio":
        event["event"] = record.getMessage().partition("\n")[0]
    return event
