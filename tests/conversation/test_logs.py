"""The logs of all processes: one request id through all of them, and nothing that is anybody's business."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from bot.gateway.tokens import mint
from tests.conversation import private
from tests.conversation.http import call, upload
from tests.conversation.stack import ELSEWHERE, INTERNAL_SECRET, JWT_SECRET, MODULES, OPERATOR_KEY, Stack

pytestmark = [
    pytest.mark.conversation,
    pytest.mark.slow,
    pytest.mark.skipif(bool(ELSEWHERE), reason="the logs are on other machines"),
]

SUB, SELLER = "sub-turmfalke-4711", "sub-eisvogel-4712"
NAME, TITLE = "Ottilie Kranichfeld", "Zeppelinposter in Purpur"
GROUND = "Das Kuckucksei lag schon beim Boten"
CANARIES = (SUB, SELLER, "Ottilie", "Kranichfeld", "Zeppelinposter", "Kuckucksei", "Haubentaucher", "Wiedehopf")


def lines(stack: Stack, sizes: dict[str, int], name: str) -> list[dict[str, Any]]:
    """What a process logged since, line by line; every line is a JSON object."""
    with stack.log(name).open("rb") as log:
        log.seek(sizes.get(name, 0))
        return [json.loads(line) for line in log.read().decode().splitlines() if line.strip()]


def say(stack: Stack, token: str, content: dict[str, Any], **headers: str) -> Any:
    body = {"id": str(uuid.uuid4()), **content}
    return call("POST", stack.port, "/v1/chat/messages", body, token=token, headers=headers)


def token(sub: str, role: str) -> str:
    return mint(JWT_SECRET, audience="lotse", role=role, sub=sub, name=NAME, locale="de", zoneinfo="Europe/Berlin")


def follow_a_request(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """What each process logged of one message, which gave its request id."""
    sizes, number = stack.log_sizes(), f"trace-{uuid.uuid4().hex[:12]}"
    answer = say(
        stack, token("trace-person", "customer"), {"text": "Was ist bei mir offen?"}, **{"X-Request-ID": number}
    )
    assert answer.status == 200
    time.sleep(0.3)
    followed = {
        name: [line for line in lines(stack, sizes, name) if line.get("request_id") == number] for name in stack.ports
    }
    for name, found in followed.items():
        assert found, f"{name} does not know the request"
        assert {line["process"] for line in found} == {name}
        assert all(line["event"] and line["timestamp"] and line["level"] for line in found)
    told = [line for found in followed.values() for line in found if line["event"] in ("action.ran", "turn.answered")]
    assert len({line["conversation_id"] for line in told}) == 1
    assert len({line["message_id"] for line in told}) == 1
    return followed


def test_one_request_id_goes_through_both_processes_and_the_action(stack: Stack) -> None:
    followed = follow_a_request(stack)
    ran, handled = followed["rasa"][-2:]
    assert (ran["event"], handled["event"]) == ("action.ran", "turn.answered")
    assert followed["gateway"][-1]["event"] == "turn.answered"


def test_the_logs_say_nothing_of_people(stack: Stack) -> None:
    """Names, words, titles, tokens and keys in everything that can be said and in much that goes wrong."""
    sizes, port = stack.log_sizes(), stack.port
    customer, seller = token(SUB, "customer"), token(SELLER, "seller")

    def operate(method: str, path: str, body: Any = None, key: str = OPERATOR_KEY) -> Any:
        return call(method, port, path, body, token=key, headers={"Idempotency-Key": uuid.uuid4().hex})

    order = f"FO-{70_000 + int(time.time()) % 9_999}"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 400_000))
    pushed = {"customer_id": SUB, "seller_id": SELLER, "title": TITLE, "state": "active", "updated_at": now}
    assert operate("PUT", f"/v1/orders/{order}", {**pushed, "expected_delivery_at": due}).status == 200
    assert operate("PUT", f"/v1/people/seller/{SELLER}", {"name": NAME, "locale": "de"}).status == 200
    infraction = {
        "seller_id": SELLER,
        "type": "misleading_tracking",
        "issued_at": now,
        "updated_at": now,
        "title": TITLE,
    }
    assert operate("PUT", f"/v1/infractions/V-{order[3:]}", infraction).status == 200
    # Conversations: questions, a request with words of its own, a yes, words that nobody understands.
    for text in (
        f"Ich möchte {order} stornieren",
        "ja",
        "Mein Haubentaucher singt dem Wiedehopf ein Lied",
        f"/{GROUND}",
    ):
        assert say(stack, customer, {"text": text}).status == 200
    asked = say(stack, customer, {"text": f"Wie weit ist {order}? Der Haubentaucher wartet"})
    for button in [b for message in asked.body["messages"] for b in message["buttons"]][:1]:
        assert say(stack, customer, {"payload": button["payload"]}).status == 200
    command = {"actor": {"id": SUB, "role": "customer"}, "command": "request_update", "text": GROUND}
    assert operate("POST", f"/v1/orders/{order}/commands", command).status in (200, 409)
    assert say(stack, seller, {"text": f"Ich will V-{order[3:]} anfechten, weil: {GROUND}"}).status == 200
    assert say(stack, seller, {"text": GROUND}).status == 200
    refused = upload(port, "/v1/chat/evidence", b"Kuckucksei, kein Bild", "Kuckucksei.png", "image/png", token=seller)
    assert refused.status in (409, 415, 422)
    # What goes wrong: keys, tokens, shapes, sizes, paths.
    wrong = mint("another-secret-that-nobody-here-knows-at-all", audience="lotse", role="customer", sub=SUB, name=NAME)
    assert say(stack, wrong, {"text": GROUND}).status == 401
    assert operate("GET", "/v1/events", key="Wiedehopf-is-not-the-operator-key").status == 401
    assert say(stack, customer, {"text": GROUND, "Kuckucksei": NAME}).status == 422
    assert say(stack, customer, {"text": f"{GROUND}\x00"}).status == 422
    assert say(stack, customer, {"payload": "Kuckucksei"}).status == 404
    assert call("POST", port, "/v1/chat/messages", b'{"text": "Kuckucksei', token=customer).status == 400
    assert call("POST", port, "/v1/chat/messages", b"Kuckucksei" * 10_000, token=customer).status == 413
    assert operate("GET", "/v1/orders/Kuckucksei").status == 404
    assert operate("GET", f"/v1/Kuckucksei/{NAME.replace(' ', '%20')}?name=Ottilie").status == 404
    assert call("GET", port, "/v1/chat/messages", token=customer, headers={"Origin": "https://Kuckucksei.example/x y"})
    assert call("GET", port, "/health", headers={"X-Request-ID": f"{NAME}, {SUB}"}).status == 200
    time.sleep(1.5)
    secrets = (OPERATOR_KEY, JWT_SECRET, INTERNAL_SECRET, customer, seller, wrong)
    for name in MODULES:
        said = lines(stack, sizes, name)
        assert said, f"{name} logs nothing at all"
        text = json.dumps(said, ensure_ascii=False)
        assert [word for word in (*CANARIES, *secrets) if word in text] == [], name


def test_what_is_looked_for_would_be_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The look at the whole run (conftest) must not be one that finds nothing whatever there is."""
    path = tmp_path_factory.mktemp("log") / "gateway.log"
    private.note({"messages": [{"text": "Ein Satz, den\nniemand sonst sagt, steht hier"}]})
    path.write_text('{"event": "x", "text": "niemand sonst sagt, steht hier"}')
    assert any("niemand sonst" in found for found in private.found_in({"gateway": path}))
