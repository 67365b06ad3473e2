"""Which texts the code names, read from its syntax tree: literals, choices, f-strings over the values they can take.

Unknown expressions are reported and not guessed: whoever adds one says here what it can be.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeGuard, get_args

import msgspec.yaml

from actions.backend.appeal_views import Assumption
from actions.policy import (
    APPEAL_TYPES,
    DEFAULT_LIMITS,
    AppealStatus,
    AppealType,
    Canceller,
    DisputeKind,
    OrderState,
    Standing,
)
from actions.policy.limits import CancelSilence
from tests.wording.codes import EVIDENCE_CODES, UNKNOWNS, UNSAID, appeal_text, policy_codes
from tests.wording.conftest import ROOT

HANDLERS = ROOT / "actions" / "handlers"
INTENTS = tuple(msgspec.yaml.decode((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"])
ROLES = ("customer", "seller")

_TEXT = {"say": 0, "phrase": 0, "offer": 0, "Term": 0}  # which argument names a text
_INTENT = {"offer": 1, "offer_titled": 1}  # which one names an intent
_OWN_DEFINITIONS = "turn.py"  # where say, phrase and offer pass a name on

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Use:
    """One place that names texts: `names` is what it can be; `optional` where the code first asks whether it exists."""

    where: str
    names: frozenset[str]
    optional: bool
    call: ast.Call
    inside: Function | None
    code: Code = field(repr=False, compare=False)


class Unknown(Exception):
    """An expression that can be anything, as far as the syntax tells."""


class Code:
    """The syntax trees of a folder."""

    def __init__(self, folder: Path) -> None:
        self.trees = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.py"))}

    def named(self, *bases: str) -> tuple[str, ...]:
        """The flows of these bases: the `name` of their classes."""
        return tuple(
            str(statement.value.value)
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & set(bases)
            for statement in node.body
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "name"
            if isinstance(statement.value, ast.Constant)
        )

    @cached_property
    def flows(self) -> tuple[str, ...]:
        """Every flow that ends in a command on an order."""
        return self.named("OrderFlow", "DisputeFlow")

    @cached_property
    def appeal_flows(self) -> tuple[str, ...]:
        """Every flow that ends in a command on an appeal."""
        return self.named("AppealProposing")

    @cached_property
    def values(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What an expression in a name can be, by its file and the look of it: the first that fits."""
        appeals = tuple(appeal_text(code) for code in policy_codes("W") if code not in UNSAID)
        variants = ("appeal_not_appealable_refund", "appeal_link_unlisted", "appeal_open_as")
        return (
            (r"^appeal_reasons\.py:_name\(reason\)$", (*appeals, *variants)),
            (r":appeal_text\(", appeals),
            (r"^appeal_confirming\.py:(self|flow)\.name$", self.appeal_flows),
            (
                r"^(answers|choices|reading|notices|router)\.py:case\.flow$",
                (*self.flows, *self.appeal_flows, *self.named("PenaltyFlow", "Flow")),
            ),
            (r"[:.]standing$", tuple(Standing)),
            (r":appeal\.status$", tuple(AppealStatus)),
            (r":kind\.key$", tuple(AppealType)),
            (r"\.route$", tuple(kind.route for kind in APPEAL_TYPES.values())),
            (r"\.anchor$|\['anchor'\]$", ("issued", "released")),
            (r":given\['cancelled_by'\] or 'nobody'$", (*Canceller, "nobody")),
            (r":need$", tuple({need for kind in APPEAL_TYPES.values() for need in kind.needs})),
            (r":refused\.code$", EVIDENCE_CODES),
            (r"^check_appeal_eligibility\.py:name$", get_args(Assumption)),
            (r"^(penalties|list_infractions)\.py:name$", UNKNOWNS),
            (r"(\.kind|params\['kind'\])$", tuple(DisputeKind)),
            (r"params\['state'\]$", tuple(OrderState)),
            (r"params\['way'\]$", ("withdraw", "answer")),
            (r"[:._]role(\(turn\))?$", ROLES),
            (r":(self\.name|case\.flow|better)$", self.flows),
            (r"\.cancel_silence$", get_args(CancelSilence)),
            (r":reason$", DEFAULT_LIMITS.seller_reasons),
            (r":reason\.code$", tuple(policy_codes())),
            (r"^refusal\.py:name$", ("reason", "text")),
            (r"^fallback\.py:name$", INTENTS),
        )

    def uses(self) -> Iterator[Use]:
        """Every call that names a text."""
        for file, call, inside in self._calls(_TEXT):
            at = f"{file}:{call.lineno}"
            names = frozenset(self.resolve(call.args[0], inside, file))
            guarded = {ast.unparse(node.left) for node in ast.walk(self.trees[file]) if _asks_wording(node)}
            optional = any(ast.unparse(part) in guarded for part in _branches(call.args[0]))
            yield Use(at, names, optional, call, inside, self)

    def intents(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Every button's intent, with its place."""
        for file, call, inside in self._calls(_INTENT):
            place = call.args[_INTENT[_name(call)]]
            yield f"{file}:{call.lineno}", frozenset(self.resolve(place, inside, file))

    def resolve(self, node: ast.expr, inside: Function | None, file: str) -> set[str]:
        """The strings that an expression can be. Raises ``Unknown``."""
        shown = ast.unparse(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value}
        if isinstance(node, ast.IfExp):
            return self.resolve(node.body, inside, file) | self.resolve(node.orelse, inside, file)
        if isinstance(node, ast.JoinedStr):
            parts = [self.resolve(getattr(part, "value", part), inside, file) if isinstance(part, ast.FormattedValue)
                     else {str(getattr(part, "value", ""))} for part in node.values]  # fmt: skip
            return {"".join(chosen) for chosen in itertools.product(*parts)}
        if isinstance(node, ast.Name) and inside and (local := self._assigned(node.id, inside, file)):
            return local
        for pattern, values in self.values:
            if re.search(pattern, f"{file}:{shown}"):
                return set(values)
        if isinstance(node, ast.Call) and (returned := self._returned(_name(node))):
            return returned
        if isinstance(node, ast.Name) and inside and (passed := self._passed(node.id, inside)):
            return passed
        raise Unknown(f"{file}:{node.lineno}: which texts can {shown} be? Say it in tests/wording/names.py")

    def keys_of(self, name: str, inside: Function) -> set[str]:
        """The keys that a dictionary of this function can have, however they got there."""
        keys: set[str] = set()
        for node in ast.walk(inside):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if ast.unparse(target) == name:
                    keys |= self.given(node.value, inside)
                elif isinstance(target, ast.Subscript) and ast.unparse(target.value) == name:
                    keys.add(str(ast.literal_eval(target.slice)))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{name}.update":
                keys |= {keyword.arg for keyword in node.keywords if keyword.arg}
        return keys

    def given(self, node: ast.expr, inside: Function) -> set[str]:
        """The keys of a mapping that is unpacked into a call."""
        if isinstance(node, ast.Await):
            return self.given(node.value, inside)
        if isinstance(node, ast.Dict):
            unpacked = [self.given(value, inside) for key, value in zip(node.keys, node.values, strict=True) if not key]
            return {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}.union(*unpacked)
        if isinstance(node, ast.Name):
            return self.keys_of(node.id, inside)
        if isinstance(node, ast.Call):
            keys = set()
            for _, function in self._functions(_name(node)):
                for returned in _returns(function):
                    keys |= self.given(returned, function)
            return keys
        return set()

    def _calls(self, wanted: dict[str, int]) -> Iterator[tuple[str, ast.Call, Function | None]]:
        for file, tree in self.trees.items():
            if file == _OWN_DEFINITIONS:
                continue
            for inside, node in _with_function(tree):
                if isinstance(node, ast.Call) and _name(node) in wanted and len(node.args) > wanted[_name(node)]:
                    yield file, node, inside

    def _functions(self, name: str) -> Iterator[tuple[str, Function]]:
        for file, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, Function) and node.name == name:
                    yield file, node

    def _returned(self, name: str) -> set[str]:
        return {
            found
            for file, function in self._functions(name)
            for value in _returns(function)
            for found in self.resolve(value, function, file)
        }

    def _assigned(self, name: str, inside: Function, file: str) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(inside):
            if not isinstance(node, ast.Assign):
                continue
            target = node.targets[0]
            if ast.unparse(target) == name:
                found |= self.resolve(node.value, inside, file)
            elif isinstance(target, ast.Tuple) and name in (names := [ast.unparse(item) for item in target.elts]):
                for chosen in _choices(node.value):  # `title, intent = {...: ("button_x", "y")}[...]`
                    found |= self.resolve(chosen.elts[names.index(name)], inside, file)
        return found

    def _passed(self, name: str, inside: Function) -> set[str]:
        parameters = [argument.arg for argument in inside.args.args if argument.arg != "self"]
        if name not in parameters:
            return set()
        found: set[str] = set()
        defaults = dict(zip(reversed(parameters), reversed(inside.args.defaults), strict=False))
        if isinstance(default := defaults.get(name), ast.Constant) and isinstance(default.value, str):
            found.add(default.value)
        for file, call, caller in self._calls({inside.name: parameters.index(name)}):
            found |= self.resolve(call.args[parameters.index(name)], caller, file)
        return found


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _returns(function: Function) -> list[ast.expr]:
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]


def _branches(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def _choices(node: ast.expr) -> list[ast.Tuple]:
    chosen = node.value if isinstance(node, ast.Subscript) else node
    values = chosen.values if isinstance(chosen, ast.Dict) else [chosen]
    return [value for value in values if isinstance(value, ast.Tuple)]


def _asks_wording(node: ast.AST) -> TypeGuard[ast.Compare]:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In) and "wording" in ast.unparse(node)


def _with_function(tree: ast.AST, inside: Function | None = None) -> Iterator[tuple[Function | None, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        yield inside, node
        yield from _with_function(node, node if isinstance(node, Function) else inside)
