"""Statements written out once and run again and again: the text, its parameters, and how the driver's values become Python's.

Building a SELECT and finding its text in SQLAlchemy's own cache takes ten times as long as most databases need to answer it.
The one rule: what is kept is kept under everything it was made of (`remembered`), so a kept statement is the one that
would be built now.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from yuanke.kernel import clock, watch
from yuanke.storage.engines import copy_rows, fetch_text, run_text

if TYPE_CHECKING:
    from yuanke.storage.unit import Unit

MOST_KEPT = 4_000
#: stands for the enterprise's schema in a text that all enterprises of one shape could share
ANY_PLACE = "yk_any_place"
Made = TypeVar("Made")


class Prepared:
    """One statement for one dialect. Named `sa.bindparam`s are given at each run, every other value is fixed.

    A fixed list of an IN is spelled out; of a list of ids that differs from run to run, `one_of` says that.
    """

    def __init__(self, statement: Any, dialect: sa.Dialect) -> None:
        compiled = statement.compile(
            dialect=dialect,
            compile_kwargs={"render_postcompile": True},
            **(
                {"schema_translate_map": {None: ANY_PLACE}, "render_schema_translate": True}
                if dialect.name == "postgresql"
                else {}
            ),
        )
        self._text = sys.intern(str(compiled))
        binders = compiled._bind_processors
        self._open = {name: binders.get(name) for name in compiled.params if name.startswith(OPEN)}
        fixed = {name: value for name, value in compiled.params.items() if name not in self._open}
        self._fixed = fixed = {
            name: binders[name](value) if name in binders else value for name, value in fixed.items()
        }
        #: for a driver that takes values by position: name of an open value, how it is bound, or a fixed value
        self._plan: list[tuple[str | None, Any, Any]] | None = None
        if compiled.positional:
            self._plan = [
                (name[len(OPEN) :], self._open[name], None) if name in self._open else (None, None, fixed[name])
                for name in compiled.positiontup or ()
            ]
        self._types = [entry.type for entry in compiled._result_columns]
        self._names = [sys.intern(str(entry.keyname)) for entry in compiled._result_columns]
        self._dialect = dialect
        self._readers: list[Callable[[Any], Any] | None] | None = None
        self._texts: dict[str, str] = {}

    def columns(self, unit: Unit, /, **values: Any) -> list[Sequence[Any]]:
        """Run it and answer column by column, as Python values; an empty list when there is no row."""
        return self._columns(unit.connection, unit.enterprise.place, values)

    def mappings(self, unit: Unit, /, **values: Any) -> list[dict[str, Any]]:
        """Run it and answer row by row."""
        return [dict(zip(self._names, row)) for row in zip(*self.columns(unit, **values))]

    def first(self, connection: sa.Connection, place: str, values: Mapping[str, Any]) -> Any:
        """The first row with its columns as attributes, None without one; before there is a unit."""
        columns = self._columns(connection, place, values)
        return SimpleNamespace(**dict(zip(self._names, (column[0] for column in columns)))) if columns else None

    def scalar(self, unit: Unit, /, **values: Any) -> Any:
        """The first column of the first row, None without one."""
        found = self.columns(unit, **values)
        return found[0][0] if found else None

    def run(self, unit: Unit, /, **values: Any) -> int:
        """Run a statement without rows; answers how many it touched."""
        return run_text(unit.connection, self._text_for(unit.enterprise.place), self._bound(values))

    def run_many(self, unit: Unit, many: Iterable[Mapping[str, Any]]) -> None:
        """Run it once for each set of values, in one call of the driver."""
        bound = [self._bound(values) for values in many]
        if bound:
            several = len(bound) > 1
            run_text(
                unit.connection, self._text_for(unit.enterprise.place), bound if several else bound[0], many=several
            )

    def _columns(self, connection: sa.Connection, place: str, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        rows, description = fetch_text(connection, self._text_for(place), self._bound(values))
        return self._read(rows, description) if rows else []

    def _read(self, rows: list[Any], description: Any) -> list[Sequence[Any]]:
        if self._readers is None:
            self._readers = self._make_readers(description)
        return [
            column if read is None else [None if value is None else read(value) for value in column]
            for column, read in zip(zip(*rows), self._readers or ())
        ]

    def _make_readers(self, description: Any) -> list[Callable[[Any], Any] | None]:
        """A reader a column; some types ask the driver's code of the column."""
        return [
            type_._cached_result_processor(self._dialect, told[1])
            for type_, told in zip(self._types, description, strict=True)
        ]

    def _text_for(self, place: str) -> str:
        if self._plan is not None:
            return self._text
        found = self._texts.get(place)
        if found is None:
            quote = self._dialect.identifier_preparer.quote_identifier
            found = self._text.replace(f"{ANY_PLACE}.", f"{quote(place)}.")
            self._texts = {place: found}
        return found

    def _bound(self, values: Mapping[str, Any]) -> Any:
        if self._plan is not None:
            return [
                fixed if name is None else values[name] if bind is None else bind(values[name])
                for name, bind, fixed in self._plan
            ]
        bound = dict(self._fixed)
        for name, bind in self._open.items():
            value = values[name[len(OPEN) :]]
            bound[name] = value if bind is None else bind(value)
        return bound


