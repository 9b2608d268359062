"""Functions that expressions may call. The one rule: a function is one entry, with its Python, its SQL and its help.

On SQLite the Python itself runs inside the database (`sqlite_functions`); ``sql`` is what PostgreSQL gets. A function
without ``sql`` may be used where a value is computed and stored, not in filters, scopes or unstored formulas.
Plugins bring theirs through the hook ``expression_functions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import Label

Element = sa.ColumnElement[Any]


@dataclass(frozen=True, eq=False)
class Function:
    """One function.

    ``parameters``: kinds (number, text, date, datetime, duration, bool, choices, any), ``?`` behind an optional one,
    ``*`` behind the
    last when it may come any number of times. ``name`` is no value but dotted words, given as text
    (``balance(stock.quantity)``).
    ``result``: a kind, or ``same`` as the parameters. ``python`` gets Decimal, str, date, aware datetime, timedelta,
    bool;
    unless ``nulls``, it is not called when one of them is None: then the result is None. ``sql`` gets and gives SQL
    elements
    for PostgreSQL, and must use each of them once; ``sqlite`` the same for SQLite, where its own words say it exactly
    (without it the Python runs for each row). ``zone``: both get the enterprise's time zone first.
    ``volatile``: ``today`` or ``now``. ``contextual``: the place of use brings the function, in
    ``env["calls"][name]``; of a
    ``running`` one `deal_out` does.
    """

    name: str
    parameters: tuple[str, ...]
    result: str
    python: Callable[..., Any] | None
    help: Label
    sql: Callable[..., Element] | None = None
    keywords: Mapping[str, str] = field(default_factory=dict)
    nulls: bool = False
    zone: bool = False
    volatile: str | None = None
    contextual: bool = False
    running: bool = False
    sqlite: Callable[..., Element] | None = None

    @property
    def needed(self) -> int:
        return sum(not parameter.endswith(("?", "*")) for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """Most arguments; None = any number."""
        return None if self.parameters and self.parameters[-1].endswith("*") else len(self.parameters)

    def parameter(self, index: int) -> str:
        return self.parameters[min(index, len(self.parameters) - 1)].rstrip("?*")

    @property
    def signature(self) -> str:
        """``round(number, number?)``: for help and faults."""
        words = [parameter.replace("*", ", ...") for parameter in self.parameters]
        return f"{self.name}({', '.join([*words, *(f'{name}=' for name in self.keywords)])})"


@cache
def catalogue() -> Mapping[str, Function]:
    """All functions by name: the built-in ones, then what plugins add (they may not replace one). Kept for the
    process."""
    from yuanke.expressions import library

    found: dict[str, Function] = {entry.name: entry for entry in library.FUNCTIONS}
    for group in hooks().hook.expression_functions():
        for entry in group:
            if entry.name in found and found[entry.name] is not entry:
                raise ValueError(f'Two functions are called "{entry.name}"; a plugin may not replace one.')
            found[entry.name] = entry
    return found


@cache
def internal() -> Mapping[str, Function]:
    """Functions the checker puts in by itself (conversions, steps of dates); their names cannot be typed."""
    from yuanke.expressions import library

    return {entry.name: entry for entry in library.INTERNAL}
