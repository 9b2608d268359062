"""From the syntax tree to the checked tree: names found in a `Scope`, bare words beside a choice read as its options,
kinds compared.

The one rule: what the checker lets pass has a meaning in every run; what it refuses it explains.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from yuanke.expressions import kinds as k
from yuanke.expressions import nodes as n
from yuanke.expressions.exact import negative
from yuanke.expressions.faults import ExpressionFault, meant
from yuanke.expressions.names import Names, Reference
from yuanke.expressions.reading import Source
from yuanke.expressions.scope import Kind, Scope
from yuanke.kernel.text import Label

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
                at,
                Label("方括号嵌套太深", "The brackets are nested too deeply."),
                Label("请把里面的部分放进内层记录的字段", "Put the inner part into a field of the inner record."),
            )
        return Checker(self.text, self.scope.inside(collection), self.top, self.notes, frame, prefix)

    def check(self, node: ast.expr, hint: Kind | None = None) -> n.Node:
        """The checked node; a bare word that is an option of ``hint`` is that option."""
        return _CHECKS[type(node)](self, node, hint)

    def condition(self, node: ast.expr) -> n.Node:
        found = self.check(node)
        if found.kind.name not in ("bool", "any", "null", "json"):
            said = k.spoken(found.kind)
            raise self.text.fault(
                node,
                Label(f"这是{said.zh}，不是条件", f"This is {said.en}, not a condition."),
                _as_condition(self.text.of(node), found.kind),
            )
        return found

    def fault(self, node: ast.AST, summary: Label, detail: Label) -> ExpressionFault:
        return self.text.fault(node, summary, detail)

    def wants(self, node: ast.expr, found: n.Node, kind: str, role: str | Label) -> n.Node:
        """``found`` as a ``kind``, or a fault that says what it is needed for."""
        fitting = k.to_kind(found, kind)
        if fitting is None:
            extra = Label("", "")
            if kind == "text" or (kind == "number" and found.kind.name == "text"):
                extra = Label(f"，请用 {kind}(...) 转换", f" Convert it with {kind}(...).")
            who, wanted = role if isinstance(role, Label) else Label(f"{role} ", role), k.spoken(Kind(kind))
            detail = Label(f"{who.zh}需要{wanted.zh}{extra.zh}", f"{who.en} needs {wanted.en}.{extra.en}")
            raise self.fault(node, k.this_is(found.kind), detail)
        return fitting

    # -- words and constants -------------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant, hint: Kind | None) -> n.Node:
        value = node.value
        if value is None or isinstance(value, bool):
            return k.constant(value)
        if isinstance(value, (int, float)):
            return n.Const(k.NUMBER, Decimal(self.text.of(node).replace("_", "")))
        if not isinstance(value, str):
            said = self.text.of(node)
            raise self.fault(
                node,
                Label(f"{said} 在这里没有意义", f"{said} has no meaning here."),
                Label("请写数字，或加引号的文字", "Write a number, or a text in quotes."),
            )
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self.fault(
                node,
                Label("文字里有不允许的字符", "The text holds a forbidden character."),
                Label("请去掉", "Leave it out."),
            )
        if hint is not None and hint.name in ("choice", "choices") and hint.options is not None:
            if value not in hint.options:
                raise self.fault(node, not_an_option(value), self._options_said(value, hint))
            return n.Const(Kind("choice", options=hint.options), value)
        return n.Const(k.TEXT, value)

    def _options_said(self, word: str, hint: Kind) -> Label:
        options = list(hint.options or {})
        shown, more = ", ".join(options[:12]), " ..." if len(options) > 12 else ""
        near = meant(word, options)
        return Label(
            f"可选：{shown}{more}" + (f"；{near.zh}" if near else ""),
            f"Options are {shown}{more}." + (f" {near.en}" if near else ""),
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
                Label(f"{said} 有许多值", f"{said} is many values."),
                Label(
                    f"请写明用哪种：sum({said})、count({said})、exists({said})、first({said}) ……",
                    f"Say which: sum({said}), count({said}), exists({said}), first({said}) ...",
                ),
            )
        if not self.collecting.admit(found.hops, found.frame):
            raise self.fault(
                node,
                Label("一个汇总里有两个不同的集合", "Two different collections stand in one aggregate."),
                Label(
                    "请分别汇总，或用同样的条件选取两者", "Aggregate each by itself, or narrow both in the same way."
                ),
            )
        return found.node

    # -- operators -----------------------------------------------------------------------------------------------------

    def _unary(self, node: ast.UnaryOp, hint: Kind | None) -> n.Node:
        if isinstance(node.op, ast.Not):
            return n.Not(k.BOOL, self.condition(node.operand))
        operand = self.check(node.operand)
        if operand.kind.name != "duration":
            operand = self.wants(node.operand, operand, "number", Label("正负号", "The sign"))
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
                raise self.fault(part, k.this_is(one.kind), Label("这里需要一个值", "One value is needed here."))
            joined = k.together(kind, one.kind)
            if joined is None:
                this, other = k.spoken(one.kind), k.spoken(kind)
                raise self.fault(
                    part,
                    Label(
                        f"这是{this.zh}，另一个值是{other.zh}", f"This is {this.en}, but the other value is {other.en}."
                    ),
                    Label("两者必须是同一种", "Both must be of one kind."),
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
                Label("两个比较之间的值须是字段或数字", "A value between two comparisons must be a field or a number."),
                Label("请写成用 and 连接的两个比较", "Write the two comparisons joined by and."),
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
        raise self.fault(
            node,
            Label("列表只能写在 in 后面", "A list stands behind in only."),
            Label("请写 x in [a, b]", "Write x in [a, b]."),
        )

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


def _as_condition(said: str, kind: Kind) -> Label:
    if kind.name in k.MANY:
        return Label(f"请写 exists({said})", f"Write exists({said}).")
    compared = f"{said} > 0" if kind.name == "number" else f"{said} != null"
    return Label(f"请与别的值比较，例如 {compared}", f"Compare it, for example {compared}.")


def not_an_option(word: str) -> Label:
    return Label(f"“{word}”不是可选项", f'"{word}" is not one of the options.')


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