OPEN = "yk_open_"


def open_value(name: str, type_: sa.types.TypeEngine[Any] | None = None) -> Any:
    """A value that is given at each run under ``name``."""
    return sa.bindparam(OPEN + name, None, type_=type_)


class _Listed(sa.types.TypeDecorator[Any]):
    """Ids handed to SQLite as one JSON text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        return json.dumps(list(value))


def one_of(unit: Unit, column: sa.ColumnElement[Any], name: str = "ids") -> sa.ColumnElement[bool]:
    """``column`` is one of the ids that are given at each run under ``name``, however many: one text for all lengths."""
    if unit.dialect == "postgresql":
        return column == sa.any_(open_value(name, ARRAY(sa.BigInteger())))
    given = sa.func.json_each(open_value(name, _Listed())).table_valued(sa.column("value", sa.BigInteger()))
    return column.in_(sa.select(given.c.value))


class Inserts(Prepared):
    """An INSERT of rows of which ``names`` are given at each run; many rows take the driver's quickest way."""

    FEW = 8

    def __init__(self, table: sa.Table, names: Sequence[str], dialect: sa.Dialect) -> None:
        super().__init__(table.insert().inline().values(open_row(table, names)), dialect)
        quote = dialect.identifier_preparer.quote_identifier
        columns = ", ".join(quote(table.c[name].name) for name in names)
        self._copy = f"COPY {ANY_PLACE}.{quote(table.name)} ({columns}) FROM STDIN"
        self._binders = [(name, self._open[OPEN + name]) for name in names]

    def run_many(self, unit: Unit, many: Iterable[Mapping[str, Any]]) -> None:
        rows = list(many)
        if unit.dialect != "postgresql" or len(rows) < self.FEW:
            super().run_many(unit, rows)
            return
        place = self._dialect.identifier_preparer.quote_identifier(unit.enterprise.place)
        bound = ([row[name] if bind is None else bind(row[name]) for name, bind in self._binders] for row in rows)
        copy_rows(unit.connection, self._copy.replace(f"{ANY_PLACE}.", f"{place}."), bound)


def open_row(table: sa.Table, names: Iterable[str]) -> dict[str, Any]:
    """What ``values()`` of an INSERT or UPDATE takes when every column is given at the run, under its own name."""
    return {name: open_value(name, table.c[name].type) for name in names}


def prepared(unit: Unit, statement: Any) -> Prepared:
    return Prepared(statement, unit.connection.dialect)


_constant: dict[tuple[str, Hashable], Prepared] = {}


def constant(unit: Unit, key: Hashable, make: Callable[[], Any]) -> Prepared:
    """A statement on the engine's own tables: it depends on nothing but the dialect."""
    found = _constant.get((unit.dialect, key))
    if found is None:
        made = make()
        found = _constant[unit.dialect, key] = made if isinstance(made, Prepared) else prepared(unit, made)
    return found


def inserts(unit: Unit, table: sa.Table, names: Sequence[str]) -> Inserts:
    return Inserts(table, names, unit.connection.dialect)


class _Kept:
    """A thing with the days it holds on, and whether it knows the organisation."""

    __slots__ = ("days", "made", "organised")

    def __init__(self, made: Any, days: tuple[tuple[str, Any], ...], organised: bool) -> None:
        self.made, self.days, self.organised = made, days, organised


_kept: dict[Hashable, _Kept] = {}


def remembered(unit: Unit, key: Hashable, make: Callable[[], Made]) -> Made:
    """``make()``, or what it made before for the same ``key`` under the same version of metadata and rights.

    ``key`` names everything else that ``make`` reads (the actor above all). Something that read the time of day or a user's
    own record is not kept; something of today holds for today; in a unit that writes, the organisation may have moved.
    """
    if not unit.serial:
        return make()
    mark = (unit.serial, unit.head.perm_version, key)
    found = _kept.get(mark)
    if (
        found is not None
        and all(clock.today(zone) == day for zone, day in found.days)
        and not (unit.writing and found.organised)
    ):
        return found.made  # type: ignore[no-any-return]
    with watch.watching() as seen:
        made = make()
    organised = "organisation" in seen
    if not seen & {"now", "user record"} and not (unit.writing and organised):
        days = tuple((what[1], clock.today(what[1])) for what in seen if isinstance(what, tuple) and what[0] == "today")
        if len(_kept) >= MOST_KEPT:
            for old in list(itertools.islice(_kept, MOST_KEPT // 4)):
                _kept.pop(old, None)
        _kept[mark] = _Kept(made, days, organised)
    return made
