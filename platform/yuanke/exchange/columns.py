"""Expressions over the columns of a file: ``=Discount * 100``, ``=FirstName + ' ' + LastName``.

The one rule: a column is a number where every filled cell of it is a plain number without leading zeros, else a text;
the options of the field that is filled stand as bare words.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from yuanke import expressions
from yuanke.exchange.cells import Cell, exact, shown
from yuanke.expressions.scope import Kind, Scope
from yuanke.kernel.text import Message, message

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_NOT_IN_NAMES = re.compile(r"\W+")


def name_of(column: str) -> str:
    """How an expression calls a column: ``年收入(万)`` -> ``年收入_万``, ``2024`` -> ``c_2024``."""
    name = _NOT_IN_NAMES.sub("_", column).strip("_")
    if not name or not name[0].isalpha() or keyword.iskeyword(name):
        name = f"c_{name}" if name else "c"
    return name


def is_number(cell: Cell) -> bool:
    if isinstance(cell, str):
        return _PLAIN_NUMBER.fullmatch(cell.strip()) is not None
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def number_columns(header: list[str], rows: Iterable[list[Cell]], wanted: Iterable[str]) -> set[str]:
    """Those of the ``wanted`` columns in which every filled cell is a plain number. One pass over ``rows``."""
    open_ = {header.index(column): column for column in wanted if column in header}
    filled: set[int] = set()
    for values in rows:
        for at in list(open_):
            cell = values[at] if at < len(values) else None
            if cell is None:
                continue
            filled.add(at)
            if not is_number(cell):
                del open_[at]
        if not open_:
            break
    return {column for at, column in open_.items() if at in filled}


class ColumnScope(Scope):
    """The names of one file: its columns, and the options of the field that the expression fills."""

    def __init__(self, header: list[str], numbers: set[str], options: Iterable[str] = ()) -> None:
        self.columns: dict[str, str] = {}
        for column in header:
            self.columns.setdefault(name_of(column), column)
        self.numbers = numbers
        self.options = frozenset(options) - set(self.columns)

    def kind_of(self, name: str) -> Kind | None:
        if name in self.columns:
            return Kind("number" if self.columns[name] in self.numbers else "text")
        return Kind("text") if name in self.options else None

    def step(self, kind: Kind, name: str) -> Kind | None:
        return None

    def inside(self, collection: Kind) -> Scope:
        raise LookupError("a file has no collections")

    def entity(self, name: str) -> Kind | None:
        return None

    def names(self) -> list[str]:
        return list(self.columns)


@dataclass(frozen=True)
class Computed:
    """A compiled expression: ``columns`` are those it reads, as they stand in the header."""

    expression: Any
    scope: ColumnScope

    @property
    def columns(self) -> list[str]:
        return [self.scope.columns[path[0]] for path in sorted(self.expression.reads) if path[0] in self.scope.columns]

    def evaluate(self, row: Mapping[str, Cell]) -> Any:
        """The value for one row, given by column. A cell of another kind than its column raises ArithmeticError."""
        env: dict[str, Any] = {option: option for option in self.scope.options}
        for name, *_rest in self.expression.reads:
            column = self.scope.columns.get(name)
            if column is not None:
                env[name] = _value(row[column], column in self.scope.numbers)
        return self.expression.evaluate(env)


def _value(cell: Cell, number: bool) -> Any:
    if cell is None:
        return None
    if number:
        return Decimal(cell.strip()) if isinstance(cell, str) else exact(cell)
    if isinstance(cell, (datetime, date, time)):
        return shown(cell)
    return cell if isinstance(cell, str) else shown(cell)


def columns_read(source: str, header: list[str]) -> list[str]:
    """Which columns an expression names, before their kinds are known."""
    words = set(re.findall(r"[^\W\d]\w*", source))
    return [column for column in header if name_of(column) in words]


def compile_computed(
    source: str, header: list[str], numbers: set[str], options: Iterable[str] = ()
) -> Computed | Message:
    """The compiled expression, or what is wrong with it. Numbers that are only joined as text are taken as text."""
    first: Message | None = None
    for kinds in (numbers, set()):
        scope = ColumnScope(header, kinds, options)
        try:
            return Computed(expressions.compile(source, scope), scope)
        except expressions.ExpressionFault as fault:
            first = first or message("表达式“{source}”有误：{fault}", source=source, fault=fault.told)
    assert first is not None
    return first
