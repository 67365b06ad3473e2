"""Every text that the code names exists and gets its values, and no text is left over."""

from __future__ import annotations

import ast
from string import Formatter

import pytest

from actions.policy import AppealType
from actions.wording import LOCALES, Wording, notices
from tests.wording.codes import appeal_text, policy_codes
from tests.wording.conftest import ROOT
from tests.wording.names import HANDLERS, INTENTS, ROLES, Code, Use

pytestmark = pytest.mark.unit

# Names that an f-string could form but never does, and why.
NEVER = {
    **{f"propose_{verb}_update{bare}": "an update is answered in words (M-10)"
       for verb in ("accept", "decline") for bare in ("", "_bare")},
    "button_accept_update": "an update is answered in words (M-10)",
    "button_accept": "without an open dispute nothing can be accepted",
    **{f"short_{appeal_text(code)}": "the list has a heading of its own for these, or they concern a command"
       for code in ("appeal_open", "already_reversed", "ground_missing", "appeal_gone", "appeal_lapsed",
                    "no_access")},
}  # fmt: skip

CODE = Code(HANDLERS)
USES = list(CODE.uses())


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.where} {min(use.names, default='')}")
def test_a_named_text_exists(use: Use, wording: Wording) -> None:
    missing = use.names - set(wording.texts) - set(NEVER)
    assert use.optional or not missing
    assert use.names & set(wording.texts)


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.where} {min(use.names, default='')}")
def test_a_named_text_gets_its_values(use: Use, wording: Wording) -> None:
    shown = ast.unparse(use.call.args[0])
    if "code" in shown or shown == "_name(reason)" or use.inside is None or getattr(use.call.func, "id", "") == "Term":
        return  # refusals are rendered in test_refusals; a term has no values
    given = {keyword.arg for keyword in use.call.keywords if keyword.arg}
    for keyword in use.call.keywords:
        if keyword.arg is None:
            given |= CODE.given(keyword.value, use.inside)
    if use.call.func.attr == "offer" and len(use.call.args) > 2:  # type: ignore[attr-defined]
        given |= CODE.given(use.call.args[2], use.inside)
    for name in use.names & set(wording.texts):
        needed = {key for _, key, _, _ in Formatter().parse(wording.texts[name]["de"]) if key}
        assert needed <= given, f"{use.where} says {name} without {needed - given}"


@pytest.mark.parametrize("name", NEVER)
def test_what_is_never_said_has_no_text(name: str, wording: Wording) -> None:
    assert name not in wording


@pytest.mark.parametrize("name", sorted({value for _, names in CODE.intents() for value in names}))
def test_a_button_of_a_handler_leads_to_an_intent(name: str) -> None:
    assert name in INTENTS


def test_flows_are_intents() -> None:
    assert len(CODE.flows) == 8
    assert CODE.appeal_flows == ("submit_appeal", "withdraw_appeal")
    assert {*CODE.flows, *CODE.appeal_flows} <= set(INTENTS)


def test_no_text_is_left_over(wording: Wording) -> None:
    used = {name for use in USES for name in use.names} | set(policy_codes())
    used |= {title for steps in (*notices._ANSWERS.values(), *notices._NEXT.values()) for _, title in steps}
    used |= {f"role_{role}{start}" for role in ROLES for start in ("", "_start")}
    used |= {f"type_{key}" for key in AppealType}
    for path in (*(ROOT / "bot").rglob("*.py"), ROOT / "actions" / "wording" / "appeal_notices.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    # Which notices can be reached is shown by test_notices, with every kind of notice; the widget's by its own test.
    left = {name for name in wording.texts if not name.startswith(("notice_", "widget_", "ops_"))} - used
    assert not left


@pytest.mark.rule("M-33")
def test_every_reason_of_the_list_has_a_title(wording: Wording) -> None:
    from actions.policy import DEFAULT_LIMITS

    titles = [
        wording.text(f"reason_{key}", locale, "UTC") for locale in LOCALES for key in DEFAULT_LIMITS.seller_reasons
    ]
    assert all(titles)
