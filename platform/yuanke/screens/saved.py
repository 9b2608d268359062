"""Views that people keep: what a list asked for, under a name, for oneself or for everybody.

The one rule: a view holds words, never rights; whoever opens it sees what he would see had he typed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.registry import Entity
from yuanke.records import Condition, LinkValue, Query, Record
from yuanke.screens import urls
from yuanke.screens.asked import PAGING, Asked
from yuanke.screens.reader import Reader

VIEWS = "saved_view"
MOST = 40
#: parameters of a list that a view does not keep: where one stands in it, and the view itself
LEFT_OUT = PAGING | {"with", "s", "view", "limit", "sort"}


@dataclass(frozen=True)
class SavedView:
    """``query``: parameters of the list's address; ``columns`` None = those of the list."""

    id: int
    name: str
    kind: str
    query: Mapping[str, list[str]]
    sort: str | None
    columns: tuple[str, ...] | None
    shared: bool
    mine: bool

    def url(self, entity: Entity) -> str:
        return urls.with_query(urls.entity(entity.key), {
            "s": self.id, "view": None if self.kind == "list" else self.kind, **self.query, "sort": self.sort,
        })  # fmt: skip


def saved_views(reader: Reader, entity: Entity) -> list[SavedView]:
    """The reader's own and the shared ones, by name; kept for the length of the request."""
    of = reader.registry.entities.get(VIEWS)
    if of is None or not reader.may(of, "read"):
        return []
    mark = (saved_views, entity.key)
    found: list[SavedView] | None = reader.unit.kept.get(mark)
    if found is None:
        fields = ("name", "kind", "filter", "sort", "columns", "shared", "owner")
        query = Query(
            conditions=(Condition("entity", "eq", entity.key),), fields=fields, sort=("name",), limit=MOST, count="none"
        )
        found = reader.unit.kept[mark] = [_view(reader, record) for record in reader.records.list(VIEWS, query).records]
    return found


def _view(reader: Reader, record: Record) -> SavedView:
    values = record.values
    owner, columns, sort = values.get("owner"), values.get("columns"), values.get("sort")
    return SavedView(
        record.id, str(values.get("name") or ""), str(values.get("kind") or "list"), parse_qs(str(values.get("filter") or "")),
        ",".join(map(str, sort)) if isinstance(sort, list) and sort else None,
        tuple(map(str, columns)) if isinstance(columns, list) and columns else None,
        bool(values.get("shared")), isinstance(owner, LinkValue) and owner.id == reader.actor.user_id,
    )  # fmt: skip


def chosen(reader: Reader, entity: Entity, ask: Asked) -> SavedView | None:
    """The view that the address names, if it is there for this reader."""
    return next((v for v in saved_views(reader, entity) if v.id == ask.saved), None) if ask.saved is not None else None


def own(reader: Reader, entity: Entity, view_id: int) -> SavedView:
    """One of the reader's own. Raises RecordNotFound."""
    found = next((v for v in saved_views(reader, entity) if v.id == view_id and v.mine), None)
    if found is None:
        raise RecordNotFound()
    return found


def contents(entity: Entity, ask: Asked, columns: Sequence[str]) -> dict[str, Any]:
    """What of an address is kept, as values of a view."""
    query = {k: ask.args.getlist(k) for k in ask.args if k not in LEFT_OUT}
    return {
        "entity": entity.key, "kind": ask.args.get("view") or "list", "filter": urls.with_query("", query).removeprefix("?"),
        "sort": list(ask.sort) or None, "columns": list(columns) or None,
    }  # fmt: skip
