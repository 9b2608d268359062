"""The SQL run: a checked tree becomes a SQLAlchemy element over a `SqlScope`, with the very answers of the Python run.

What needs no row (settings, ``me``, today()) is computed in Python first and bound as a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.expressions import elements as e
from yuanke.expressions import nodes as n
from yuanke.expressions.functions import Element
from yuanke.expressions.run import DEFAULT_ZONE, build
from yuanke.expressions.scope import Kind, SqlScope
from yuanke.expressions.sql_conditions import Conditions
from yuanke.expressions.sql_values import as_id, common_type, literal, nothing, span, together
from yuanke.expressions.sqltypes import SQL_TYPES, scale_of


class Translator(Conditions):
    """``frames[i]`` is the scope of the rows of frame ``i``."""

    def __init__(self, scope: SqlScope) -> None:
        self.scope = scope
        self.frames: list[SqlScope] = [scope]
        self._folded: dict[int, tuple[n.Node, n.Const | None]] = {}
        self._rowless: dict[int, tuple[n.Node, bool]] = {}

    def value(self, node: n.Node) -> Element:
        """The value; a condition as a certainty."""
        folded = self.folded(node)
        if folded is not None:
            return literal(folded.value, node.kind)
        if node.kind.name == "null":
            return sa.null()
        if isinstance(node, (n.Compare, n.Logic, n.Not, n.InList, n.InKnown, n.InRows)):
            return self.certainty(node)
        return _VALUES[type(node)](self, node)

    # -- what needs no row ---------------------------------------------------------------------------------------------

    def folded(self, node: n.Node) -> n.Const | None:
        """The constant that ``node`` is in this run, None when it depends on a row."""
        if isinstance(node, n.Const):
            return node
        kept = self._folded.get(id(node))
        if kept is None:
            kept = self._folded[id(node)] = (node, self._fold(node) if self._needs_no_row(node) else None)
        return kept[1]

    def _needs_no_row(self, node: n.Node) -> bool:
        kept = self._rowless.get(id(node))
        if kept is None:
            rowless = not _reads_row(node) and all(map(self._needs_no_row, n.children(node)))
            kept = self._rowless[id(node)] = (node, rowless)
        return kept[1]

    def _fold(self, node: n.Node) -> n.Const:
        zone = self.scope.value(("settings", "timezone")) or DEFAULT_ZONE
        run = build(self._with_values(node))
        return n.Const(node.kind, as_id(run({"settings": {"timezone": zone}}, None)))

    def _with_values(self, node: n.Node) -> n.Node:
        """The tree with every known value in its place."""
        if isinstance(node, n.Known):
            return n.Const(node.kind, self.known(node))
        return n.replaced(node, self._with_values)

    def known(self, node: n.Known) -> Any:
        path = (*node.path, "id") if node.path == ("me",) else node.path
        return as_id(self.scope.value(path))

    # -- names ---------------------------------------------------------------------------------------------------------

    def _field(self, node: n.Field) -> Element:
        scope, names = self._row_of(node)
        if node.several:
            pointer = scope.column(names[-2])
            return e.pointer_part(pointer, names[-1])
        return scope.column(names[-1]) if names else scope.column("id")

    def _row_of(self, node: n.Field) -> tuple[SqlScope, tuple[str, ...]]:
        """The scope of the record that holds the last name."""
        scope, names = self.frames[node.frame], node.names
        if node.frame == 0 and names[:1] == ("this",):
            names = names[1:]
        elif names in (("row",), ("record",)):
            return scope.link(names[0]), ()
        for name in names[: -2 if node.several else -1]:
            scope = scope.link(name)
        return scope, names

    def _known(self, node: n.Known) -> Element:
        return literal(self.known(node), node.kind)

    def _option_value(self, node: n.OptionValue) -> Element:
        choice = self.value(node.choice)
        values = {key: literal(value, node.kind) for key, value in node.values.items() if value is not None}
        if not values:
            return literal(None, node.kind)
        return sa.case(values, value=choice)

    # -- numbers and calls ---------------------------------------------------------------------------------------------

    def _typed(self, node: n.Node, kind: Kind) -> Element:
        return nothing(kind) if node.kind.name == "null" else self.value(node)

    def _arith(self, node: n.Arith) -> Element:
        left, right = self._typed(node.left, node.kind), self._typed(node.right, node.kind)
        if node.kind.name == "duration":
            return sa.type_coerce(span(left).op(node.operator)(span(right)), SQL_TYPES["duration"])
        return e.ARITHMETIC[node.operator](left, right)

    def _negative(self, node: n.Negative) -> Element:
        operand = self._typed(node.operand, node.kind)
        if node.kind.name == "duration":
            return sa.type_coerce(-sa.type_coerce(span(operand), sa.BigInteger()), SQL_TYPES["duration"])
        return e.negated(operand)

    def _call(self, node: n.Call) -> Element:
        arguments = [self.value(argument) for argument in node.arguments]
        if node.function.name == "coalesce":
            arguments = together(arguments, node.kind)
            return sa.func.coalesce(*arguments, type_=common_type(arguments))
        if node.function.name in ("min", "max"):
            return e.extreme(node.function.name, together(arguments, node.kind), node.kind)
        given = [self._argument(node, index, argument) for index, argument in enumerate(arguments)]
        if node.function.zone:
            given.insert(0, sa.literal(self.scope.value(("settings", "timezone")) or DEFAULT_ZONE, sa.Text()))
        return e.library_call(node.function, given, node.kind.name)

    def _argument(self, node: n.Call, index: int, element: Element) -> Element:
        kind = node.arguments[index].kind.name
        if kind == "null":
            return nothing(Kind(node.function.parameter(index)))
        if kind == "number" and scale_of(element.type) is not None:
            return e.as_number(element)
        return span(element) if kind == "duration" else element

    def _if(self, node: n.If) -> Element:
        then, other = together([self.value(node.then), self.value(node.other)], node.kind)
        chosen = sa.case((self.truth(node.test), then), else_=other)
        chosen.type = common_type([then, other])
        return chosen

    # -- collections ---------------------------------------------------------------------------------------------------

    def in_rows(self, node: n.InRows) -> Element:
        def build_query(walked: Walked) -> Any:
            left, right = self.pair(node.value, node.element, node.on)
            return walked.select(sa.literal(1)).where(left == right).exists()

        return self._walk(node.chain, build_query)

    def _aggregate(self, node: n.Aggregate) -> Element:
        from yuanke.expressions import sql_aggregates

        if node.chain.hops[0].group and len(node.chain.hops) == 1:
            return self._over_group(node)
        return self._walk(node.chain, lambda walked: sql_aggregates.build(self, node, walked))

    def _over_group(self, node: n.Aggregate) -> Element:
        """The rows of a report's group are the rows of the query itself."""
        from yuanke.expressions import sql_aggregates

        self.frames.append(self.frames[0])
        try:
            return sql_aggregates.plain(self, node)
        finally:
            self.frames.pop()

    def _walk(self, chain: n.Chain, use: Callable[[Walked], Element]) -> Element:
        kept = self.frames
        walked = Walked()
        self.frames = kept[: chain.depth + 1]
        for index, hop in enumerate(chain.hops):
            if hop.group:
                self.frames.append(self.frames[0])
                continue
            frame = chain.depth + index if index else chain.frame
            scope = self.frames[0] if hop.entity else self._owner(hop, frame)
            collection = scope.collection(hop.many)
            walked.sources.append(collection.source)
            walked.conditions.append(collection.condition)
            self.frames.append(collection.scope)
            if hop.condition is not None:
                walked.conditions.append(self.truth(hop.condition))
        try:
            return use(walked)
        finally:
            self.frames = kept

    def _owner(self, hop: n.Hop, frame: int) -> SqlScope:
        scope = self.frames[frame]
        links = hop.links[1:] if frame == 0 and hop.links[:1] == ("this",) else hop.links
        for name in links:
            scope = scope.link(name)
        return scope


