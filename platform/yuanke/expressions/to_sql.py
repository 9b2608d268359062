"""The SQL run: a checked tree becomes a SQLAlchemy element over a `SqlScope`, with the very answers of the Python run.

SQL's NULL is not Python's None, so (findings: naive SQL differed in 205 of 400 expressions):

* a *truth* stands in WHERE, where NULL counts as false, and keeps a plain comparison a plain comparison for the index;
* a *certainty* is never NULL: what stands under ``not``, beside another condition's value, or is shown;
* ``!=`` is IS DISTINCT FROM, ``==`` of two columns IS NOT DISTINCT FROM, ``not in`` lets NULL pass.

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
from yuanke.expressions.sql_values import as_id, bind, common_type, literal, nothing, number_pair, span, together
from yuanke.expressions.sqltypes import SQL_TYPES, scale_of


class Translator:
    """``frames[i]`` is the scope of the rows of frame ``i``."""

    def __init__(self, scope: SqlScope) -> None:
        self.scope = scope
        self.frames: list[SqlScope] = [scope]

    # -- three ways to say a node --------------------------------------------------------------------------------------

    def value(self, node: n.Node) -> Element:
        """The value; a condition as a certainty."""
        folded = self._folded(node)
        if folded is not None:
            return literal(folded.value, node.kind)
        if node.kind.name == "null":
            return sa.null()
        if isinstance(node, (n.Compare, n.Logic, n.Not, n.InList, n.InKnown, n.InRows)):
            return self.certainty(node)
        return _VALUES[type(node)](self, node)

    def truth(self, node: n.Node) -> Element:
        """A condition for WHERE: NULL counts as false."""
        folded = self._folded(node)
        if folded is not None:
            return sa.true() if folded.value else sa.false()
        if isinstance(node, n.Logic):
            return (sa.and_ if node.operator == "and" else sa.or_)(*(self.truth(part) for part in node.parts))
        if isinstance(node, n.Not):
            return self.untruth(node.operand, certain=False)
        if isinstance(node, n.Compare):
            return self._compare(node)
        if isinstance(node, n.InList):
            return self._in_list(node)
        if isinstance(node, n.OptionValue):
            return self._option_truth(node)
        if isinstance(node, (n.InKnown, n.InRows)):
            return self.certainty(node)
        return self.value(node)

    def untruth(self, node: n.Node, certain: bool) -> Element:
        """``not`` of a condition: true where the condition is false or NULL; with ``certain`` never NULL itself."""
        folded = self._folded(node)
        if folded is not None:
            return sa.false() if folded.value else sa.true()
        if isinstance(node, n.Logic):
            return (sa.or_ if node.operator == "and" else sa.and_)(
                *(self.untruth(part, certain) for part in node.parts)
            )
        if isinstance(node, n.Not):
            return self.certainty(node.operand) if certain else self.truth(node.operand)
        if isinstance(node, n.Compare) and node.operator in ("==", "!="):
            return self._equal(node, node.operator == "!=", certain=True)
        if isinstance(node, (n.InList, n.OptionValue)):
            plain = self._not_in(node)
            if plain is not None:
                return plain
        return sa.not_(self.certainty(node))

    def certainty(self, node: n.Node) -> Element:
        """A condition that is never NULL."""
        folded = self._folded(node)
        if folded is not None:
            return sa.true() if folded.value else sa.false()
        if isinstance(node, n.Logic):
            return (sa.and_ if node.operator == "and" else sa.or_)(*(self.certainty(part) for part in node.parts))
        if isinstance(node, n.Not):
            return self.untruth(node.operand, certain=True)
        if isinstance(node, n.Compare) and node.operator in ("==", "!="):
            return self._equal(node, node.operator == "==", certain=True)
        if isinstance(node, n.InRows):
            return self._in_rows(node)
        if isinstance(node, n.InKnown):
            return self._in_known(node)
        if isinstance(node, n.Aggregate) and node.operator == "exists":
            return self.value(node)
        return sa.func.coalesce(self.truth(node), sa.false(), type_=sa.Boolean())

    # -- what needs no row ---------------------------------------------------------------------------------------------

    def _folded(self, node: n.Node) -> n.Const | None:
        if isinstance(node, n.Const):
            return node
        if not isinstance(node, n.Known) and n.any_node(node, _needs_row):
            return None
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

    def _keys(self, node: n.OptionValue) -> list[str]:
        return [key for key, value in node.values.items() if value]

    def _option_truth(self, node: n.OptionValue) -> Element:
        keys = self._keys(node)
        return self.value(node.choice).in_([sa.literal(key, sa.Text()) for key in keys]) if keys else sa.false()

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

    # -- comparisons ---------------------------------------------------------------------------------------------------

    def _compare(self, node: n.Compare) -> Element:
        if node.operator in ("==", "!="):
            return self._equal(node, node.operator == "==", certain=False)
        left, right = self._pair(node)
        if node.on == "text":
            left = e.bytewise(left)
        return _ORDERS[node.operator](left, right)

    def _equal(self, node: n.Compare, same: bool, certain: bool) -> Element:
        """``==`` or ``!=``; ``certain``: never NULL."""
        constants = [part for part in (node.left, node.right) if self._folded(part) is not None]
        left, right = self._pair(node)
        if any(self._folded(part).value is None for part in constants):  # type: ignore[union-attr]
            other = right if node.left in constants else left
            return other.is_(None) if same else other.is_not(None)
        if same:
            return left == right if constants and not certain else left.is_not_distinct_from(right)
        return left.is_distinct_from(right)

    def _pair(self, node: n.Compare) -> tuple[Element, Element]:
        return self.pair(node.left, node.right, node.on)

    def pair(self, one: n.Node, other: n.Node, on: str) -> tuple[Element, Element]:
        """Both sides so that they may be compared; a constant is bound in the type of the column beside it."""
        first, second = self._folded(one), self._folded(other)
        if on == "pointer":
            return e.pointer(self.value(one), one.kind.of), e.pointer(self.value(other), other.kind.of)
        if second is not None and first is None:
            return bind(self.value(one), second)
        if first is not None and second is None:
            right, left = bind(self.value(other), first)
            return left, right
        left, right = self.value(one), self.value(other)
        if one.kind.name == "number" or other.kind.name == "number":
            return number_pair(left, right)
        return (span(left), span(right)) if one.kind.name == "duration" else (left, right)

    def _in_list(self, node: n.InList) -> Element:
        items = [self._folded(item) for item in node.items]
        if any(item is None for item in items) or self._folded(node.value) is not None:
            return sa.or_(
                sa.false(),
                *(
                    self._equal(n.Compare(node.kind, "==", node.value, item, node.on), True, False)
                    for item in node.items
                ),
            )
        value = self.value(node.value)
        pairs = [bind(value, item) for item in items if item is not None and item.value is not None]
        nothing = [value.is_(None)] if any(item is not None and item.value is None for item in items) else []
        if all(left is value for left, _ in pairs):
            return sa.or_(sa.false(), *([value.in_([right for _, right in pairs])] if pairs else []), *nothing)
        return sa.or_(sa.false(), *(left == right for left, right in pairs), *nothing)

    def _not_in(self, node: n.InList | n.OptionValue) -> Element | None:
        """``not in`` of a plain column, so that an index may serve; None for anything more."""
        held = node.value if isinstance(node, n.InList) else node.choice
        if not isinstance(held, n.Field):
            return None
        column = self.value(held)
        if isinstance(node, n.OptionValue):
            keys = self._keys(node)
            return (
                sa.or_(column.is_(None), column.not_in([sa.literal(key, sa.Text()) for key in keys]))
                if keys
                else sa.true()
            )
        items = [self._folded(item) for item in node.items]
        if any(item is None or item.value is None for item in items):
            return None
        pairs = [bind(column, item) for item in items if item is not None]
        if not all(left is column for left, _ in pairs):
            return None
        return sa.or_(column.is_(None), column.not_in([right for _, right in pairs])) if pairs else sa.true()

    def _in_known(self, node: n.InKnown) -> Element:
        held = [as_id(one) for one in self.known(node.known) or ()]
        value = self.value(node.value)
        if not held:
            return sa.false()
        pairs = [bind(value, n.Const(node.value.kind, one)) for one in held if one is not None]
        return sa.func.coalesce(
            sa.or_(sa.false(), *(left == right for left, right in pairs))
            if any(left is not value for left, _ in pairs)
            else value.in_([right for _, right in pairs]),
            sa.false(),
            type_=sa.Boolean(),
        )

    # -- collections ---------------------------------------------------------------------------------------------------

    def _in_rows(self, node: n.InRows) -> Element:
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


_ORDERS: Mapping[str, Callable[[Any, Any], Element]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
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


def _needs_row(node: n.Node) -> bool:
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
        return n.any_node(node, _needs_row)
    return False
