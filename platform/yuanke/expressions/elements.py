"""SQL elements whose text differs between the two databases.

The one rule: an element uses each of its parts once, so that a nested expression never grows beyond its own size.
On SQLite numbers are integers in units of a scale (columns) or keys (`keys`); the functions take both: ``yk_mul(a, 2,
b, 6)``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from yuanke.expressions.functions import Element, Function
from yuanke.expressions.scope import Kind
from yuanke.expressions.sqltypes import SQL_TYPES, Number, scale_of


class Operation(FunctionElement[Any]):
    """Arithmetic on exact numbers. ``lite``: its name on SQLite; ``template``: its text on PostgreSQL."""

    inherit_cache = True
    lite = ""
    template = ""
    type = Number()


@compiles(Operation)
def _on_postgresql(element: Operation, compiler: Any, **options: Any) -> str:
    parts = []
    for part in element.clauses:
        text = compiler.process(part, **options)
        parts.append(f"CAST({text} AS NUMERIC)" if scale_of(part.type) == 0 else text)
    return element.template.format(*parts)


@compiles(Operation, "sqlite")
def _on_sqlite(element: Operation, compiler: Any, **options: Any) -> str:
    parts = [f"{compiler.process(part, **options)}, {scale_of(part.type) or 0}" for part in element.clauses]
    return f"yk_{element.lite}({', '.join(parts)})"


class as_number(Operation):
    lite, template, inherit_cache = "number", "{0}", True


class added(Operation):
    lite, template, inherit_cache = "add", "({0} + {1})", True


class subtracted(Operation):
    lite, template, inherit_cache = "sub", "({0} - {1})", True


class multiplied(Operation):
    lite, template, inherit_cache = "mul", "({0} * {1})", True


class divided(Operation):
    """Half-up to 12 places, NULL where the divisor is zero. PostgreSQL's own ``/`` chooses its places by itself;
    ``div`` cuts towards zero, so the 13th digit alone decides the rounding."""

    lite, inherit_cache = "div", True
    template = "round(div({0} * 10000000000000, nullif({1}, 0)) * 0.0000000000001, 12)"


class remainder_of(Operation):
    lite, template, inherit_cache = "mod", "mod({0}, nullif({1}, 0))", True


class negated(Operation):
    lite, template, inherit_cache = "neg", "(- {0})", True


class summed(Operation):
    """The aggregate."""

    lite, template, inherit_cache = "sum", "sum({0})", True


class middle(Operation):
    """The aggregate median. percentile_cont computes in floats; the lower and the upper middle are exact."""

    lite, inherit_cache = "median", True
    lower, upper = (f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {{0}}{way})" for way in ("", " DESC"))
    template = f"round(({lower} + {upper}) * 0.5, 12)"


ARITHMETIC = {"+": added, "-": subtracted, "*": multiplied, "/": divided, "%": remainder_of}


class joined_names(FunctionElement[Any]):
    """The aggregate ``names``: distinct filled texts in the order of their code points, joined by 、."""

    inherit_cache = True
    type = sa.Text()


@compiles(joined_names)
def _names_on_postgresql(element: joined_names, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"string_agg(DISTINCT nullif(({text}) COLLATE \"C\", ''), '、' ORDER BY nullif(({text}) COLLATE \"C\", ''))"


@compiles(joined_names, "sqlite")
def _names_on_sqlite(element: joined_names, compiler: Any, **options: Any) -> str:
    return f"yk_names({compiler.process(element.clauses, **options)})"


class bucketed(Operation):
    """The greatest of the bounds that is not above the number."""

    inherit_cache = True


@compiles(bucketed)
def _bucketed_on_postgresql(element: bucketed, compiler: Any, **options: Any) -> str:
    value, *bounds = (compiler.process(part, **options) for part in element.clauses)
    held = f"ARRAY[{', '.join(bounds)}]"
    return f"({held})[width_bucket({value}, {held})]"


def extreme(name: str, parts: list[Element], kind: Kind) -> Element:
    """``min(a, b)``, ``max(a, b)``, NULLs passed over: SQLite's own would give NULL for one of them."""
    if kind.name == "text":
        parts = [bytewise(part) for part in parts]
    made = (least if name == "min" else greatest)(*parts)
    found = next((part.type for part in parts if not isinstance(part.type, sa.types.NullType)), Number())
    made.type = found if kind.name == "number" else SQL_TYPES.get(kind.name, found)
    return made


