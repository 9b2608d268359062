"""Writes docs/field-types.md from the types themselves, so that the page cannot say what the types do not.

``python -m yuanke.fieldtypes.page > docs/field-types.md``
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy.dialects import postgresql, sqlite

from yuanke.fieldtypes.base import FieldType, Place
from yuanke.fieldtypes.builtin import field_types
from yuanke.fieldtypes.operators import OPERATORS
from yuanke.fieldtypes.sample import SampleField, SampleOption
from yuanke.kernel.text import Label

HEAD = """# Field types 字段类型

This page is written by `python -m yuanke.fieldtypes.page`; a test compares the two.

A field is its type (`name: text`, `name: text!` when required) or a map (`{type: money, min: 0}`). The keys `options`,
`link`, `links` and `rows` name the type by themselves; a `formula` has its type beside it or takes that of its result.
Every field also knows the keys of the dialect that any type takes (`label`, `help`, `required`, `unique`, `default`,
`min`, `max`, `length`, `pattern`, `scale` ...).

Values are exact: money, quantities and percentages are decimal numbers in the database, in formulas and in JSON (as
text). What a person types is never rounded silently: too many decimals are refused. What a formula gives, and a number
cell of a spreadsheet, is rounded half-up to the scale of the type. Text is trimmed, and NUL and control characters are
refused. Patterns are RE2.

"""


_OPTIONS = {"high": Label("高", "High"), "email": Label("邮件", "E-mail"), "phone": Label("电话", "Phone")}


_SPEC = SampleField(options={key: SampleOption(label) for key, label in _OPTIONS.items()}, targets=("book",))


def page() -> str:
    kinds = field_types()
    return HEAD + overview(kinds) + "".join(map(section, kinds)) + operators()


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines) + "\n"


def overview(kinds: Iterable[FieldType]) -> str:
    rows = ([f"[`{k.name}`](#{k.name})", k.label.zh, k.label.en, f"`{k.example}`", columns(k)] for k in kinds)
    return table(["type", "名称", "name", "in a module file", "column: PostgreSQL, SQLite"], rows)


def columns(kind: FieldType) -> str:
    if not kind.stored:
        return "a table of its own"
    column = kind.column_type(_SPEC)
    return ", ".join(str(column.compile(dialect=made())) for made in (postgresql.dialect, sqlite.dialect))


def section(kind: FieldType) -> str:
    parts = [f"## {kind.name}\n\n{kind.help.zh}。\n\n{kind.help.en}.\n\n"]
    value = kind.parse(_SPEC, kind.sample, Place())
    sent = json.dumps(kind.sample if not kind.stored else kind.dump(_SPEC, value), ensure_ascii=False)
    facts = [["JSON", f"`{sent}`"]]
    if kind.stored:
        facts.append(["shown 显示", f"{kind.text(_SPEC, value, Place())}".replace("\n", " / ")])
    facts.append(["filter 筛选", "、".join(OPERATORS[name].label.zh for name in kind.operators)])
    facts += [[f"`{key}`", f"`{json.dumps(schema, ensure_ascii=False)}`"] for key, schema in kind.keys.items()]
    return parts[0] + table(["", ""], facts)


def operators() -> str:
    rows = ([f"`{name}`", o.label.zh, o.label.en, o.takes, o.meaning.zh, o.meaning.en] for name, o in OPERATORS.items())
    return (
        "## Operators of filters 筛选条件\n\n"
        + table(["", "名称", "name", "values", "含义", "meaning"], rows).rstrip()
        + "\n"
    )


if __name__ == "__main__":
    print(page(), end="")
