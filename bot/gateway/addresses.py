"""From which address a request comes: the peer's, or what a proxy of ours says in X-Forwarded-For.

Anybody can send that header. It is read from its end, and only as long as whoever added an entry is a trusted proxy:
the first address that is not one of them is the client's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import structlog
from aiohttp import web

from actions.backend.edge_settings import Network

log = structlog.get_logger(__name__)

_V6_SITE = 64  # bits; a household or a machine has all addresses below such a prefix
_UNKNOWN = "unknown"
_MOST_KEPT = 20_000


class Addresses:
    """Reads clients' addresses; ``trusted`` are the networks of our own proxies."""

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        self._trusted = tuple(trusted)
        self._known: dict[tuple[str, str], str] = {}
        self._warned = False

    def of(self, request: web.Request) -> str:
        """The client's address, of IPv6 the /64 network; ``unknown`` when there is none (a Unix socket)."""
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        asked = (request.remote or "", forwarded)
        found = self._known.get(asked)
        if found is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            found = self._known[asked] = self._find(*asked)
        return found

    def secure(self, request: web.Request) -> bool:
        """Whether the client speaks HTTPS, to us or to a trusted proxy."""
        if request.secure:
            return True
        proto = request.headers.get("X-Forwarded-Proto", "")
        return proto.lower() == "https" and self._trusts(_parsed(request.remote or ""))

    def _find(self, peer: str, forwarded: str) -> str:
        address = _parsed(peer)
        entries = [entry.strip() for entry in forwarded.split(",") if entry.strip()]
        if entries and not self._trusts(address) and not self._warned:
            self._warned = True  # once: anybody can send it
            log.warning("addresses.untrusted_proxy", consequence="X-Forwarded-For is ignored: LOTSE_TRUSTED_PROXIES")
        while entries and self._trusts(address):
            before = _parsed(entries.pop())
            if before is None:
                break  # what cannot be read says nothing; the proxy's own address stands for it
            address = before
        return _key(address)

    def _trusts(self, address: _Address | None) -> bool:
        return address is not None and any(
            address.version == network.version and address in network for network in self._trusted
        )


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _parsed(text: str) -> _Address | None:
    """An address, also with a port behind it as some proxies write it."""
    text = text.removeprefix("[").split("]")[0] if text.startswith("[") else text
    if text.count(":") == 1:
        text = text.split(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address


def _key(address: _Address | None) -> str:
    if address is None:
        return _UNKNOWN
    if address.version == 6:
        return str(ipaddress.ip_network((address, _V6_SITE), strict=False))
    return str(address)
