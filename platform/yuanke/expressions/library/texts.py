"""Functions of text. Characters are code points; case is that of Latin, Greek and Cyrillic letters, one letter for one
letter."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from yuanke.expressions.faults import too_big
from yuanke.expressions.functions import Element, Function
from yuanke.kernel.text import Label

MOST_CHARACTERS = 100_000
BLANKS = " \t\r\n\u00a0\u3000"
_UPPER = {
    chr(c): chr(c).upper()
    for c in range(0x530)
    if len(chr(c).upper()) == 1 and chr(c).upper() != chr(c) and ord(chr(c).upper()) < 0x530
}
_LOWER = {
    chr(c): chr(c).lower()
    for c in range(0x530)
    if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c) and ord(chr(c).lower()) < 0x530
}
_UP, _DOWN = str.maketrans(_UPPER), str.maketrans(_LOWER)


def bounded(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise too_big()
    return text


def _bounded_sql(text: Element) -> Element:
    return sa.func.left(text, sa.literal_column(str(MOST_CHARACTERS)))


def _translated(table: dict[str, str]) -> Callable[[Element], Element]:
    return lambda text: sa.func.translate(text, sa.literal("".join(table)), sa.literal("".join(table.values())))


def _concat(*texts: str | None) -> str:
    return bounded("".join(text for text in texts if text is not None))


def _replace(text: str, part: str, new: str) -> str:
    if not part:
        return text
    if len(text) + text.count(part) * (len(new) - len(part)) > MOST_CHARACTERS:
        raise too_big()
    return text.replace(part, new)


def _strpos(text: Element, part: Element) -> Element:
    return sa.func.strpos(text, part)


def _holds_part(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and part in text


def _starts(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and text.startswith(part)


def _ends(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and text.endswith(part)


def _sure(condition: Element) -> Element:
    return sa.func.coalesce(condition, sa.false())


def _left(text: str, count: Decimal) -> str:
    return text[: max(int(count), 0)]


def _right(text: str, count: Decimal) -> str:
    return text[-int(count) :] if count >= 1 else ""


def _integer(count: Element) -> Element:
    return sa.cast(count, sa.Integer)


FUNCTIONS = (
    Function(
        "len",
        ("text",),
        "number",
        lambda t: Decimal(len(t)),
        Label("有多少个字", "How many characters"),
        lambda t: sa.cast(sa.func.length(t), sa.Numeric),
    ),
    Function(
        "upper", ("text",), "text", lambda t: t.translate(_UP), Label("转为大写", "In capitals"), _translated(_UPPER)
    ),
    Function(
        "lower",
        ("text",),
        "text",
        lambda t: t.translate(_DOWN),
        Label("转为小写", "In small letters"),
        _translated(_LOWER),
    ),
    Function(
        "trim",
        ("text",),
        "text",
        lambda t: t.strip(BLANKS),
        Label("去掉首尾空白", "Without blanks at both ends"),
        lambda t: sa.func.btrim(t, sa.literal(BLANKS)),
    ),
    Function(
        "contains",
        ("text", "text"),
        "bool",
        _holds_part,
        Label("包含这段文字", "Holds this text"),
        lambda t, p: _sure(_strpos(t, p) > 0),
        nulls=True,
        sqlite=lambda t, p: _sure(sa.func.instr(t, p) > 0),
    ),
    Function(
        "starts_with",
        ("text", "text"),
        "bool",
        _starts,
        Label("以这段文字开头", "Begins with this text"),
        lambda t, p: _sure(_strpos(t, p) == 1),
        nulls=True,
        sqlite=lambda t, p: _sure(sa.func.instr(t, p) == 1),
    ),
    Function(
        "ends_with",
        ("text", "text"),
        "bool",
        _ends,
        Label("以这段文字结尾", "Ends with this text"),
        lambda t, p: _sure(_strpos(sa.func.reverse(t), sa.func.reverse(p)) == 1),
        nulls=True,
    ),
    Function(
        "concat",
        ("text*",),
        "text",
        _concat,
        Label("连接，空的不算", "Joined; empty ones are passed over"),
        lambda *t: _bounded_sql(sa.func.concat(*t)),
        nulls=True,
    ),
    Function(
        "replace",
        ("text", "text", "text"),
        "text",
        _replace,
        Label("替换文字（后两个写成引号里的文字）", "With every second text (in quotes) replaced by the third"),
        lambda t, p, n: _bounded_sql(sa.func.replace(t, p, n)),
    ),
    Function(
        "left",
        ("text", "number"),
        "text",
        _left,
        Label("开头的几个字", "The first characters"),
        lambda t, n: sa.func.left(t, _integer(n)),
    ),
    Function(
        "right",
        ("text", "number"),
        "text",
        _right,
        Label("末尾的几个字", "The last characters"),
        lambda t, n: sa.func.right(t, _integer(n)),
    ),
)

_NONE = Label("", "")


def _holds(keys: Any, key: str | None) -> bool:
    return key is not None and key in (keys or ())


INTERNAL = (
    Function(
        "_join",
        ("text", "text"),
        "text",
        lambda a, b: bounded(a + b),
        _NONE,
        lambda a, b: _bounded_sql(a.op("||", return_type=sa.Text())(b)),
    ),
    Function(
        "_filled",
        ("text",),
        "bool",
        lambda t: bool(t),
        _NONE,
        lambda t: sa.func.coalesce(t, sa.literal_column("''")) != sa.literal_column("''"),
        nulls=True,
    ),
    Function("_text_bool", ("bool",), "text", lambda b: "true" if b else "false", _NONE, lambda b: sa.cast(b, sa.Text)),
    Function(
        "_holds",
        ("choices", "text"),
        "bool",
        _holds,
        _NONE,
        lambda c, k: _sure(sa.cast(c, JSONB).op("@>", return_type=sa.Boolean())(sa.func.to_jsonb(sa.cast(k, sa.Text)))),
        nulls=True,
    ),
    Function(
        "_any_chosen",
        ("choices",),
        "bool",
        lambda c: bool(c),
        _NONE,
        lambda c: _sure(sa.func.jsonb_array_length(sa.cast(c, JSONB)) > 0),
        nulls=True,
    ),
)
