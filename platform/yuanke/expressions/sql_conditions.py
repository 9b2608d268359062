"""Conditions in SQL. SQL's NULL is not Python's None, so (naive SQL differed in 205 of 400 expressions):

* a *truth* stands in WHERE, where NULL counts as false, and keeps a plain comparison a plain comparison for the index;
* a *certainty* is never NULL: what stands under ``not``, beside another condition's value, or is shown;
* ``!=`` is IS DISTINCT FROM, ``==`` of two columns IS NOT DISTINCT FROM, ``not in`` lets NULL pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.expressions import elements as e
from yuanke.expressions import nodes as n
from yuanke.expressions.functions import Element
from yuanke.expressions.sql_values import as_id, bind, number_pair, span


class Conditions:
    """The half of the `Translator` that knows of true, false and NULL."""

    def value(self, node: n.Node) -> Element:
        raise NotImplementedError

    def folded(self, node: n.Node) -> n.Const | None:
        raise NotImplementedError

    def known(self, node: n.Known) -> Any:
        raise NotImplementedError

    def in_rows(self, node: n.InRows) -> Element:
        raise NotImplementedError

    def truth(self, node: n.Node) -> Element:
        """A condition for WHERE: NULL counts as false."""
        folded = self.folded(node)
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
        folded = self.folded(node)
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
        folded = self.folded(node)
        if folded is not None:
            return sa.true() if folded.value else sa.false()
        if isinstance(node, n.Logic):
            return (sa.and_ if node.operator == "and" else sa.or_)(*(self.certainty(part) for part in node.parts))
        if isinstance(node, n.Not):
            return self.untruth(node.operand, certain=True)
        if isinstance(node, n.Compare) and node.operator in ("==", "!="):
            return self._equal(node, node.operator == "==", certain=True)
        if isinstance(node, n.InRows):
            return self.in_rows(node)
        if isinstance(node, n.InKnown):
            return self._in_known(node)
        if isinstance(node, n.Aggregate) and node.operator == "exists":
            return self.value(node)
        return sa.func.coalesce(self.truth(node), sa.false(), type_=sa.Boolean())

    def _compare(self, node: n.Compare) -> Element:
        if node.operator in ("==", "!="):
            return self._equal(node, node.operator == "==", certain=False)
        left, right = self._pair(node)
        if node.on == "text":
            left = e.bytewise(left)
        return _ORDERS[node.operator](left, right)

    def _equal(self, node: n.Compare, same: bool, certain: bool) -> Element:
        """``==`` or ``!=``; ``certain``: never NULL."""
        constants = [part for part in (node.left, node.right) if self.folded(part) is not None]
        left, right = self._pair(node)
        if any(self.folded(part).value is None for part in constants):  # type: ignore[union-attr]
            other = right if node.left in constants else left
            return other.is_(None) if same else other.is_not(None)
        if same:
            return left == right if constants and not certain else left.is_not_distinct_from(right)
        return left.is_distinct_from(right)

    def _pair(self, node: n.Compare) -> tuple[Element, Element]:
        return self.pair(node.left, node.right, node.on)

    def pair(self, one: n.Node, other: n.Node, on: str) -> tuple[Element, Element]:
        """Both sides so that they may be compared; a constant is bound in the type of the column beside it."""
        first, second = self.folded(one), self.folded(other)
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
        items = [self.folded(item) for item in node.items]
        if any(item is None for item in items) or self.folded(node.value) is not None:
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
        items = [self.folded(item) for item in node.items]
        if any(item is None or item.value is None for item in items):
            return None
        pairs = [bind(column, item) for item in items if item is not None]
        if not all(left is column for left, _ in pairs):
            return None
        return sa.or_(column.is_(None), column.not_in([right for _, right in pairs])) if pairs else sa.true()

    def _keys(self, node: n.OptionValue) -> list[str]:
        return [key for key, value in node.values.items() if value]

    def _option_truth(self, node: n.OptionValue) -> Element:
        keys = self._keys(node)
        return self.value(node.choice).in_([sa.literal(key, sa.Text()) for key in keys]) if keys else sa.false()

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


_ORDERS: Mapping[str, Callable[[Any, Any], Element]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