class Walked:
    """FROM and WHERE of the collections walked so far, correlated with the rows outside."""

    def __init__(self) -> None:
        self.sources: list[sa.FromClause] = []
        self.conditions: list[Element] = []

    def select(self, *columns: Element) -> sa.Select[Any]:
        return sa.select(*columns).select_from(*self.sources).where(*self.conditions).correlate_except(*self.sources)


_VALUES: Mapping[type, Callable[[Translator, Any], Element]] = {
    n.Field: Translator._field,
    n.Known: Translator._known,
    n.OptionValue: Translator._option_value,
    n.Arith: Translator._arith,
    n.Negative: Translator._negative,
    n.Call: Translator._call,
    n.If: Translator._if,
    n.Aggregate: Translator._aggregate,
}


def _reads_row(node: n.Node) -> bool:
    return isinstance(node, (n.Field, n.Aggregate, n.InRows)) or (isinstance(node, n.Call) and node.function.contextual)


def has_sql(node: n.Node) -> bool:
    """False when a part exists in Python only: a function without SQL, a list, rows of ``old``."""
    return not n.any_node(node, _python_only)


def _python_only(node: n.Node) -> bool:
    if isinstance(node, n.Aggregate):
        return node.operator == "list" or node.limit is not None or node.chain.known
    if isinstance(node, n.InRows):
        return node.chain.known
    if isinstance(node, n.Call) and node.function.sql is None and node.function.name != "coalesce":
        return n.any_node(node, _reads_row)  # a function without SQL whose arguments are constants runs before
    return False
