"""Whose request it is when proxies stand in between, and when somebody only says so."""

from __future__ import annotations

import ipaddress

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.gateway.addresses import Addresses

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


class Transport:
    def __init__(self, peer: str) -> None:
        self.peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.peer, 1234) if name == "peername" else default


def address(peer: str, *forwarded: str, trusted: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> str:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    request = make_mocked_request("GET", "/", headers=CIMultiDict(headers), transport=Transport(peer))
    return Addresses(trusted).of(request)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),  # says so, but is no proxy of ours
        ("10.0.0.2", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.2", ("198.51.100.1, 10.3.3.3",), "198.51.100.1"),  # two proxies of ours
        ("10.0.0.2", ("192.0.2.9, 198.51.100.1",), "198.51.100.1"),  # the first was made up by the client
        ("10.0.0.2", ("192.0.2.9", "198.51.100.1"), "198.51.100.1"),  # the same in two headers
        ("10.0.0.2", (), "10.0.0.2"),
        ("10.0.0.2", ("nonsense",), "10.0.0.2"),
        ("10.0.0.2", ("198.51.100.1:4711",), "198.51.100.1"),
        ("10.0.0.2", ("[2001:db8:1:2:3::4]:4711",), "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.2", ("198.51.100.1",), "198.51.100.1"),
        ("fd00::1", ("2001:db8:1:2:aaaa::1",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::1", (), "2001:db8:1:2::/64"),
    ],
)
def test_the_address_is_that_of_the_first_who_is_no_proxy_of_ours(
    peer: str, forwarded: tuple[str, ...], expected: str
) -> None:
    assert address(peer, *forwarded, trusted=PROXIES) == expected


def test_without_proxies_the_header_says_nothing() -> None:
    assert address("127.0.0.1", "198.51.100.1", trusted=()) == "127.0.0.1"
