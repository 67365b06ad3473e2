"""One try to send one message: signed as Standard Webhooks says, to a checked address, within a bounded time.

Nothing of the answer is kept but its status and Retry-After. Redirects are not followed: a registered address is meant.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from standardwebhooks import Webhook
from yarl import URL

from actions.backend.webhook_views import Try
from bot.gateway.webhooks.destinations import AddressRefused, Destinations, NameUnknown

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_READ = 16 * 1024  # bytes of an answer that are read away, so that the connection can be used again
_LONGEST_HEADER = 40


def signatures(secrets: Sequence[str], message_id: str, at: datetime, body: str) -> str:
    """The signatures by all valid secrets, as the header `webhook-signature` carries them; `at` in UTC."""
    return " ".join(Webhook(secret).sign(message_id, at, body) for secret in secrets)


class Sender:
    """Any number of tries at once. `now` is the clock that tries are noted by; signatures carry the real time."""

    def __init__(
        self,
        destinations: Destinations,
        plain: aiohttp.ClientSession,
        secure: aiohttp.ClientSession,
        now: Callable[[], datetime],
    ) -> None:
        self._destinations, self._now = destinations, now
        self._sessions = {"http": plain, "https": secure}

    async def send(self, url: str, secrets: Sequence[str], message_id: str, body: str, *, within: float = 0.0) -> Try:
        """Send it once; never raises for what is the receiver's. `within` seconds, if less than usual."""
        at, began = self._now(), time.monotonic()
        status, error, retry_after = await self._post(url, secrets, message_id, body, within)
        took = timedelta(seconds=time.monotonic() - began)
        return Try(0, "", at, took, status=status, error=error, retry_after=retry_after)

    async def _post(
        self, url: str, secrets: Sequence[str], message_id: str, body: str, within: float
    ) -> tuple[int | None, str | None, timedelta | None]:
        signed_at = datetime.now(UTC)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(signed_at.timestamp())),
            "webhook-signature": signatures(secrets, message_id, signed_at, body),
        }
        try:
            target = URL(url)
            session = self._sessions[target.scheme]
            request = session.post(target, data=body.encode(), headers=headers, allow_redirects=False)
            async with _limit(within), request as response:
                wish = _retry_after(response.headers.get("Retry-After")) if response.status >= 400 else None
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):  # the status is there, that is enough
                    await response.content.read(_READ)
                return response.status, None, wish
        except TimeoutError:
            return None, "timeout", None
        except (aiohttp.ClientError, OSError, ValueError, KeyError) as error:
            return None, reason(error), None


@contextlib.asynccontextmanager
async def open_sender(
    destinations: Destinations, *, connect: float, total: float, now: Callable[[], datetime]
) -> AsyncIterator[Sender]:
    """A sender whose tries take `total` seconds at most, of which `connect` for the connection."""
    timeout = aiohttp.ClientTimeout(total=total, sock_connect=connect, ceil_threshold=3600)

    def session(*, plain: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=destinations.connector(plain=plain),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
            headers={"User-Agent": "Lotse-Webhooks/1"},
            auto_decompress=False,
            trust_env=False,  # a proxy would connect to addresses that nobody checked
        )

    async with session(plain=True) as plain, session(plain=False) as secure:
        yield Sender(destinations, plain, secure, now)


def reason(error: BaseException) -> str:
    """Why there was no answer, in a word; never the error's text, which may quote the address."""
    cause = getattr(error, "os_error", None) or error.__cause__
    for found in (error, cause):
        if isinstance(found, AddressRefused):
            return "address_refused"
        if isinstance(found, NameUnknown):
            return "name_unknown"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "tls_failed"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "connect_failed"
    if isinstance(error, aiohttp.InvalidURL | ValueError | KeyError):
        return "url_invalid"
    return "connection_broken"


def _limit(within: float) -> contextlib.AbstractAsyncContextManager[object]:
    return asyncio.timeout(within) if within else contextlib.nullcontext()


def _retry_after(given: str | None) -> timedelta | None:
    """Seconds, or an HTTP date; None for anything else."""
    if not given or len(given) > _LONGEST_HEADER:
        return None
    if given.strip().isdecimal():
        return timedelta(seconds=min(int(given), 10**9))
    try:
        at = parsedate_to_datetime(given)
        return max(at - datetime.now(UTC), timedelta())
    except (ValueError, TypeError, OverflowError):
        return None
