"""What the address of a list asks for, as a `Query` of the door; and addresses that ask a little differently.

The one rule: the address holds everything, so a list can be sent to a colleague, who sees it under his own rights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import request
from werkzeug.datastructures import MultiDict

from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Condition, Query
from yuanke.screens import periods, urls
from yuanke.screens.reader import Reader

SIZES = (20, 50, 100)
PAGING = frozenset({"after", "trail", "at"})
#: types whose filter is a span: ``f.amount.from``, ``f.amount.to``
SPANS = frozenset({
    "integer", "number", "quantity", "money", "price", "percent", "date", "datetime", "month", "time", "duration", "rating",
})  # fmt: skip
#: types whose filter is one or more of several things, without options of their own
AMONG = frozenset({"region", "tags"})
#: among the values of a filter: what has none (no option key or id is written like this)
EMPTY = "-"


@dataclass(frozen=True)
class Asked:
    """The parameters of a list page; ``trail`` are the cursors of the pages before, for going back."""

    entity: Entity
    args: MultiDict[str, str]

    @property
    def sort(self) -> tuple[str, ...]:
        return tuple(word for word in self.args.get("sort", "").split(",") if word)

    @property
    def limit(self) -> int:
        said = self.args.get("limit", "")
        return int(said) if said.isdigit() and len(said) < 4 and 1 <= int(said) <= 200 else self._declared

    @property
    def _declared(self) -> int:
        """Records a page as the list says it."""
        view = self.entity.views.get("list")
        return int(view.body.get("limit", 50)) if view is not None else 50

    @property
    def sizes(self) -> list[int]:
        return sorted({*SIZES, self._declared})

    @property
    def trail(self) -> list[str]:
        return [cursor for cursor in self.args.get("trail", "").split("~") if cursor]

    @property
    def offset(self) -> int:
        said = self.args.get("at", "0")
        return int(said) if said.isdigit() and len(said) < 9 else 0

    @property
    def saved(self) -> int | None:
        """The id of the saved view one came by."""
        said = self.args.get("s", "")
        return int(said) if said.isdigit() and len(said) < 19 else None

    def url(self, **changes: Any) -> str:
        """The same list with parameters changed; a change of anything but the page begins at the first page again."""
        query: dict[str, Any] = {k: self.args.getlist(k) for k in self.args if k != "with"}
        if not PAGING & {k for k, v in changes.items() if v is not None}:
            query = {k: v for k, v in query.items() if k not in PAGING}
        return urls.with_query(urls.entity(self.entity.key), {**query, **changes})

    def query(self, reader: Reader, fields: Sequence[Field], count: str = "capped") -> Query:
        return Query(
            filter=self.args.get("filter") or None,
            q=self.args.get("q") or None,
            conditions=tuple(conditions(reader, self.entity, self.args)),
            sort=self.sort,
            fields=tuple(field.key for field in fields),
            view=self.args.get("v") or None,
            limit=self.limit,
            after=self.args.get("after") or None,
            count=count,
        )

    @property
    def narrowed(self) -> bool:
        return any(self.args.get(k) for k in ("q", "filter")) or any(
            k.startswith("f.") and self.args.get(k) for k in self.args
        )


def asked(entity: Entity) -> Asked:
    return Asked(entity, request.args)


def conditions(reader: Reader, entity: Entity, args: MultiDict[str, str]) -> list[Condition]:
    """One condition a filtered field (``f.level=a&f.level=b``, ``f.amount.from=100``, ``f.due.within=this_week``)."""
    found = []
    for key in dict.fromkeys(name.split(".")[1] for name in args if name.startswith("f.")):
        field = entity.fields.get(key)
        if field is None:
            raise QueryFault(message("没有名为 {field} 的字段", field=key), parameter=f"f.{key}")
        made = _condition(reader, field, args)
        if made is not None:
            found.append(made)
    return found


def _condition(reader: Reader, field: Field, args: MultiDict[str, str]) -> Condition | None:
    name = f"f.{field.key}"
    if field.type.name in SPANS:
        return _range(reader, field, args, name)
    values = [one for one in args.getlist(name) if one]
    if not values:
        return None
    if field.type.name in ("file", "image"):
        return Condition(field.key, "filled" if values[0] == "1" else "empty")
    if field.type.name == "bool":
        return Condition(field.key, "eq" if values[0] == "1" else "ne", True)
    if _among(field):
        inside = field.multiple or field.type.name in AMONG
        return Condition(field.key, "within" if inside else "in", [None if one == EMPTY else one for one in values])
    return Condition(field.key, "contains", values[0])


def _among(field: Field) -> bool:
    return bool(field.options) or len(field.targets) == 1 or field.type.name in AMONG


def _range(reader: Reader, field: Field, args: MultiDict[str, str], name: str) -> Condition | None:
    within = args.get(f"{name}.within")
    if within == "none":
        return Condition(field.key, "empty")
    low: Any = args.get(f"{name}.from") or None
    high: Any = args.get(f"{name}.to") or None
    if field.type.name in ("date", "datetime"):
        low, high = periods.bounds(within, low, high, reader.place)
        if field.type.name == "datetime":
            low, high = periods.instants(low, high, reader.place)
    return Condition(field.key, "between", [low, high]) if low is not None or high is not None else None


def taken(entity: Entity, query: str) -> Asked:
    """What an address asked before (its query, without ``?``), from its first page on."""
    pairs = [
        (k, v)
        for k, values in parse_qs(query, keep_blank_values=True).items()
        for v in values
        if k not in PAGING | {"with"}
    ]
    return Asked(entity, MultiDict(pairs))


def came_from(entity: Entity) -> Asked:
    """What the list asks that the reader looks at while a dialog or an action begins there."""
    where = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    return taken(entity, where.query if where.path == urls.entity(entity.key) else "")
