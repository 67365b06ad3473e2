"""Public keys in production: from a file or a URL, rotated, cached, and never confused with a secret."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from bot.gateway.jwks import UrlSource
from tests.gateway.conftest import JWT_SECRET, Start
from tests.gateway.test_identity import claims, knock, signed, unsigned


class Published:
    """A marketplace that publishes its keys at a URL or in a file, and rotates them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.private: dict[str, Any] = {}
        self.reads = 0
        self.broken = False
        self.piecemeal = False

    def rotate(self, kid: str, key: Any, algorithm: str, *, keep: bool = False) -> None:
        if not keep:
            self.private.clear()
        self.private[kid] = (key, algorithm)
        self.path.write_text(json.dumps(self.document()))

    def document(self) -> dict[str, Any]:
        keys = []
        for kid, (key, algorithm) in self.private.items():
            jwk = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
            keys.append({**jwk, "kid": kid, "use": "sig", "alg": algorithm})
        secret = {"kty": "oct", "kid": "secret", "k": base64.urlsafe_b64encode(JWT_SECRET.encode()).decode()}
        damaged = {"kty": "RSA", "kid": "damaged", "n": 5, "e": None, "alg": "RS256"}
        return {"keys": [damaged, *keys, secret, {"kty": "unheard of", "kid": "odd"}]}

    def token(self, kid: str | None, key: Any = None, algorithm: str | None = None) -> str:
        own_key, own_algorithm = self.private.get(kid or "", next(iter(self.private.values())))
        return signed(key or own_key, algorithm or own_algorithm, headers={"kid": kid} if kid else None)

    async def serve(self, request: web.Request) -> web.Response:
        self.reads += 1
        if self.piecemeal:
            return await self._piecemeal(request)
        return web.Response(status=500) if self.broken else web.json_response(self.document())

    async def _piecemeal(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        content = json.dumps(self.document()).encode()
        for part in (content[:100], content[100:]):
            await response.write(part)
            await asyncio.sleep(0.05)
        return response


@pytest.fixture
def published(tmp_path: Path) -> Published:
    made = Published(tmp_path / "jwks.json")
    made.rotate("one", rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256")
    return made


@pytest.fixture
async def jwks_url(published: Published) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/keys", published.serve)
    async with TestServer(app) as server:
        yield str(server.make_url("/keys"))


async def test_public_keys_of_a_file_and_their_rotation(start: Start, published: Published) -> None:
    async with start(production=True, jwks=str(published.path)) as gateway:
        old = published.token("one")
        assert await knock(gateway, old) == 200
        assert await knock(gateway, published.token(None)) == 200, "one key only: no kid needed"
        assert await knock(gateway, signed()) == 401, "the shared secret is for development"
        assert await knock(gateway, signed(headers={"kid": "secret"})) == 401, "a symmetric key in the set is ignored"
        assert await knock(gateway, unsigned()) == 401
        await expire_cache()
        published.rotate("two", ec.generate_private_key(ec.SECP256R1()), "ES256")
        assert await knock(gateway, published.token("two")) == 200
        assert await knock(gateway, old) == 401, "the old key is gone"


async def expire_cache() -> None:
    """Wait as long as a file is not read again."""
    await asyncio.sleep(1.05)


async def test_public_keys_of_a_url_are_cached(start: Start, published: Published, jwks_url: str) -> None:
    async with start(production=True, jwks=jwks_url) as gateway:
        token = published.token("one")
        assert [await knock(gateway, token) for _ in range(5)] == [200] * 5
        assert published.reads == 1
        assert [await knock(gateway, published.token("invented")) for _ in range(5)] == [401] * 5
        assert published.reads == 1, "invented key names make no traffic within the pause"
        public = published.private["one"][0].public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        confused = ".".join(_hs256_with(pem))
        assert await knock(gateway, confused) == 401, "a public key is no shared secret"


def _hs256_with(secret: bytes) -> tuple[str, str, str]:
    def encode(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    header = encode(json.dumps({"alg": "HS256", "kid": "one"}).encode())
    payload = encode(json.dumps(claims()).encode())
    signature = hmac.new(secret, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    return header, payload, encode(signature)


async def test_public_keys_that_arrive_in_pieces(start: Start, published: Published, jwks_url: str) -> None:
    published.piecemeal = True
    async with start(production=True, jwks=jwks_url) as gateway:
        assert await knock(gateway, published.token("one")) == 200


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A server's, for 127.0.0.1, signed by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keys")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    file = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("secure", [True, False], ids=["to https", "to http"])
async def test_a_redirection_stays_with_https(
    published: Published, jwks_url: str, tls: ssl.SSLContext, secure: bool
) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound("/keys" if secure else jwks_url)

    app = web.Application()
    app.router.add_get("/", elsewhere)
    app.router.add_get("/keys", published.serve)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=tls)
    connector = aiohttp.TCPConnector(ssl=False)  # whoever signed it
    async with aiohttp.ClientSession(connector=connector) as http:
        source = UrlSource(str(server.make_url("/")), http)
        if secure:
            assert json.loads(await source.read()) == published.document()
        else:
            with pytest.raises(ValueError, match="https"):
                await source.read()
            assert published.reads == 0
    await server.close()


async def test_a_redirection_without_end(published: Published) -> None:
    async def around(request: web.Request) -> web.Response:
        published.reads += 1
        raise web.HTTPFound("/")

    app = web.Application()
    app.router.add_get("/", around)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        with pytest.raises(ValueError, match="redirections"):
            await UrlSource(str(server.make_url("/")), http).read()
    assert published.reads < 10


async def test_keys_that_cannot_be_read(start: Start, published: Published, jwks_url: str) -> None:
    published.broken = True
    async with start(production=True, jwks=jwks_url) as gateway:
        response = await gateway.client.get(
            "/v1/chat/messages", headers={"Authorization": f"Bearer {published.token('one')}"}
        )
        assert (response.status, (await response.json())["code"]) == (503, "identity_unavailable")
        assert "Retry-After" in response.headers


async def test_production_without_public_keys_accepts_nobody(start: Start) -> None:
    async with start(production=True) as gateway:
        assert await knock(gateway, signed()) == 401
