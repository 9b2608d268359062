"""Names and paths: ``member.region``, ``orders[status.valid].lines.total``, ``stage.probability``, ``me.department``.

The one rule: a name is looked for in its own frame and nowhere else; ``this`` alone reaches the record from inside
brackets.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yuanke.expressions import kinds as k
from yuanke.expressions import nodes as n
from yuanke.expressions.faults import meant
from yuanke.expressions.functions import catalogue
from yuanke.expressions.scope import Kind, Scope
from yuanke.expressions.spelling import IF_CALLED
from yuanke.kernel.text import Label

if TYPE_CHECKING:
    from yuanke.expressions.check import Checker

#: functions whose result is one of their values
_GIVE_A_PART = {"coalesce", "if", IF_CALLED, "min", "max", "first", "last"}
_OF_OPTIONS = ("key", "order", "void", "label")


@dataclass
class Reference:
    """A path that passes collections: ``node`` is its value in the innermost row (a Field without names: the row
    itself)."""

    hops: list[n.Hop]
    frame: int
    node: n.Node
    kind: Kind


class Names:
    def __init__(self, checker: Checker) -> None:
        self.checker = checker

    def peek(self, node: ast.expr) -> Kind | None:
        """Kind of a choice that ``node`` certainly is, without a fault; None for everything else."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            kind = self._peek_path(node)
            return kind if kind is not None and kind.name in ("choice", "choices") else None
        if isinstance(node, ast.IfExp):
            return self.peek(node.body) or self.peek(node.orelse)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in _GIVE_A_PART:
            return None
        return next((found for part in node.args if (found := self.peek(part)) is not None), None)

    def _peek_path(self, node: ast.expr) -> Kind | None:
        if isinstance(node, ast.Name):
            return self._root_kind(node.id)
        if isinstance(node, ast.Subscript):
            return self._peek_path(node.value)
        if isinstance(node, ast.Attribute):
            base = self._peek_path(node.value)
            return None if base is None else self.checker.scope.step(base, node.attr)
        if isinstance(node, ast.Call) and node.args:
            return self._peek_path(node.args[0])
        return None

    def _root_kind(self, word: str) -> Kind | None:
        scope: Scope = self.checker.top if word == "this" else self.checker.scope
        return scope.kind_of(word) or (scope.entity(word) if word not in n.KNOWN else None)

    def is_many(self, node: ast.expr) -> bool:
        """Does the path pass a collection?"""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            kind = self._peek_path(node)
            if kind is not None and kind.name in k.MANY:
                return True
            node = node.value
        kind = self._root_kind(node.id) if isinstance(node, ast.Name) else None
        return kind is not None and kind.name in k.MANY

    def resolve(self, node: ast.expr, hint: Kind | None) -> n.Node | Reference:
        """The value a path stands for, or a Reference when it passes a collection."""
        root, steps = _flatten(node, self.checker)
        word = root.id
        kind = (self.checker.top if word == "this" else self.checker.scope).kind_of(word)
        if not steps and _open(hint) and (kind is None or kind.name not in ("choice", "text", "any", "json")):
            return n.Const(Kind("choice"), word)
        entity = False
        if kind is None:
            kind = self.checker.scope.entity(word)
            entity = kind is not None
        if kind is None:
            raise self._unknown(root, hint)
        frame = 0 if word == "this" or (word in n.KNOWN) else self.checker.frame
        return _Walker(self.checker, word, kind, frame, entity).walk(node, steps)

    def _unknown(self, root: ast.Name, hint: Kind | None) -> Exception:
        checker, word = self.checker, root.id
        if hint is not None and hint.options is not None and hint.name in ("choice", "choices"):
            neither = Label(f"“{word}”不是可选项，也不是名称", f'"{word}" is neither an option nor a name.')
            return checker.fault(root, neither, checker._options_said(word, hint))
        if word in catalogue():
            signature = catalogue()[word].signature
            return checker.fault(
                root,
                Label(f"“{word}”是函数", f'"{word}" is a function.'),
                Label(f"请写 {signature}", f"Write {signature}."),
            )
        known = [*checker.scope.names(), *n.KNOWN, "this"]
        return checker.fault(
            root,
            Label(f"这里没有“{word}”", f'There is no "{word}" here.'),
            meant(word, known) or Label(f"文字要加引号：'{word}'", f"A text stands in quotes: '{word}'."),
        )


