"""What SQLite must learn: exact arithmetic, and the library's functions in their own Python.

`register` is called on every new connection. The one rule: a function here answers exactly as the Python run does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from yuanke.expressions import aggregates
from yuanke.expressions.functions import Function, catalogue, internal
from yuanke.expressions.keys import key, key_of, number_of, parts
from yuanke.expressions.sqltypes import instant_text, milliseconds
from yuanke.kernel.decimals import DIVISION_PLACES


def register(connection: sqlite3.Connection) -> None:
    """Teach one connection all functions; about 0.1 ms."""
    for name, count, python in ARITHMETIC:
        connection.create_function(f"yk_{name}", count, python, deterministic=True)
    for name, count, aggregate in AGGREGATES:
        connection.create_aggregate(f"yk_{name}", count, aggregate)  # type: ignore[arg-type]
    for function in (*catalogue().values(), *internal().values()):
        if function.sql is not None and function.python is not None and not function.contextual:
            connection.create_function(f"yk_fn_{function.name}", -1, translated(function), deterministic=True)


# -- arithmetic on integers in units of a scale, and on keys -----------------------------------------------------------


def _number(a: Any, sa: int) -> Any:
    return None if a is None else a if type(a) is str else key(*parts(a, sa))


def _negative(a: Any, sa: int) -> Any:
    if a is None:
        return None
    x, p = parts(a, sa)
    return key(-x, p)


def _levelled(a: Any, sa: int, b: Any, sb: int) -> tuple[int, int, int]:
    x, p = parts(a, sa)
    y, q = parts(b, sb)
    return (x * 10 ** (q - p), y, q) if p < q else (x, y * 10 ** (p - q), p)


def _add(a: Any, sa: int, b: Any, sb: int) -> Any:
    if a is None or b is None:
        return None
    x, y, scale = _levelled(a, sa, b, sb)
    return key(x + y, scale)


def _subtract(a: Any, sa: int, b: Any, sb: int) -> Any:
    if a is None or b is None:
        return None
    x, y, scale = _levelled(a, sa, b, sb)
    return key(x - y, scale)


def _multiply(a: Any, sa: int, b: Any, sb: int) -> Any:
    if a is None or b is None:
        return None
    x, p = parts(a, sa)
    y, q = parts(b, sb)
    return key(x * y, p + q)


def _divide(a: Any, sa: int, b: Any, sb: int) -> Any:
    """Half-up to 12 places, away from zero."""
    if a is None or b is None:
        return None
    x, y, _ = _levelled(a, sa, b, sb)
    if not y:
        return None
    cut, rest = divmod(abs(x) * 10**DIVISION_PLACES, abs(y))
    cut += 2 * rest >= abs(y)
    return key(cut if (x < 0) == (y < 0) else -cut, DIVISION_PLACES)


def _remainder(a: Any, sa: int, b: Any, sb: int) -> Any:
    """With the sign of ``a``."""
    if a is None or b is None:
        return None
    x, y, scale = _levelled(a, sa, b, sb)
    if not y:
        return None
    rest = abs(x) % abs(y)
    return key(-rest if x < 0 else rest, scale)


def _least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


def _greatest(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)


def _pointer(text: Any, part: int) -> Any:
    entity, _, number = (text or "").partition(":")
    return None if text is None else (int(number) if number else None) if part else entity


ARITHMETIC: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("number", 2, _number),
    ("neg", 2, _negative),
    ("add", 4, _add),
    ("sub", 4, _subtract),
    ("mul", 4, _multiply),
    ("div", 4, _divide),
    ("mod", 4, _remainder),
    ("least", -1, _least),
    ("greatest", -1, _greatest),
    ("pointer", 2, _pointer),
)


class Sum:
    def __init__(self) -> None:
        self.total, self.scale, self.any = 0, 0, False

    def step(self, value: Any, scale: int) -> None:
        if value is None:
            return
        number, places = parts(value, scale)
        if places > self.scale:
            self.total, self.scale = self.total * 10 ** (places - self.scale), places
        self.total += number * 10 ** (self.scale - places)
        self.any = True

    def finalize(self) -> str | None:
        return key(self.total, self.scale) if self.any else None


class Median:
    def __init__(self) -> None:
        self.values: list[str] = []

    def step(self, value: Any, scale: int) -> None:
        if value is not None:
            self.values.append(_number(value, scale))

    def finalize(self) -> str | None:
        middle = aggregates.median([number_of(value) for value in self.values])
        return None if middle is None else key_of(middle)


class Names:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def step(self, text: Any) -> None:
        if text:
            self.texts.append(text)

    def finalize(self) -> Any:
        return aggregates.names(self.texts)


AGGREGATES: tuple[tuple[str, int, type], ...] = (("sum", 2, Sum), ("median", 2, Median), ("names", 1, Names))


# -- the library's functions -------------------------------------------------------------------------------------------

_DECODE: dict[str, Callable[[Any], Any]] = {
    "number": number_of,
    "date": lambda text: date.fromisoformat(text[:10]),
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "duration": lambda span: timedelta(milliseconds=span),
    "bool": bool,
    "choices": lambda text: json.loads(text) if isinstance(text, str) else text,
}


def _same(value: Any) -> Any:
    return value


def _encode(value: Any) -> Any:
    if isinstance(value, Decimal):
        return key_of(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    return milliseconds(value) if isinstance(value, timedelta) else value


def translated(function: Function) -> Callable[..., Any]:
    """The function's Python over SQLite's values: keys, ISO texts, milliseconds, 0 and 1."""
    python, nulls, zone = function.python, function.nulls, int(function.zone)
    assert python is not None
    decoders = [_DECODE.get(function.parameter(index), _same) for index in range(len(function.parameters))]
    last = decoders[-1] if decoders else _same

    def call(*values: Any) -> Any:
        if not nulls and None in values:
            return None
        given = list(values[:zone])
        for index, value in enumerate(values[zone:]):
            decode = decoders[index] if index < len(decoders) else last
            given.append(None if value is None else decode(value))
        return _encode(python(*given))

    return call
