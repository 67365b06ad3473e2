"""One id for everything that a request sets off, in the logs of all processes.

The gateway takes it from X-Request-ID or makes one, answers it, and hands it on to Rasa's channel; Rasa hands it on to
the actions. It lives in structlog's context variables and so is on every line that is logged meanwhile.
"""

from __future__ import annotations

import re
import secrets

import structlog

HEADER = "X-Request-ID"
_USABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def accepted(given: str | None) -> str:
    """The id that a caller gave, if it is 8 to 64 letters, digits, dots, dashes and underscores; else a new one."""
    if given is not None and _USABLE.fullmatch(given):
        return given
    return secrets.token_hex(8)


def current() -> str:
    """The id of what is going on; a new one for work that no request began."""
    bound = structlog.contextvars.get_contextvars().get("request_id")
    return bound if isinstance(bound, str) else secrets.token_hex(8)
