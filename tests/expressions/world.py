"""A small world to write expressions in: deals with lines, members and a customer, as mappings and as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from yuanke.expressions import Kind, SqlCollection
from yuanke.fieldtypes.columns import Exact, Json, Span, UtcDateTime, integer_column

STAGES = {
    "new": {"probability": 10, "open": True},
    "won": {"probability": 100, "closed": True, "word": "yes"},
    "lost": {"probability": 0, "closed": True, "weight": 2.5},
}
LEVELS = {"a": {}, "b": {}, "c": {}}

KINDS: dict[str, dict[str, Kind]] = {
    "deal": {
        "id": Kind("number"),
        "amount": Kind("number"),
        "price": Kind("number"),
        "quantity": Kind("number"),
        "rate": Kind("number"),
        "pieces": Kind("number"),
        "name": Kind("text"),
        "code": Kind("text"),
        "stage": Kind("choice", options=STAGES),
        "before": Kind("choice", options=STAGES),
        "colors": Kind("choices", options={"red": {}, "blue": {}}),
        "hot": Kind("bool"),
        "signed": Kind("date"),
        "due": Kind("date"),
        "made_at": Kind("datetime"),
        "done_at": Kind("datetime"),
        "spent": Kind("duration"),
        "owner": Kind("link", of="user"),
        "customer": Kind("link", of="customer"),
        "lines": Kind("collection", of="line"),
        "members": Kind("links", of="user"),
    },
    "line": {
        "id": Kind("number"),
        "deal": Kind("link", of="deal"),
        "position": Kind("number"),
        "quantity": Kind("number"),
        "price": Kind("number"),
        "total": Kind("number"),
        "gift": Kind("bool"),
        "note": Kind("text"),
        "kind": Kind("choice", options=LEVELS),
        "made": Kind("date"),
        "maker": Kind("link", of="customer"),
    },
    "customer": {
        "id": Kind("number"),
        "name": Kind("text"),
        "credit": Kind("number"),
        "level": Kind("choice", options=LEVELS),
        "keeper": Kind("link", of="user"),
        "deals": Kind("collection", of="deal"),
    },
    "user": {"id": Kind("number"), "name": Kind("text"), "age": Kind("number"), "boss": Kind("link", of="user")},
}
SETTINGS = {
    "limit": Kind("number"),
    "word": Kind("text"),
    "since": Kind("date"),
    "strict": Kind("bool"),
    "timezone": Kind("text"),
}
ME = {
    "id": Kind("number"),
    "name": Kind("text"),
    "roles": Kind("choices"),
    "department": Kind("link", of="department"),
    "regions": Kind("any"),
}


@dataclass(frozen=True)
class World:
    """The scope of one entity's record."""

    entity_key: str = "deal"
    bracket: bool = False

    def kind_of(self, name: str) -> Kind | None:
        fixed = {
            "this": Kind("link", of="deal"),
            "me": Kind("link", of="user"),
            "settings": Kind("link", of="@settings"),
            "old": Kind("link", of="deal"),
            "asked": Kind("link", of="@settings"),
        }
        return KINDS[self.entity_key].get(name) or fixed.get(name)

    def step(self, kind: Kind, name: str) -> Kind | None:
        if kind.name in ("any", "json"):
            return Kind("any")
        if kind.of == "@settings":
            return SETTINGS.get(name)
        if kind.of == "user" and name in ("roles", "regions", "department"):
            return ME[name]
        return KINDS.get(kind.of or "", {}).get(name)

    def inside(self, collection: Kind) -> World:
        return World(collection.of or "deal", bracket=True)

    def entity(self, name: str) -> Kind | None:
        return Kind("collection", of=name) if name in KINDS else None

    def names(self) -> list[str]:
        return list(KINDS[self.entity_key])


METADATA = sa.MetaData()


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, METADATA, sa.Column("id", integer_column(), primary_key=True), *columns)


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind)


