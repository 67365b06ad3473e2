"""Links as evidence (W-12, Q22): https, a public host, and whether it is a carrier's. A link is never fetched.

Codes of EvidenceRefused: `link_invalid` (no link, or one that hides where it goes), `link_not_https`,
`link_not_public` (an address or a name that only some network knows).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from actions.backend.errors import EvidenceRefused

DEFAULT_CARRIER_HOSTS = (
    *("dhl.de", "dhl.com", "deutschepost.de", "hermesworld.com", "myhermes.de", "dpd.com", "dpd.de", "gls-group.com"),
    *("gls-group.eu", "gls-pakete.de", "ups.com", "fedex.com", "tnt.com", "usps.com", "amazon.de", "royalmail.com"),
    *("parcelforce.com", "evri.com", "yodel.co.uk", "post.at", "post.ch", "laposte.fr", "colissimo.fr", "postnl.nl"),
    *("chronopost.fr", "mondialrelay.fr", "bpost.be", "correos.es", "seur.com", "poste.it", "brt.it", "ctt.pt"),
    *("postnord.com", "postnord.se", "postnord.dk", "posti.fi", "inpost.pl", "poczta-polska.pl", "ceskaposta.cz"),
    *("packeta.com", "omniva.ee", "anpost.com", "cainiao.com", "ems.com.cn", "sf-express.com", "yanwen.com", "4px.com"),
    *("yunexpress.com", "japanpost.jp", "auspost.com.au", "canadapost.ca", "aramex.com"),
)
"""Hosts of shipping companies, with everything below them. Sites that only collect others' data are none."""

_LONGEST = 2000
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_UNREADABLE = re.compile(r"[\s\x00-\x1f\x7f\\<>\"`{}|^\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
# Names that are not public (RFC 6761, RFC 6762, RFC 8375, RFC 7686, ICANN's reserved ones) and common private ones.
_PRIVATE = frozenset(
    (
        *("localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan"),
        *("test", "example", "invalid", "onion", "alt", "arpa"),
    )
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be evidence; `carrier_listed`: its host is on the list of carriers, so that it is proof alone."""

    url: str
    carrier_listed: bool


def check_link(text: str, carrier_hosts: Collection[str]) -> Link:
    """Check a link as somebody wrote it; without a scheme it is taken as https. Raises EvidenceRefused."""
    url = text.strip()
    if not url or len(url) > _LONGEST or _UNREADABLE.search(url):
        raise EvidenceRefused("link_invalid", "this is not a link")
    if not re.match(r"[a-z][a-z0-9+.-]*:", url, re.IGNORECASE) or re.match(r"[\w.-]+:\d+(?:[/?#]|$)", url):
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise EvidenceRefused("link_invalid", str(error)) from error
    if parts.scheme != "https":
        raise EvidenceRefused("link_not_https", "only https is evidence")
    if "@" in parts.netloc or port not in (None, 443):
        raise EvidenceRefused("link_invalid", "a link names neither a person nor a port")
    host = _public(parts.hostname or "")
    listed = any(host == carrier or host.endswith(f".{carrier}") for carrier in map(str.lower, carrier_hosts))
    return Link(urlunsplit(("https", host, parts.path, parts.query, parts.fragment)), listed)


def _public(name: str) -> str:
    """The host in ASCII. No numbers: an address is nobody's site, and may be one of this network."""
    if not name:
        raise EvidenceRefused("link_invalid", "this names no host")
    try:
        host = name.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise EvidenceRefused("link_invalid", "this host cannot exist") from error
    labels = host.split(".")
    if ":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) or labels[-1] in _PRIVATE or len(labels) < 2:
        raise EvidenceRefused("link_not_public", "this host is not public")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise EvidenceRefused("link_invalid", "this host cannot exist")
    return host
