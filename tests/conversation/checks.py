"""What an answer must be like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.conversation.people import Answer, Person
from tests.conversation.script import Step
from tests.conversation.stack import DESK

SEVERAL = ("sees", "hears", "at once")  # acts that bring any number of messages; all others bring one
_QUOTED = re.compile(r"[„“][^„“”]*[“”]")
# How each German locale must not address people; what people said themselves stands in quotation marks.
_WRONG_ADDRESS = {
    "de": re.compile(r"\b(Ihnen|Ihre[rnms]?|Sie (können|möchten|haben)|(können|möchten|haben) Sie)\b"),
    "de-formal": re.compile(r"\b([Dd]u|[Dd]ir|[Dd]ich|[Dd]eine?[rnms]?)\b"),
}


def check(step: Step, expect: Mapping[str, Any], answer: Answer, titles: list[str]) -> None:
    """Whether the answer has everything that is expected; ``titles`` are those of all its buttons."""
    assert answer.http == expect.get("http", 200), answer
    if answer.http != 200:
        assert answer.code in as_list(expect.get("refused", answer.code)), answer
        return
    assert answer.status == expect.get("status", "answered")
    if expect.get("paused"):
        assert not answer.messages and answer.desk == DESK, f"the assistant does not pause: {answer.text!r}"
        return
    assert len([message for message in answer.messages if message["text"].strip()]) == 1 or step.verb in SEVERAL
    text = answer.text.lower()
    for words in as_list(expect.get("reply")):
        assert words.lower() in text, f"no {words!r} in {answer.text!r}"
    for words in as_list(expect.get("reply not")):
        assert words.lower() not in text, f"{words!r} in {answer.text!r}"
    places = [text.find(words.lower()) for words in as_list(expect.get("in order"))]
    assert places == sorted(places) and -1 not in places, f"{expect['in order']} at {places} in {answer.text!r}"
    for title in as_list(expect.get("buttons")):
        assert title in titles, f"no button {title!r}, only {titles}"
    for title in as_list(expect.get("no buttons")):
        assert title not in titles, f"there is a button {title!r}"
    if "kind" in expect:
        assert answer.get("kind") == expect["kind"], f"kind {answer.get('kind')!r} of {answer.text!r}"
    if "refused" in expect:
        codes = [reason["code"] for reason in answer.get("reasons") or ()]
        assert codes == as_list(expect["refused"]), f"refused by {codes}: {answer.text!r}"


def check_file(answer: Answer, expected: list[str], person: Person, others: Iterable[Person]) -> None:
    """A file that came with the reply: its name, and what stands in it; nobody else can fetch it."""
    name, *words = expected
    (file,) = [file for file in answer.get("files") or () if file["name"] == name]
    fetched = person.download(file["url"])
    assert fetched.status == 200, fetched
    assert all(word in fetched.body for word in words), fetched.body
    for other in others:
        assert other is person or other.download(file["url"]).status == 404


def check_language(answer: Answer, expected: str) -> None:
    """Whether each reply is in the expected locale and addresses the person as that one does; ``any`` is any."""
    if expected == "any":
        return
    for message in answer.messages:
        if message["author"] == "assistant" and "locale" in message:
            assert message["locale"] == expected, f"{message['locale']}: {message['text']!r}"
        if wrong := _WRONG_ADDRESS.get(expected):
            found = wrong.search(_QUOTED.sub("", message["text"]))
            assert not found, f"{found[0]!r} is no way to address them ({expected}): {message['text']!r}"


def as_list(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as its only element."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
