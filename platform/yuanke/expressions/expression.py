"""An expression that was checked: it can be evaluated, turned into SQL, and shown to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

import sqlalchemy as sa

from yuanke.expressions import kinds as k
from yuanke.expressions import nodes as n
from yuanke.expressions import (
    reading,
    run_rows,  # noqa: F401 - registers its nodes
)
from yuanke.expressions.browser import tree
from yuanke.expressions.check import Checker, Notes, not_an_option
from yuanke.expressions.faults import ExpressionFault, misfit, too_big
from yuanke.expressions.run import Run, build, identity
from yuanke.expressions.scope import Kind, Scope, SqlScope
from yuanke.expressions.sqltypes import Truth, Whole, scale_of
from yuanke.expressions.to_sql import Translator, has_sql
from yuanke.kernel.text import Label


@dataclass(frozen=True, eq=False)
class Expression:
    """``reads``: paths of names, collections included; those of ``this`` without it, those inside an entity's brackets
    behind its name.

    ``calls``: functions; ``volatile``: which of ``today now me`` it depends on; ``entities``: entities read as a whole.
    """

    source: str
    kind: Kind
    reads: frozenset[tuple[str, ...]]
    calls: frozenset[str]
    volatile: frozenset[str]
    entities: frozenset[str]
    has_sql: bool
    node: n.Node
    _run: Run

    def evaluate(self, env: Mapping[str, Any]) -> Any:
        """The value for one record: Decimal, str, date, aware datetime, timedelta, the Mapping of a link, or None; of
        a condition a bool.

        ``env``: field names, and ``this old me settings asked event row record`` where they have a meaning. A link is
        a Mapping
        with ``id`` (or None), a collection a sequence of Mappings, a choice its key. ``env["rows"]`` are the rows of a
        report's group.
        A record behind a link to one of several entities names its entity under ``@entity``.
        Raises `ExpressionFailed` when numbers or texts grow beyond bounds, or a collection was not given.
        """
        try:
            value = self._run(env, None)
        except (DecimalException, OverflowError):
            raise too_big() from None
        except TypeError as error:
            if n.any_node(self.node, _loose):
                raise misfit() from error
            raise
        if type(value) is int and self.kind.name == "number":
            return Decimal(value)
        return bool(value) if self.kind.name == "bool" else value

    def holds(self, env: Mapping[str, Any]) -> bool:
        """Is the condition true? None counts as false."""
        return bool(self.evaluate(env))

    def sql(self, scope: SqlScope, *, certain: bool = False) -> sa.ColumnElement[Any]:
        """The same in SQL. Numbers come out as Decimal and may be compared, sorted and grouped by.

        A condition is made for WHERE: NULL counts as false there, and a column compared with a constant stays so for
        the index; selected,
        it comes out as False. With ``certain`` it is never NULL: for GROUP BY, ORDER BY, and under NOT.
        """
        if not self.has_sql:
            raise ValueError(f"there is no SQL for {self.source!r}")
        translator = Translator(scope)
        if self.kind.name != "bool":
            value = translator.value(self.node)
            return sa.type_coerce(value, Whole()) if self.kind.name == "number" and scale_of(value.type) == 0 else value
        found = translator.certainty(self.node) if certain else translator.truth(self.node)
        return sa.type_coerce(found, Truth()) if not certain else found

    def tree(self, document: str | None = None) -> list[Any] | None:
        """JSON for the browser (see `browser`), None when a part of it runs on the server only.

        ``document``: what an owned row calls the record that carries it, when the expression is one of a row.
        """
        return tree(self.node, document)


def compile(source: str, scope: Scope, *, expect: str | Kind | None = None, group: bool = False) -> Expression:
    """Check ``source`` in ``scope``; raises `ExpressionFault`.

    ``expect``: kind of the value that is wanted; a `Kind` with options lets bare words be those options, one with
    ``of`` names the entity.
    ``group``: the expression describes a group of a report: aggregates run over its rows, ``count(stage == won)``.
    """
    tree_, text = reading.read(source)
    notes = Notes()
    checker = Checker(text, scope, scope, notes, group=group)
    wanted = Kind(expect) if isinstance(expect, str) else expect
    node = checker.condition(tree_) if wanted is not None and wanted.name == "bool" else checker.check(tree_, wanted)
    if wanted is not None and wanted.name not in ("any", "bool"):
        node = _as_wanted(checker, tree_, node, wanted)
    if node.kind.name == "shift":
        raise text.fault(
            tree_,
            Label("月数不是值", "A length of months is no value."),
            Label("请加到日期上：date + months(3)", "Add it to a date: date + months(3)."),
        )
    return Expression(
        source,
        node.kind,
        frozenset(notes.reads),
        frozenset(notes.calls),
        frozenset(notes.volatile),
        frozenset(notes.entities),
        has_sql(node),
        node,
        build(node),
    )


def _as_wanted(checker: Checker, at: Any, node: n.Node, wanted: Kind) -> n.Node:
    found = node.kind
    if found.name in k.LOOSE or found.name == wanted.name == "choices":
        return node
    if wanted.name == "choice" and found.name == "choice":
        return _options_fit(checker, at, node, wanted)
    if wanted.name == "link" and found.name == "link":
        if wanted.of and found.of and wanted.of != found.of:
            raise checker.fault(at, k.this_is(found), k.needed(wanted))
        return node
    if wanted.name in k.MANY | {"list"} and found.name in k.MANY | {"list"}:
        return node
    fitting = k.to_kind(node, wanted.name)
    if fitting is None or (wanted.name == "choice" and found.name == "text" and wanted.options is not None):
        raise checker.fault(at, k.this_is(found), k.needed(wanted))
    return fitting


def _options_fit(checker: Checker, at: Any, node: n.Node, wanted: Kind) -> n.Node:
    foreign = [key for key in node.kind.options or () if wanted.options is not None and key not in wanted.options]
    if foreign:
        raise checker.fault(at, not_an_option(foreign[0]), checker._options_said(foreign[0], wanted))
    return node


def _loose(node: n.Node) -> bool:
    return node.kind.name in ("any", "json")


__all__ = ["Expression", "ExpressionFault", "compile", "identity"]
