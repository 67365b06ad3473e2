"""Events go to the internet and to allowed networks, nowhere else: whatever a name answers, however it is written."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from bot.gateway.webhooks.destinations import AddressRefused, Destinations, NameUnknown
from bot.gateway.webhooks.sender import open_sender
from tests.gateway.webhooks.receivers import Receiver

PRIVATE = (
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # RFC 1918
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "::1", "::"),  # loopback, this host
    *("169.254.169.254", "169.254.170.2", "fe80::1", "fe80::1%eth0"),  # link-local, metadata of clouds
    *("100.64.0.1", "100.100.100.200", "100.127.255.255"),  # CGNAT; metadata of one cloud
    *("fc00::1", "fd00:ec2::254", "fdff::1", "fec0::1"),  # unique local, metadata, site-local
    *("168.63.129.16", "192.0.0.192", "192.0.0.1"),  # platform addresses of clouds
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),  # IPv4 in IPv6
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::"),  # NAT64, 6to4, Teredo
    *("224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255", "240.0.0.1"),  # multicast, broadcast, reserved
    *("192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8::1", "3fff::1"),  # documentation, benchmarks
)
PUBLIC = (
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
)


def answering(*answers: Sequence[str]) -> Callable[[str], Sequence[str]]:
    """A name server whose answers change from one question to the next; the last one stays."""
    left = list(answers)

    def look_up(_: str) -> Sequence[str]:
        found = left.pop(0) if len(left) > 1 else left[0]
        if not found:
            raise OSError("no such name")
        return found

    return look_up


@pytest.mark.unit
@pytest.mark.parametrize("address", PRIVATE)
async def test_private_addresses_are_refused_literally_and_behind_a_name(address: str) -> None:
    destinations = Destinations(look_up=answering([address]))
    assert not destinations.allows(address, plain=False)
    with pytest.raises(AddressRefused):
        await destinations.check(URL("https://hooks.shop.example/x"))
    mixed = Destinations(look_up=answering(["8.8.8.8", address]))
    with pytest.raises(AddressRefused):
        await mixed.check(URL("https://hooks.shop.example/x"))
    if "%" not in address:
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(AddressRefused):
            await destinations.check(URL(f"https://{host}/x"))


@pytest.mark.unit
@pytest.mark.parametrize("address", PUBLIC)
async def test_addresses_of_the_internet_are_sent_to_by_https_only(address: str) -> None:
    destinations = Destinations(look_up=answering([address]))
    await destinations.check(URL("https://hooks.shop.example/x"))
    with pytest.raises(AddressRefused):
        await destinations.check(URL("http://hooks.shop.example/x"))


@pytest.mark.unit
async def test_allowed_networks_are_sent_to_also_by_http() -> None:
    networks = (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd12::/16"))
    for address, allowed in (("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("fd12::5", True), ("10.2.0.1", False)):
        destinations = Destinations(networks, answering([address]))
        assert destinations.allows(address, plain=True) is destinations.allows(address, plain=False) is allowed
    assert Destinations(networks).allows("8.8.8.8", plain=False)
    assert not Destinations(networks).allows("8.8.8.8", plain=True)


@pytest.mark.unit
@pytest.mark.parametrize("url", ["https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://localhost/"])
async def test_disguised_loopback_is_refused(url: str) -> None:
    with pytest.raises((AddressRefused, NameUnknown)):
        await Destinations().check(URL(url))


@pytest.mark.unit
async def test_names_without_an_address_are_unknown() -> None:
    for answer in ((), ["not an address"]):
        with pytest.raises((NameUnknown, AddressRefused)):
            await Destinations(look_up=answering(answer)).check(URL("https://hooks.shop.example/"))


@pytest.mark.unit
async def test_a_slow_name_is_asked_once_and_delays_no_other() -> None:
    asked: list[str] = []
    answered = threading.Event()

    def look_up(host: str) -> Sequence[str]:
        asked.append(host)
        if host.startswith("slow"):
            answered.wait(5)
        return ["8.8.8.8"]

    destinations = Destinations(look_up=look_up)
    slow = [asyncio.create_task(destinations.addresses("slow.example", plain=False)) for _ in range(50)]
    await asyncio.sleep(0)
    assert await destinations.addresses("quick.example", plain=False) == ["8.8.8.8"]
    answered.set()
    await asyncio.gather(*slow)
    assert asked.count("slow.example") == 1
    destinations.close()


@pytest.mark.integration
async def test_a_name_that_moves_after_registration_is_refused_when_sending(receiver: Receiver) -> None:
    """DNS rebinding: public when registered, loopback when a connection is made."""
    destinations = Destinations(look_up=answering(["93.184.216.34"], ["127.0.0.1"]))
    port = URL(receiver.url).port
    url = f"https://hooks.shop.example:{port}/hooks"
    await destinations.check(URL(url))
    async with open_sender(destinations, connect=1.0, total=1.0, now=lambda: datetime.now(UTC)) as sender:
        tried = await sender.send(url, ["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"], "evt_1", "{}")
    assert (tried.status, tried.error) == (None, "address_refused")
    assert receiver.received == []


@pytest.mark.integration
async def test_the_socket_is_checked_whatever_the_resolver_said(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking up and connecting there is no second look: the address of the socket itself is what counts."""
    destinations = Destinations()

    async def fooled(host: str, *, plain: bool) -> Sequence[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(destinations, "addresses", fooled)
    async with open_sender(destinations, connect=1.0, total=1.0, now=lambda: datetime.now(UTC)) as sender:
        secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
        for url in (f"http://shop.example:{URL(receiver.url).port}/hooks", receiver.url):
            tried = await sender.send(url, [secret], "evt_1", "{}")
            assert (tried.status, tried.error) == (None, "address_refused")
    assert receiver.received == []


@pytest.mark.integration
async def test_an_allowed_name_is_connected_to_under_its_name(
    new_receiver: Callable[..., Awaitable[Receiver]],
) -> None:
    receiver = await new_receiver(secret="whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz")
    destinations = Destinations((ipaddress.ip_network("127.0.0.0/8"),), answering(["127.0.0.1"]))
    url = f"http://hooks.shop.example:{URL(receiver.url).port}/hooks"
    async with open_sender(destinations, connect=1.0, total=1.0, now=lambda: datetime.now(UTC)) as sender:
        tried = await sender.send(url, [receiver.secret], "evt_1", "{}")
    assert tried.ok and receiver.received[0].headers["host"].startswith("hooks.shop.example:")


@pytest.mark.integration
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.shop.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.shop.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    unlocked = serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, unlocked))
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    asked: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request)
        return web.Response()

    server = TestServer(web.Application(), scheme="https")
    server.app.router.add_post("/", answer)
    await server.start_server(ssl=context)
    destinations = Destinations((ipaddress.ip_network("127.0.0.0/8"),), answering(["127.0.0.1"]))
    try:
        async with open_sender(destinations, connect=2.0, total=2.0, now=lambda: datetime.now(UTC)) as sender:
            url = f"https://hooks.shop.example:{server.port}/"
            tried = await sender.send(url, ["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"], "evt_1", "{}")
    finally:
        await server.close()
    assert (tried.status, tried.error, asked) == (None, "tls_failed", [])
