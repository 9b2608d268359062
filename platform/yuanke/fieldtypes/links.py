"""Links to several records (many to many). The pairs live in a table of their own; values may hang on each pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, FieldType, Keys, Place, ValueFault
from yuanke.fieldtypes.choices import joined, pieces
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.link import ID_SCHEMA, LINK_SCHEMA, Unresolved, dumped, id_of, id_of_cell
from yuanke.fieldtypes.strings import cell_text, refuse_forbidden
from yuanke.kernel.text import Label, message

MOST = 1000


@dataclass(frozen=True)
class Pair:
    """One link of several, with the values that hang on the pair (`with:`), as they were given."""

    id: int | Unresolved
    values: Mapping[str, Any]


@dataclass(frozen=True)
class LinkChange:
    """``{add: [...], remove: [...]}``: a change of the set, not the whole of it."""

    add: tuple[Pair, ...] = ()
    remove: tuple[Pair, ...] = ()


class Links(FieldType):
    """`parse` gives a tuple of `Pair` (the whole set), or a `LinkChange`."""

    name = "links"
    label = Label("多个关联", "Links")
    help = Label(
        "指向另一种记录的若干条；可用 with 给每一对附加值",
        "Several records of another entity; `with` hangs values on each pair",
    )
    kind = "links"
    keys: ClassVar[Keys] = {
        "links": {"type": "string", "description": "The target entity"},
        "with": {"type": "object", "description": "Fields that hang on each pair"},
        "filter": {"type": "string", "description": "Expression: which records may be chosen"},
        "inverse": {"type": "string", "description": "Name of the collection on the target"},
    }
    operators = ("contains", "within", "empty", "filled")
    widget = "links"
    short = False
    stored = False
    example = "{links: author, with: {part: {options: [writer, editor]}}}"
    sample = [5, 8]

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("links", of=field.targets[0] if field.targets else None)

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "array", "items": LINK_SCHEMA}

    def input_schema(self, field: FieldSpec) -> dict[str, Any]:
        items = {
            "type": "array",
            "items": {"anyOf": [ID_SCHEMA, {"type": "object"}, {"type": "string"}]},
            "maxItems": MOST,
        }
        change = {"type": "object", "properties": {"add": items, "remove": items}, "additionalProperties": False}
        return {"anyOf": [items, change]}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None:
            return None
        if isinstance(raw, LinkChange):
            return raw
        if isinstance(raw, Mapping) and raw and set(raw) <= {"add", "remove"}:
            return LinkChange(add=self._pairs(raw.get("add") or ()), remove=self._pairs(raw.get("remove") or ()))
        if isinstance(raw, str):
            refuse_forbidden(raw)
            raw = pieces(raw)
        return self._pairs(raw)

    def _pairs(self, raw: Any) -> tuple[Pair, ...]:
        if not isinstance(raw, (list, tuple, set, frozenset)):
            raise expected(message("记录的列表（例如 [5, 8]），或 {add: [...], remove: [...]}"), raw)
        if len(raw) > MOST:
            raise ValueFault(message("一次最多 {most} 条关联，收到 {found} 条", most=MOST, found=len(raw)))
        pairs: dict[int | Unresolved, Pair] = {}
        for item in raw:
            pair = item if isinstance(item, Pair) else self._pair(item)
            if pair is not None:
                pairs[pair.id] = pair
        return tuple(pairs.values())

    def _pair(self, item: Any) -> Pair | None:
        values = (
            {key: value for key, value in item.items() if key not in ("id", "title")}
            if isinstance(item, Mapping) and "id" in item
            else {}
        )
        if values.get("hidden"):
            return id_of(item)  # type: ignore[return-value]  # raises: a hidden link cannot be written back
        found = id_of(item)
        return None if found is None else Pair(found, values)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return [dumped(item) | dict(getattr(item, "values", None) or {}) for item in value or ()]

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return (", " if place.english else "、").join(t for t in (self._title(item) for item in value or ()) if t)

    def _title(self, item: Any) -> str:
        if getattr(item, "hidden", False):
            return ""
        return getattr(item, "title", None) or f"#{getattr(item, 'id', item)}"

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return (
            joined([str(getattr(item, "id", item)) for item in value or () if not getattr(item, "hidden", False)])
            if value
            else ""
        )

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        names = [name for name in pieces(cell_text(cell) or "") if isinstance(name, str)]
        if len(names) > MOST:
            raise ValueFault(message("一次最多 {most} 条关联，收到 {found} 条", most=MOST, found=len(names)))
        return tuple(Pair(named, {}) for named in map(id_of_cell, names) if named is not None) or None

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return joined([t for t in (self._title(item) for item in value or ()) if t]) if value else None

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return " ".join(getattr(item, "title", None) or "" for item in value or ())
