"""One HTTP request with JSON, as blocking and as small as a test likes it."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from typing import Any

from tests.conversation import private

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
    as_text: bool = False,
) -> Response:
    """Send ``body``, bytes as they are and anything else as JSON, with ``token`` as bearer. Raises ``Unreachable``."""
    sent = {"Content-Type": "application/json", **(headers or {})}
    if not isinstance(body, bytes | None):
        body = json.dumps(body)
    if token:
        sent["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{method} {path}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if as_text:
        return Response(answer.status, content.decode())
    response = Response(answer.status, json.loads(content) if content else None)
    _remember(body, token, response)
    return response


def _remember(body: Any, token: str, response: Response) -> None:
    """So that the logs can be searched for it when the run is over."""
    private.note_secret(token)
    if isinstance(body, str):
        private.note(json.loads(body))
    if response.status < 400:
        private.note(response.body)


def upload(port: int, path: str, content: bytes, name: str, media_type: str, *, token: str) -> Response:
    """Send a file as the part ``file`` of a form, as a browser does. Raises ``Unreachable``."""
    edge = uuid.uuid4().hex
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {media_type}'
    body = f"--{edge}\r\n{head}\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    return call("POST", port, path, body, token=token, headers=headers)
