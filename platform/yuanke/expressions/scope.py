"""What an expression may name: kinds of values, and the scopes that resolve names to them.

`expressions` knows no entity and no table. Whoever checks an expression brings a `Scope`; whoever turns it
into SQL brings a `SqlScope`. The Registry implements the first, `storage` the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa


@dataclass(frozen=True)
class Kind:
    """The kind of a value.

    ``name``: text, number (Decimal: all of integer, money, percent ...), bool, date, datetime, time, duration, choice,
    choices,
    link, links, collection, json, any, null. ``of`` is the entity of a link or collection (None: one of several).
    ``options`` of a choice: key -> its values (``{"won": {"probability": 100, "closed": True}}``).
    """

    name: str
    of: str | None = None
    options: Mapping[str, Mapping[str, Any]] | None = None


class Scope(Protocol):
    """Resolves the names of one place (a record of an entity, a row, a report group)."""

    def kind_of(self, name: str) -> Kind | None:
        """Kind of a bare name here, or None when nothing is called so."""

    def step(self, kind: Kind, name: str) -> Kind | None:
        """Kind of ``name`` one dot behind a value of ``kind`` (a field of the linked entity, of each row, of
        ``me``)."""

    def inside(self, collection: Kind) -> Scope:
        """The scope of a bracket ``collection[...]``: bare names are the collection's entity, ``this`` is this
        record."""

    def entity(self, name: str) -> Kind | None:
        """The collection of all records of an entity that is called ``name``, or None."""

    def names(self) -> list[str]:
        """All names, for the suggestion in a fault."""


class SqlScope(Protocol):
    """Resolves the same names to SQL."""

    def column(self, name: str) -> sa.ColumnElement[Any]:
        """The value of a bare name of the row at hand (a column, or the SQL of a computed field)."""

    def link(self, name: str) -> SqlScope:
        """The scope of the record that link ``name`` points to; its columns are NULL where there is none."""

    def collection(self, name: str) -> SqlCollection:
        """Rows, inverse records or pairs of the row at hand, or (``name`` an entity) all its live records."""

    def value(self, path: tuple[str, ...]) -> Any:
        """A plain value known at run time: ``("me", "department")``, ``("settings", "stale_days")``, ``("asked",
        "since")``."""


@dataclass(frozen=True)
class SqlCollection:
    """FROM and WHERE of a collection, correlated with the row at hand, and the scope of its rows (``this``
    included)."""

    source: sa.FromClause
    condition: sa.ColumnElement[bool]
    scope: SqlScope
