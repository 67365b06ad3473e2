"""Public keys of the marketplace: a JWKS file or URL, refreshed now and then and when a token names an unknown key."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import jwt
import msgspec
import structlog
from yarl import URL

from bot.gateway.identity import UnknownKey, VerificationKey
from bot.gateway.problems import unavailable

log = structlog.get_logger(__name__)

# Only asymmetric algorithms: a symmetric key in a published set would let anybody sign.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA"}
)
_MAX_BYTES = 256 * 1024
_CHUNK = 16 * 1024
_REDIRECTIONS = 3


class Source(Protocol):
    """Where the key set is read from."""

    async def read(self) -> bytes:
        """The JWKS document. Raises ``OSError``, ``aiohttp.ClientError``, or ``ValueError`` when it is too
        large or redirected to where it must not be read."""


class FileSource:
    """A JWKS file, replaced in place on rotation."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self) -> bytes:
        return await asyncio.to_thread(self._path.read_bytes)


class UrlSource:
    """A JWKS URL. Redirections are followed, but never from https to http: there anybody could answer."""

    def __init__(self, url: str, http: aiohttp.ClientSession, timeout: float = 5.0) -> None:
        self._url = url
        self._http = http
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def read(self) -> bytes:
        url = URL(self._url)
        for _ in range(_REDIRECTIONS + 1):
            async with self._http.get(
                url, timeout=self._timeout, raise_for_status=True, allow_redirects=False
            ) as response:
                if not 300 <= response.status < 400:
                    return await _content(response)
                target = url.join(URL(response.headers.get("Location", "")))
            if url.scheme == "https" and target.scheme != "https":
                raise ValueError("redirected away from https")
            url = target
        raise ValueError(f"more than {_REDIRECTIONS} redirections")


async def _content(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):  # read() alone gives only what has arrived
        content += chunk
        if len(content) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES} bytes")
    return bytes(content)


class Jwks:
    """A cached key set.

    Read again after ``max_age`` seconds, and at once for an unknown ``kid``, but at most every ``min_interval``
    seconds, so that tokens with invented key names cannot make us hammer the marketplace. When reading fails, the keys
    known so far stay in use.
    """

    def __init__(self, source: Source, *, max_age: float = 600.0, min_interval: float = 30.0) -> None:
        self._source = source
        self._max_age = max_age
        self._min_interval = min_interval
        self._keys: dict[str | None, VerificationKey] = {}
        self._read_at = -float("inf")
        self._tried_at = -float("inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None) -> VerificationKey:
        """The key named ``kid``; without a name, the only key of the set. Raises ``UnknownKey`` or ``Problem`` 503."""
        if time.monotonic() - self._read_at > self._max_age or self._pick(kid) is None:
            await self._refresh()
        if not self._keys:
            raise unavailable("identity_unavailable", "the marketplace's public keys cannot be read")
        found = self._pick(kid)
        if found is None:
            raise UnknownKey(kid)
        return found

    def _pick(self, kid: str | None) -> VerificationKey | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        async with self._lock:
            if time.monotonic() - self._tried_at < self._min_interval:
                return
            self._tried_at = time.monotonic()
            try:
                keys = _parse(await self._source.read())
            except (OSError, aiohttp.ClientError, TimeoutError, ValueError) as error:
                log.warning("jwks.unreadable", error=type(error).__name__)
                return
            self._keys = keys
            self._read_at = time.monotonic()
            log.info("jwks.read", keys=len(keys))


def _parse(content: bytes) -> dict[str | None, VerificationKey]:
    try:
        document: Any = msgspec.json.decode(content)
        entries = list(document["keys"])
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise ValueError("no JWKS document") from error
    keys: dict[str | None, VerificationKey] = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("kty") == "oct" or entry.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            continue  # a key that is damaged, or of a kind that we do not know, must not hide the others
        if key.algorithm_name in ALGORITHMS:
            keys[key.key_id] = VerificationKey(key, (key.algorithm_name,))
    return keys
