"""Where events may be sent: to addresses of the internet, and to private networks that were allowed by name.

A name is looked up here and every address it has is checked, when a receiver is registered and with each connection.
The last check stands where the socket is made, with the very address that is then connected to: a name that answers
differently the second time (DNS rebinding), a literal address, or one in disguise comes no further.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from actions.backend.edge_settings import Network

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp: TypeAlias = Callable[[str], Sequence[str]]

_LOOK_UPS = 32  # threads; each name is looked up once at a time, so one receiver takes one of them
_LOOK_UP_WITHIN = 5.0
_KEEP_ALIVE = 2.0  # seconds; less than servers keep an idle connection, so that none is used that just ends
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure: metadata and platform, though the address is a public one
        "192.0.0.0/24",  # protocol assignments; a metadata service of one cloud
        "192.88.99.0/24",  # 6to4 relays
        "2001:db8::/32",  # documentation
        "3fff::/20",
        "2002::/16",  # 6to4 and Teredo wrap any IPv4 address
        "2001::/32",
        "fec0::/10",  # site-local
    )
)


class AddressRefused(OSError):
    """An address that events may not be sent to."""


class NameUnknown(OSError):
    """A name without an address."""


def look_up(host: str) -> Sequence[str]:
    """All addresses of a name, as the system knows them. OSError without any."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


class Destinations:
    """`private`: networks that are allowed besides the internet, and in which also http:// is."""

    def __init__(self, private: Sequence[Network] = (), look_up: LookUp = look_up) -> None:
        self._private, self._look_up = tuple(private), look_up
        self._threads = ThreadPoolExecutor(_LOOK_UPS, "webhook-names")
        self._running: dict[str, asyncio.Future[Sequence[str]]] = {}

    def allows(self, address: str, *, plain: bool) -> bool:
        """Whether this address may be sent to, `plain` (http) or by https."""
        try:
            found = unwrapped(ipaddress.ip_address(address))
        except ValueError:  # with a zone (fe80::1%eth0): link-local
            return False
        if any(found.version == network.version and found in network for network in self._private):
            return True
        return not plain and is_public(found)

    async def check(self, url: URL) -> None:
        """Raises AddressRefused or NameUnknown for a URL that may not be sent to."""
        if url.host is None or url.scheme not in ("https", "http"):
            raise AddressRefused(f"{url.scheme}:// is not sent to")
        await self.addresses(url.host, plain=url.scheme == "http")

    async def addresses(self, host: str, *, plain: bool) -> Sequence[str]:
        """The addresses of a host, all of them allowed. Raises AddressRefused or NameUnknown."""
        try:
            found: Sequence[str] = [str(ipaddress.ip_address(host))]
        except ValueError:
            found = await self._named(host)
        for address in found:
            if not self.allows(address, plain=plain):
                raise AddressRefused(_refusal(plain))
        return found

    def connector(self, *, plain: bool) -> aiohttp.TCPConnector:
        """Makes connections to allowed addresses only; needs a running event loop."""

        def checked(info: tuple[Any, ...]) -> socket.socket:
            family, kind, protocol, _, address = info
            if not self.allows(str(address[0]), plain=plain):
                raise AddressRefused(_refusal(plain))
            return socket.socket(family, kind, protocol)

        return aiohttp.TCPConnector(
            limit=0,  # bounded by the workers: so many at once for each receiver
            resolver=_Resolver(self, plain=plain),
            use_dns_cache=False,
            socket_factory=checked,
            keepalive_timeout=_KEEP_ALIVE,
        )

    def close(self) -> None:
        """End the threads that look names up, without waiting for a slow one."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _named(self, host: str) -> Sequence[str]:
        running = self._running.get(host)
        if running is None:
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._threads, functools.partial(self._look_up, host))
            self._running[host] = running
            running.add_done_callback(lambda _: self._running.pop(host, None))
        try:
            async with asyncio.timeout(_LOOK_UP_WITHIN):
                found = await asyncio.shield(running)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise NameUnknown("the name has no address, or its servers do not answer") from error
        if not found:
            raise NameUnknown("the name has no address")
        return found


class _Resolver(AbstractResolver):
    """What aiohttp asks for the addresses of a name."""

    def __init__(self, destinations: Destinations, *, plain: bool) -> None:
        self._destinations, self._plain = destinations, plain

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._destinations.addresses(host, plain=self._plain)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """The threads belong to the destinations."""


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that stands for it (mapped, or NAT64)."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(address.packed[-4:])
    return address


def is_public(address: Address) -> bool:
    """An address of the internet: not private, loopback, link-local, carrier's (CGNAT), unique local, reserved."""
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _refusal(plain: bool) -> str:
    why = "http:// is for private networks that are allowed" if plain else "a private or reserved address"
    return f"{why} (LOTSE_WEBHOOK_PRIVATE)"