class least(FunctionElement[Any]):
    name, inherit_cache = "least", True


class greatest(FunctionElement[Any]):
    name, inherit_cache = "greatest", True


@compiles(least)
@compiles(greatest)
def _extreme_on_postgresql(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"{element.name}({compiler.process(element.clauses, **options)})"


@compiles(least, "sqlite")
@compiles(greatest, "sqlite")
def _extreme_on_sqlite(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"yk_{element.name}({compiler.process(element.clauses, **options)})"


class pointer_of(FunctionElement[Any]):
    """``member:5`` of the entity and the id."""

    inherit_cache = True
    type = sa.Text()


@compiles(pointer_of)
def _pointer_of(element: pointer_of, compiler: Any, **options: Any) -> str:
    entity, number = (compiler.process(part, **options) for part in element.clauses)
    return f"({entity} || ':' || CAST({number} AS TEXT))"


class pointer_entity(FunctionElement[Any]):
    """``member`` of ``member:5``."""

    inherit_cache = True
    type = sa.Text()


@compiles(pointer_entity)
def _entity_on_postgresql(element: pointer_entity, compiler: Any, **options: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **options)}, ':', 1)"


@compiles(pointer_entity, "sqlite")
def _entity_on_sqlite(element: pointer_entity, compiler: Any, **options: Any) -> str:
    return f"yk_pointer({compiler.process(element.clauses, **options)}, 0)"


class pointer_id(FunctionElement[Any]):
    """``5`` of ``member:5``."""

    inherit_cache = True
    type = sa.BigInteger()


@compiles(pointer_id)
def _id_on_postgresql(element: pointer_id, compiler: Any, **options: Any) -> str:
    return f"CAST(nullif(split_part({compiler.process(element.clauses, **options)}, ':', 2), '') AS BIGINT)"


@compiles(pointer_id, "sqlite")
def _id_on_sqlite(element: pointer_id, compiler: Any, **options: Any) -> str:
    return f"yk_pointer({compiler.process(element.clauses, **options)}, 1)"


def pointer(link: Element, of: str | None) -> Element:
    """A link as ``member:5``: what a link to one of several entities is kept as."""
    return sa.type_coerce(link, sa.Text()) if of is None else pointer_of(sa.literal(of, sa.Text()), link)


def pointer_part(link: Element, name: str) -> Element:
    return (pointer_entity if name == "kind" else pointer_id)(sa.type_coerce(link, sa.Text()))


class bytewise(FunctionElement[Any]):
    """A text that is compared by code points, whatever the database's own order is."""

    inherit_cache = True
    type = sa.Text()


@compiles(bytewise)
def _bytewise_on_postgresql(element: bytewise, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


@compiles(bytewise, "sqlite")
def _bytewise_on_sqlite(element: bytewise, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


class LibraryCall(FunctionElement[Any]):
    """A function of the library: its SQL on PostgreSQL, its Python inside SQLite."""

    inherit_cache = True
    function: Function


@compiles(LibraryCall)
def _library_on_postgresql(element: LibraryCall, compiler: Any, **options: Any) -> str:
    assert element.function.sql is not None
    return str(compiler.process(element.function.sql(*element.clauses), **options))


@compiles(LibraryCall, "sqlite")
def _library_on_sqlite(element: LibraryCall, compiler: Any, **options: Any) -> str:
    if element.function.sqlite is not None:
        return str(compiler.process(element.function.sqlite(*element.clauses), **options))
    arguments = ", ".join(compiler.process(part, **options) for part in element.clauses)
    return f"{sqlite_name(element.function)}({arguments})"


def sqlite_name(function: Function) -> str:
    return f"yk_fn_{function.name}"


@cache
def _call_class(function: Function) -> type[LibraryCall]:
    return type(
        f"call_{function.name}", (LibraryCall,), {"function": function, "name": function.name, "inherit_cache": True}
    )


def library_call(function: Function, arguments: list[Element], result: str) -> Element:
    """``arguments`` with the zone first where the function wants it; numbers already keys (`as_number`)."""
    element = _call_class(function)(*arguments)
    element.type = SQL_TYPES[result]
    return element
