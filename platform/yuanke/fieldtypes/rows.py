"""Rows owned by the record and edited inside its form. `records` checks each row's fields; here is only the shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, FieldType, Keys, Place, ValueFault
from yuanke.fieldtypes.faults import expected
from yuanke.kernel.text import Label, message

MOST = 2000


class Rows(FieldType):
    name = "rows"
    label = Label("明细", "Rows")
    help = Label("本记录拥有的明细行，在同一张表单里编辑", "Rows that this record owns, edited inside its form")
    kind = "collection"
    keys: ClassVar[Keys] = {
        "rows": {
            "type": ["object", "string"],
            "description": "The fields of a row, or an entity that is owned by this one",
        }
    }
    operators = ("empty", "filled")
    widget = "rows"
    short = False
    stored = False
    example = "{rows: {book: {link: book!}, quantity: quantity}}"
    sample = [{"quantity": "2"}]

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("collection", of=getattr(field, "rows", None))

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object"}, "maxItems": MOST}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        """A list of mappings, as given: with ``id`` = change, without = add, ``{id, deleted: true}`` = remove."""
        if raw is None:
            return None
        if not isinstance(raw, (list, tuple)) or not all(isinstance(row, Mapping) for row in raw):
            raise expected(message("明细行的列表（例如 [{...}, {...}]）"), raw)
        if len(raw) > MOST:
            raise ValueFault(message("一条记录最多 {most} 行明细，收到 {found} 行", most=MOST, found=len(raw)))
        return [dict(row) for row in raw]

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        count = len(value or ())
        return "" if not count else (f"{count} rows" if place.english else f"{count} 行")

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return ""

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return ""
