"""One HTTP request with JSON, as blocking and as small as a test likes it."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

TIMEOUT = 40.0  # seconds; the gateway itself answers within 10


class Unreachable(Exception):
    """Nobody answered."""


@dataclass(frozen=True)
class Response:
    """Status and decoded JSON of an answer."""

    status: int
    body: Any


def call(
    method: str,
    port: int,
    path: str,
    body: Any = None,
    *,
    token: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """Send ``body`` as JSON with ``token`` as bearer. Raises ``Unreachable``."""
    sent = {"Content-Type": "application/json", **(headers or {})}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{method} {path}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()
    return Response(answer.status, json.loads(content) if content else None)
