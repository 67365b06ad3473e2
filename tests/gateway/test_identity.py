"""Who gets in: operator keys, tokens, and everything that is neither."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.gateway.identity import person_of, same_key
from bot.gateway.problems import Problem
from tests.gateway.conftest import JWT_SECRET, OPERATOR, Gateway, Start

OPERATOR_CALLS = (
    ("PUT", "/v1/people/customer/kim"),
    ("PUT", "/v1/orders/FO-1001"),
    ("GET", "/v1/orders/FO-1001"),
    ("GET", "/v1/orders/FO-1001/events"),
    ("GET", "/v1/orders/FO-1001/actions?role=customer&actor_id=kim"),
    ("POST", "/v1/orders/FO-1001/commands"),
    ("GET", "/v1/events"),
    ("GET", "/v1/test-clock"),
    ("PUT", "/v1/test-clock"),
    ("DELETE", "/v1/test-clock"),
)
PERSON_CALLS = (("POST", "/v1/chat/messages"), ("GET", "/v1/chat/messages"))


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, changed; a change to ... leaves the claim out."""
    now = int(time.time())
    made = {"sub": "kim", "role": "customer", "aud": "lotse", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in made.items() if value is not ...}


def signed(
    key: Any = JWT_SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A token with these claims, valid or not."""
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def unsigned() -> str:
    """A token with ``alg: none``."""
    parts = ({"alg": "none", "typ": "JWT"}, claims())
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


async def knock(gateway: Gateway, token: str) -> int:
    response = await gateway.client.get("/v1/chat/messages", headers={"Authorization": f"Bearer {token}"})
    if response.status != 200:
        assert response.content_type == "application/problem+json"
    if response.status == 401:
        assert (await response.json())["code"] == "unauthorized"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    return response.status


NO_KEYS = ("", "Bearer", "Bearer ", "Basic abc", f"Token {OPERATOR}", f"Bearer {OPERATOR}x", f"Bearer {OPERATOR[:-1]}")


@pytest.mark.parametrize("authorization", [None, *NO_KEYS], ids=lambda value: repr(value)[:24])
async def test_nobody_gets_in_without_a_key(gateway: Gateway, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in (*OPERATOR_CALLS, *PERSON_CALLS):
        response = await gateway.client.request(method, path, json={}, headers=headers)
        assert (method, path, response.status) == (method, path, 401)


async def test_a_person_is_no_operator(gateway: Gateway) -> None:
    for method, path in OPERATOR_CALLS:
        response = await gateway.client.request(method, path, json={}, headers={"Authorization": f"Bearer {signed()}"})
        assert (method, path, response.status) == (method, path, 401)


async def test_an_operator_is_no_person(gateway: Gateway) -> None:
    for method, path in PERSON_CALLS:
        assert (await gateway.operate(method, path, {})).status == 401


async def test_a_token_that_was_good_ends(gateway: Gateway) -> None:
    token = signed(exp=int(time.time()) + 2)
    assert [await knock(gateway, token) for _ in range(2)] == [200, 200]
    await asyncio.sleep(2.1)
    assert await knock(gateway, token) == 401


async def test_a_good_token_gets_in(gateway: Gateway) -> None:
    assert await knock(gateway, signed()) == 200
    assert (
        await knock(gateway, signed(role="seller", iss="market", locale="de-AT", name="Kim", zoneinfo="Asia/Tokyo"))
        == 200
    )
    assert await knock(gateway, signed(aud=["other", "lotse"])) == 200


BAD = {
    "no exp": {"exp": ...},
    "no iat": {"iat": ...},
    "no sub": {"sub": ...},
    "no aud": {"aud": ...},
    "no role": {"role": ...},
    "expired": {"exp": int(time.time()) - 1},
    "from the future": {"iat": int(time.time()) + 3600},
    "other audience": {"aud": "shop"},
    "unknown role": {"role": "platform"},
    "role as list": {"role": ["customer"]},
    "empty sub": {"sub": ""},
    "blank sub": {"sub": "  "},
    "sub with a line break": {"sub": "kim\n"},
    "sub with NUL": {"sub": "k\x00m"},
    "endless sub": {"sub": "k" * 256},
    "exp as bool": {"exp": True},
    "exp without end": {"exp": float("inf")},
    "iat is not a number": {"iat": float("nan")},
    "iss not a string": {"iss": 7},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
async def test_claims_that_are_refused(gateway: Gateway, changes: dict[str, Any]) -> None:
    try:
        token = signed(**changes)
    except TypeError:  # the library does not even sign it
        with pytest.raises(Problem):
            person_of(claims(**changes))
        return
    assert await knock(gateway, token) == 401


async def test_signatures_that_are_refused(gateway: Gateway) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = signed()
    header, payload, signature = good.split(".")
    tokens = {
        "alg none": unsigned(),
        "other secret": signed("another-secret-that-is-also-long-enough-for-it"),
        "other algorithm": signed(JWT_SECRET + JWT_SECRET, "HS512"),
        "RS256 in development": signed(private, "RS256"),
        "no signature": f"{header}.{payload}.",
        "changed payload": f"{header}.{payload[:-2]}AA.{signature}",
        "two parts": f"{header}.{payload}",
        "no token": "x",
        "umlaut": "ü.ü.ü",
    }
    assert {name: await knock(gateway, token) for name, token in tokens.items()} == dict.fromkeys(tokens, 401)


UPLOADS_AND_FILES = (
    ("POST", "/v1/chat/evidence"),
    ("GET", "/v1/evidence/E-1"),
    ("GET", "/v1/chat/deadlines.ics"),
    ("GET", "/v1/chat/appeals/A-1/deadlines.ics"),
    ("POST", "/v1/chat/seen"),
)


@pytest.mark.parametrize("kind", ["expired", "other audience", "forged", "alg none"])
async def test_no_path_takes_a_bad_token(gateway: Gateway, kind: str) -> None:
    token = {
        "expired": signed(exp=int(time.time()) - 1),
        "other audience": signed(aud="shop"),
        "forged": signed("another-secret-that-is-also-long-enough-for-it"),
        "alg none": unsigned(),
    }[kind]
    headers = {"Authorization": f"Bearer {token}"}
    for method, path in (*PERSON_CALLS, *UPLOADS_AND_FILES):
        response = await gateway.client.request(method, path, json={}, headers=headers)
        assert (method, path, response.status) == (method, path, 401)


def test_an_empty_operator_key_fits_nothing() -> None:
    assert not same_key("", "")
    assert same_key("a", "a")
    assert not same_key("ä", "a")


async def test_conversations_of_roles_and_issuers_are_apart(gateway: Gateway) -> None:
    people = [gateway.person("kim"), gateway.person("kim", "seller"), gateway.person("kim", issuer="elsewhere")]
    for person in people:
        assert await person.messages() == []
        await person.say("hallo")
    assert [len(await person.messages()) for person in people] == [2, 2, 2]


async def test_an_issuer_can_be_demanded(start: Start) -> None:
    async with start(jwt_issuer="market") as gateway:
        assert await knock(gateway, signed(iss="market")) == 200
        assert await knock(gateway, signed(iss="elsewhere")) == 401
        assert await knock(gateway, signed()) == 401