TABLES: dict[str, sa.Table] = {
    "deal": _table(
        "deal",
        _column("amount", Exact(2)),
        _column("price", Exact(4)),
        _column("quantity", Exact(6)),
        _column("rate", Exact(4)),
        _column("pieces", integer_column()),
        _column("name", sa.Text()),
        _column("code", sa.Text()),
        _column("stage", sa.Text()),
        _column("before", sa.Text()),
        _column("colors", Json()),
        _column("hot", sa.Boolean()),
        _column("signed", sa.Date()),
        _column("due", sa.Date()),
        _column("made_at", UtcDateTime()),
        _column("done_at", UtcDateTime()),
        _column("spent", Span()),
        _column("owner", integer_column()),
        _column("customer", integer_column()),
    ),
    "line": _table(
        "line",
        _column("deal", integer_column()),
        _column("position", integer_column()),
        _column("quantity", Exact(6)),
        _column("price", Exact(4)),
        _column("total", Exact(2)),
        _column("gift", sa.Boolean()),
        _column("note", sa.Text()),
        _column("kind", sa.Text()),
        _column("made", sa.Date()),
        _column("maker", integer_column()),
    ),
    "customer": _table(
        "customer",
        _column("name", sa.Text()),
        _column("credit", Exact(2)),
        _column("level", sa.Text()),
        _column("keeper", integer_column()),
    ),
    "user": _table(
        "user", _column("name", sa.Text()), _column("age", integer_column()), _column("boss", integer_column())
    ),
    "members": _table("members", _column("deal", integer_column()), _column("user", integer_column())),
}
_HOLDERS = {("deal", "lines"): ("line", "deal"), ("customer", "deals"): ("deal", "customer")}


class Tables:
    """The `SqlScope` of one row of ``table``."""

    def __init__(self, entity: str, table: sa.FromClause, values: Mapping[str, Any]) -> None:
        self.entity, self.table, self.values = entity, table, values

    def column(self, name: str) -> sa.ColumnElement[Any]:
        return self.table.c[name]

    def link(self, name: str) -> Tables:
        kind = KINDS[self.entity][name]
        return _Linked(kind.of or "", self.column(name), self.values)

    def collection(self, name: str) -> SqlCollection:
        holder = _HOLDERS.get((self.entity, name))
        if holder is not None:
            other = TABLES[holder[0]].alias()
            return SqlCollection(other, other.c[holder[1]] == self.column("id"), Tables(holder[0], other, self.values))
        if name == "members":
            pair, user = TABLES["members"].alias(), TABLES["user"].alias()
            return SqlCollection(
                pair.join(user, pair.c.user == user.c.id),
                pair.c.deal == self.column("id"),
                Tables("user", user, self.values),
            )
        other = TABLES[name].alias()
        return SqlCollection(other, sa.true(), Tables(name, other, self.values))

    def value(self, path: tuple[str, ...]) -> Any:
        found: Any = self.values
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found


class _Linked(Tables):
    """The record a link points to: each of its values is a subquery."""

    def __init__(self, entity: str, key: sa.ColumnElement[Any], values: Mapping[str, Any]) -> None:
        super().__init__(entity, TABLES[entity].alias(), values)
        self.key = key

    def column(self, name: str) -> sa.ColumnElement[Any]:
        picked = sa.select(self.table.c[name]).where(self.table.c.id == self.key)
        return picked.correlate_except(self.table).scalar_subquery()


Rows = Mapping[str, list[dict[str, Any]]]


def linked(rows: Rows) -> list[dict[str, Any]]:
    """The deals as the Python run wants them: links are mappings, collections lists of mappings."""
    by_id = {entity: {row["id"]: dict(row) for row in rows[entity]} for entity in TABLES}
    for entity, members in by_id.items():
        for row in members.values():
            for name, kind in KINDS.get(entity, {}).items():
                if kind.name == "link":
                    row[name] = by_id[kind.of or ""].get(row[name])
    for deal in by_id["deal"].values():
        deal["lines"] = [line for line in by_id["line"].values() if line["deal"] is deal]
        deal["members"] = [
            by_id["user"][pair["user"]] for pair in by_id["members"].values() if pair["deal"] == deal["id"]
        ]
    for customer in by_id["customer"].values():
        customer["deals"] = [deal for deal in by_id["deal"].values() if deal["customer"] is customer]
    return list(by_id["deal"].values())


def fill(connection: sa.Connection, rows: Rows) -> None:
    METADATA.drop_all(connection)
    METADATA.create_all(connection)
    for entity, table in TABLES.items():
        if rows[entity]:
            connection.execute(table.insert(), rows[entity])


def whole_entities(rows: Rows, deals: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All records of each entity, as mappings."""
    found: dict[str, dict[int, Any]] = {"deal": {}, "line": {}, "customer": {}, "user": {}}
    for deal in deals:
        found["deal"][deal["id"]] = deal
        found["line"].update({line["id"]: line for line in deal["lines"]})
    return {entity: list(members.values()) for entity, members in found.items() if entity in ("deal", "line")}
