"""One line a message for every process of the engine; quiet about what Rasa's dependencies deprecate."""

from __future__ import annotations

import logging
import sys
import warnings

import structlog

FORMAT = "%(levelname)s %(name)s: %(message)s"

CHATTY = (
    "aiosqlite",
    "apscheduler",
    "asyncio",
    "matplotlib",
    "rasa.core.processor",
    "rasa_sdk.executor",
    "sanic.access",
)


def configure(level: str) -> None:
    """Log to standard error; the supervisor adds who said it, and keeps it."""
    logging.basicConfig(level=level, format=FORMAT, force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Rasa's structured logs have the person's words and slots in them at debug level: nobody needs them in operation.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(max(logging.WARNING, logging.root.level)),
        # Its own choice shows the values of all variables of a traceback, where a library that does so is installed.
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    warnings.simplefilter("ignore")
