"""From the syntax tree to the checked tree: names found in a `Scope`, bare words beside a choice read as its options,
kinds compared.

The one rule: what the checker lets pass has a meaning in every run; what it refuses it explains.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from yuanke.expressions import kinds as k
from yuanke.expressions import nodes as n
from yuanke.expressions.exact import negative
from yuanke.expressions.faults import ExpressionFault
from yuanke.expressions.names import Names, Reference
from yuanke.expressions.reading import Source
from yuanke.expressions.scope import Kind, Scope
from yuanke.kernel.diagnostics import did_you_mean

_SIGNS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "==",
    ast.IsNot: "!=",
}
_EMPTY_WORDS = {"null": None, "empty": None, "true": True, "false": False}
MOST_NESTED_BRACKETS = 3


class Notes:
    """What an expression was found to use; shared by all checkers of one expression."""

    def __init__(self) -> None:
        self.reads: set[tuple[str, ...]] = set()
        self.calls: set[str] = set()
        self.volatile: set[str] = set()
        self.entities: set[str] = set()


class Collecting:
    """The argument of an aggregate: the one chain of collections that all its paths share.

    ``sum(lines[not gift].quantity * lines.price)``: a path without brackets means the same, narrowed row.
    """

    def __init__(self) -> None:
        self.hops: list[n.Hop] = []
        self.frame = 0

    def admit(self, hops: list[n.Hop], frame: int) -> bool:
        longer, shorter = (hops, self.hops) if len(hops) >= len(self.hops) else (self.hops, hops)
        if self.hops and (frame != self.frame or not all(a.same(b) for a, b in zip(longer, shorter, strict=False))):
            return False
        narrowed = [a if a.mark else b for a, b in zip(longer, shorter, strict=False)]
        self.hops, self.frame = [*narrowed, *longer[len(narrowed) :]], frame
        return True


class Checker:
    """Checks the nodes that stand in one frame; brackets and ``by=`` get a checker of their own."""

    def __init__(
        self,
        text: Source,
        scope: Scope,
        top: Scope,
        notes: Notes,
        frame: int = 0,
        prefix: tuple[str, ...] = (),
        group: bool = False,
    ) -> None:
        self.text = text
        self.scope = scope
        self.top = top
        self.notes = notes
        self.frame = frame
        self.prefix = prefix  # of names read here, for `Notes.reads`
        self.group = group
        self.collecting: Collecting | None = None
        self.names = Names(self)

    def inside(self, collection: Kind, frame: int, prefix: tuple[str, ...], at: ast.AST) -> Checker:
        if frame > 2 * MOST_NESTED_BRACKETS:
            raise self.text.fault(
                at, "The brackets are nested too deeply.", "Put the inner part into a field of the inner record."
            )
        return Checker(self.text, self.scope.inside(collection), self.top, self.notes, frame, prefix)

    def check(self, node: ast.expr, hint: Kind | None = None) -> n.Node:
        """The checked node; a bare word that is an option of ``hint`` is that option."""
        return _CHECKS[type(node)](self, node, hint)

    def condition(self, node: ast.expr) -> n.Node:
        found = self.check(node)
        if found.kind.name not in ("bool", "any", "null", "json"):
            raise self.text.fault(
                node, f"This is {k.spoken(found.kind)}, not a condition.", _as_condition(self.text.of(node), found.kind)
            )
        return found

    def fault(self, node: ast.AST, summary: str, detail: str) -> ExpressionFault:
        return self.text.fault(node, summary, detail)

    def wants(self, node: ast.expr, found: n.Node, kind: str, role: str) -> n.Node:
        """``found`` as a ``kind``, or a fault that says what it is needed for."""
        fitting = k.to_kind(found, kind)
        if fitting is None:
            extra = " Convert it with number(...)." if kind == "number" and found.kind.name == "text" else ""
            extra = " Convert it with text(...)." if kind == "text" else extra
            raise self.fault(node, f"This is {k.spoken(found.kind)}.", f"{role} needs {k.spoken(Kind(kind))}.{extra}")
        return fitting

    # -- words and constants -------------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant, hint: Kind | None) -> n.Node:
        value = node.value
        if value is None or isinstance(value, bool):
            return k.constant(value)
        if isinstance(value, (int, float)):
            return n.Const(k.NUMBER, Decimal(self.text.of(node).replace("_", "")))
        if not isinstance(value, str):
            raise self.fault(node, f"{self.text.of(node)} has no meaning here.", "Write a number, or a text in quotes.")
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self.fault(node, "The text holds a forbidden character.", "Leave it out.")
        if hint is not None and hint.name in ("choice", "choices") and hint.options is not None:
            if value not in hint.options:
                raise self.fault(node, f'"{value}" is not one of the options.', self._options_said(value, hint))
            return n.Const(Kind("choice", options=hint.options), value)
        return n.Const(k.TEXT, value)

    def _options_said(self, word: str, hint: Kind) -> str:
        options = list(hint.options or {})
        return (
            f"Options are {', '.join(options[:12])}{' ...' if len(options) > 12 else ''}.{did_you_mean(word, options)}"
        )

    def _path(self, node: ast.expr, hint: Kind | None) -> n.Node:
        if isinstance(node, ast.Name):
            word = node.id
            if hint is not None and hint.name in ("choice", "choices") and word in (hint.options or ()):
                return n.Const(Kind("choice", options=hint.options), word)
            if word in _EMPTY_WORDS:
                return k.constant(_EMPTY_WORDS[word])
        if isinstance(node, ast.Attribute) and isinstance(_begin(node), ast.Call):
            from yuanke.expressions.check_calls import picked

            return picked(self, node)
        found = self.names.resolve(node, hint)
        return found if isinstance(found, n.Node) else self._many(node, found)

    def _many(self, node: ast.expr, found: Reference) -> n.Node:
        """A path that passes a collection: only an aggregate can make one value of it."""
        if self.collecting is None:
            said = self.text.of(node)
            raise self.fault(
                node,
                f"{said} is many values.",
                f"Say which: sum({said}), count({said}), exists({said}), first({said}) ...",
            )
        if not self.collecting.admit(found.hops, found.frame):
            raise self.fault(
                node,
                "Two different collections stand in one aggregate.",
                "Aggregate each by itself, or narrow both in the same way.",
            )
        return found.node

    # -- operators -----------------------------------------------------------------------------------------------------

    def _unary(self, node: ast.UnaryOp, hint: Kind | None) -> n.Node:
        if isinstance(node.op, ast.Not):
            return n.Not(k.BOOL, self.condition(node.operand))
        operand = self.check(node.operand)
        if operand.kind.name != "duration":
            operand = self.wants(node.operand, operand, "number", "The sign")
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(operand, n.Const) and isinstance(operand.value, Decimal):
            return n.Const(operand.kind, negative(operand.value))
        return n.Negative(operand.kind if operand.kind.name == "duration" else k.NUMBER, operand)

    def _logic(self, node: ast.BoolOp, hint: Kind | None) -> n.Node:
        return n.Logic(
            k.BOOL, "and" if isinstance(node.op, ast.And) else "or", [self.condition(part) for part in node.values]
        )

    def _if(self, node: ast.IfExp, hint: Kind | None) -> n.Node:
        return self.choice_of(node, node.test, node.body, node.orelse, hint)

    def choice_of(self, node: ast.expr, test: ast.expr, then: ast.expr, other: ast.expr, hint: Kind | None) -> n.Node:
        (first, second), kind = self.alike(node, [then, other], hint)
        return n.If(kind, self.condition(test), first, second)

    def alike(self, node: ast.expr, parts: list[ast.expr], hint: Kind | None) -> tuple[list[n.Node], Kind]:
        """The parts, all of one kind, and that kind."""
        if hint is None:
            hint = next((kind for part in parts if (kind := self.names.peek(part)) is not None), None)
            found = [self.check(part, None if _foreign(part, hint) else hint) for part in parts]
        else:
            found = [self.check(part, hint) for part in parts]
        kind = k.NULL
        for part, one in zip(parts, found, strict=True):
            if one.kind.name in k.MANY or one.kind.name in ("list", "shift"):
                raise self.fault(part, f"This is {k.spoken(one.kind)}.", "One value is needed here.")
            joined = k.together(kind, one.kind)
            if joined is None:
                raise self.fault(
                    part,
                    f"This is {k.spoken(one.kind)}, but the other value is {k.spoken(kind)}.",
                    "Both must be of one kind.",
                )
            kind = joined
        if kind.name == "datetime":
            found = [k.to_kind(one, "datetime") or one for one in found]
        return found, kind

    def _binary(self, node: ast.BinOp, hint: Kind | None) -> n.Node:
        from yuanke.expressions.check_operators import arithmetic

        return arithmetic(self, node, _SIGNS[type(node.op)], self.check(node.left), self.check(node.right))

    def _compare(self, node: ast.Compare, hint: Kind | None) -> n.Node:
        from yuanke.expressions.check_operators import comparison, membership

        if len(node.ops) > 1 and not all(
            isinstance(part, (ast.Name, ast.Constant, ast.Attribute)) for part in node.comparators[:-1]
        ):
            raise self.fault(
                node.comparators[0],
                "A value between two comparisons must be a field or a number.",
                "Write the two comparisons joined by and.",
            )
        parts: list[n.Node] = []
        left = node.left
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, (ast.In, ast.NotIn)):
                found = membership(self, left, right)
                parts.append(n.Not(k.BOOL, found) if isinstance(sign, ast.NotIn) else found)
            else:
                parts.append(comparison(self, node, left, sign, _SIGNS[type(sign)], right))
            left = right
        return parts[0] if len(parts) == 1 else n.Logic(k.BOOL, "and", parts)

    def _list(self, node: ast.expr, hint: Kind | None) -> n.Node:
        raise self.fault(node, "A list stands behind in only.", "Write x in [a, b].")

    def _call(self, node: ast.Call, hint: Kind | None) -> n.Node:
        from yuanke.expressions.check_calls import called

        return called(self, node, hint)


def _begin(node: ast.expr) -> ast.expr:
    """What stands before the first dot."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _foreign(part: ast.expr, hint: Kind | None) -> bool:
    """A text in quotes beside a choice, where nothing says that it must be an option: ``coalesce(stage, 'none')``."""
    return isinstance(part, ast.Constant) and hint is not None and part.value not in (hint.options or ())


def _as_condition(said: str, kind: Kind) -> str:
    if kind.name in k.MANY:
        return f"Write exists({said})."
    if kind.name == "number":
        return f"Compare it, for example {said} > 0."
    return f"Compare it, for example {said} != null."


_CHECKS: dict[type, Callable[[Checker, Any, Kind | None], n.Node]] = {
    ast.Constant: Checker._constant,
    ast.Name: Checker._path,
    ast.Attribute: Checker._path,
    ast.Subscript: Checker._path,
    ast.UnaryOp: Checker._unary,
    ast.BoolOp: Checker._logic,
    ast.IfExp: Checker._if,
    ast.BinOp: Checker._binary,
    ast.Compare: Checker._compare,
    ast.Call: Checker._call,
    ast.List: Checker._list,
    ast.Tuple: Checker._list,
}


def unknown(word: str, known: Iterable[str]) -> str:
    return did_you_mean(word, known).strip() or "Nothing here is called so."
