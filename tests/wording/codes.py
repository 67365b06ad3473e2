"""Every code that a text is chosen by: the policy's refusals, and what a draft or a link can lack."""

from __future__ import annotations

import ast
import re

from actions.policy import APPEAL_TYPES
from tests.wording.conftest import ROOT

POLICY = ROOT / "actions" / "policy"
UNSAID = ("not_submitted", "not_due")  # only the platform's own commands are refused so
_CODE = re.compile(r"[a-z_]+$")
EVIDENCE_CODES = ("link_invalid", "link_not_https", "link_not_public", "too_many")
"""What a link can be refused for; images are checked by the gateway, which has the widget's texts."""
UNKNOWNS = ("order", "issued_at", "released_at", "cancelled_by")
"""What may be missing for a decision: see Undetermined in actions.policy.appeal_rules."""


def policy_codes(part: str = "M") -> dict[str, str]:
    """Every refusal code of a part with its rule, from `case.reason("M-..", "code", ...)` and the like.

    Those of the appeals' conditions, and of the types that are referred elsewhere, are in the list of types.
    """
    found: dict[str, str] = {}
    if part == "W":
        found = {c.code: c.rule or kind.rule for kind in APPEAL_TYPES.values() for c in kind.conditions}
        found |= {kind.refer: kind.rule for kind in APPEAL_TYPES.values() if kind.refer}
    for path in sorted(POLICY.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            rule, code = (arg.value if isinstance(arg, ast.Constant) else None for arg in node.args[:2])
            if isinstance(rule, str):
                is_of_part = bool(re.match(rf"{part}-\d\d$", rule))
            else:  # `case.reason(kind.window, "expired", ...)`: the rule is the type's
                is_of_part = part == "W" and ast.unparse(node.args[0]).startswith("kind.")
            if is_of_part and isinstance(code, str) and _CODE.match(code):
                found[code] = rule if isinstance(rule, str) else "W-03"
    return found


def appeal_text(code: str) -> str:
    """The text of a refusal of an appeal."""
    return code if code.startswith("appeal_") else f"appeal_{code}"