def _open(hint: Kind | None) -> bool:
    """A choice whose options nobody knows here takes any word."""
    return hint is not None and hint.name in ("choice", "choices") and hint.options is None


def _flatten(node: ast.expr, checker: Checker) -> tuple[ast.Name, list[ast.Attribute | ast.Subscript]]:
    steps: list[ast.Attribute | ast.Subscript] = []
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        steps.append(node)
        node = node.value
    if not isinstance(node, ast.Name):
        raise checker.fault(
            node,
            Label("点和方括号只能写在名称后面", "A dot or bracket stands behind a name only."),
            Label(
                "请给这个值一个单独的字段，或用记录的名称",
                "Give this value a field of its own, or use the record's name.",
            ),
        )
    steps.reverse()
    return node, steps


class _Walker:
    """Walks one path step by step."""

    def __init__(self, checker: Checker, word: str, kind: Kind, frame: int, entity: bool) -> None:
        self.checker = checker
        self.kind = kind
        self.start = frame
        self.links: list[str] = [word]
        self.hops: list[n.Hop] = []
        self.read: list[str] = [] if word in ("this", "row") and frame == 0 else [word]
        self.prefix = () if frame == 0 and checker.frame else checker.prefix
        self.known = word in n.KNOWN
        self.several = False
        if entity:
            self.prefix = ()
            checker.notes.entities.add(word)
        if word == "me":
            checker.notes.volatile.add("me")
        self._hop_if_many(entity)

    def walk(self, node: ast.expr, steps: list[ast.Attribute | ast.Subscript]) -> n.Node | Reference:
        for index, step in enumerate(steps):
            if isinstance(step, ast.Subscript):
                self._narrow(step)
            elif self.kind.name in ("choice", "choices"):
                return self._option(step, steps[index + 1 :])
            else:
                self._dot(step)
        if self.read:
            self.checker.notes.reads.add((*self.prefix, *self.read))
        return self._result(self._value())

    def _frame(self) -> int:
        return self.checker.frame + len(self.hops) if self.hops else self.start

    def _value(self) -> n.Node:
        if self.known and not self.hops:
            return n.Known(self.kind, tuple(self.links))
        return n.Field(self.kind, self._frame(), tuple(self.links), self.several)

    def _result(self, node: n.Node) -> n.Node | Reference:
        return Reference(self.hops, self.start, node, self.kind) if self.hops else node

    def _hop_if_many(self, entity: bool = False) -> None:
        if self.kind.name in k.MANY:
            self.hops.append(
                n.Hop(
                    tuple(self.links[:-1]),
                    self.links[-1],
                    self.kind,
                    entity=entity,
                    placed=self.checker.scope.step(self.kind, "position") is not None,
                )
            )
            self.links = []

    def _dot(self, step: ast.Attribute) -> None:
        name, before = step.attr, self.kind
        kind = self.checker.scope.step(before, name)
        if kind is None:
            raise self._no_step(step)
        self.several = before.name == "link" and before.of is None and name in ("kind", "id")
        self.kind = kind
        self.links.append(name)
        self.read.append(name)
        self._hop_if_many()

    def _no_step(self, step: ast.Attribute) -> Exception:
        said = self.checker.text.of(step.value)
        if self.kind.name in ("link", *k.MANY) and self.kind.of is not None:
            known = (
                self.checker.scope.inside(Kind("collection", of=self.kind.of)).names()
                if not self.kind.of.startswith("@")
                else []
            )
            return self.checker.fault(
                step,
                Label(f"{said} 没有“{step.attr}”", f'{said} has no "{step.attr}".'),
                meant(step.attr, known) or Label("请看那个实体的字段", "See the fields of that entity."),
            )
        hint = Label("只有关联、集合和选项有下一级", "Only links, collections and choices have parts.")
        if self.kind.name == "date":
            hint = Label("日期的点后面没有内容", "A date has no parts behind a dot.")
            if step.attr in ("year", "month", "day"):
                hint = Label(f"请写 {step.attr}({said})", f"Write {step.attr}({said}).")
        kind = k.spoken(self.kind)
        return self.checker.fault(
            step,
            Label(f"{said} 是{kind.zh}，点后面没有内容", f"{said} is {kind.en}; nothing stands behind its dot."),
            hint,
        )

    def _option(self, step: ast.Attribute, rest: list[Any]) -> n.Node | Reference:
        """``stage.probability``: a value of the options' own."""
        choice, name = self.kind, step.attr
        if rest or choice.name == "choices":
            raise self.checker.fault(
                rest[0] if rest else step,
                Label("选项的值后面没有内容", "Nothing more stands behind the value of an option."),
                Label(
                    "多选没有这样的值，请写 x in field",
                    "A choice of several has no such values: write x in field.",
                ),
            )
        if choice.options is None:
            said = self.checker.text.of(step.value)
            raise self.checker.fault(
                step,
                Label(f"这里不知道 {said} 有哪些选项", f"The options of {said} are not known here."),
                Label("请与加引号的键比较", "Compare it with a key in quotes."),
            )
        values = option_values(choice.options, name)
        kind = k.together(*[k.kind_of_value(v) for v in values.values()]) if len(values) == 2 else _kind_of_all(values)
        if kind is None or (name not in _OF_OPTIONS and not any(name in own for own in choice.options.values())):
            known = {word for own in choice.options.values() for word in own} | set(_OF_OPTIONS)
            said = self.checker.text.of(step.value)
            raise self.checker.fault(
                step,
                Label(f"{said} 的选项没有值“{name}”", f'No option of {said} has a value "{name}".'),
                meant(name, known) or Label("请在选项上声明它", "Declare it at the options."),
            )
        self.checker.notes.reads.add((*self.prefix, *self.read))
        value = self._value()
        self.kind = kind
        return self._result(n.OptionValue(kind, value, name, values))

    def _narrow(self, step: ast.Subscript) -> None:
        if self.links or not self.hops or self.hops[-1].condition is not None:
            said = self.checker.text.of(step.value)
            raise self.checker.fault(
                step,
                Label(f"{said} 不能选取", f"{said} cannot be narrowed."),
                Label(
                    "方括号紧跟在集合后面，只写一次：orders[status == won].total",
                    "Brackets stand directly behind a collection, once: orders[status == won].total.",
                ),
            )
        hop = self.hops[-1]
        inner = self.checker.inside(hop.kind, self.checker.frame + len(self.hops), (*self.prefix, *self.read), step)
        hop.condition = inner.condition(step.slice)
        hop.mark = ast.dump(step.slice)


def option_values(options: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """The value of each option, by key; ``key`` and ``order`` (its place) need no declaring."""
    if name == "key":
        return {key: key for key in options}
    if name == "order" and not any("order" in own for own in options.values()):
        return {key: k.exact_value(index) for index, key in enumerate(options)}
    missing: Any = False if name == "void" else None
    return {key: k.exact_value(own.get(name, missing)) for key, own in options.items()}


def _kind_of_all(values: dict[str, Any]) -> Kind | None:
    kind: Kind | None = k.NULL
    for value in values.values():
        if kind is None:
            return None
        kind = k.together(kind, k.kind_of_value(value))
    return kind
