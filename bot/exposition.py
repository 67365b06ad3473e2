"""The page that Prometheus reads, the same in all processes: `GET /metrics` with a key of its own."""

from __future__ import annotations

import hmac

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

__all__ = ["CONTENT_TYPE", "admits", "text"]


def admits(authorization: str, *keys: str) -> bool:
    """Whether an Authorization header brings one of these keys; an empty key fits nothing."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return False
    offered = given.strip().encode("utf-8", "replace")
    return any(hmac.compare_digest(offered, key.encode()) for key in keys if key)


def text() -> bytes:
    """Everything that this process counts, in Prometheus' text format."""
    return generate_latest(REGISTRY)
