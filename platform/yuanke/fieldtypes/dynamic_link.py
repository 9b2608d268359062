"""A link to one record of one of several entities: a note on a book, an article or an author."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import FieldSpec, Place, ValueFault
from yuanke.fieldtypes.columns import Pointer, PointerText
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.link import ID_SCHEMA, LINK_SCHEMA, Link, hidden_link, id_of, refuse_long
from yuanke.fieldtypes.strings import cell_text, one_line, refuse_forbidden
from yuanke.kernel.diagnostics import nearest
from yuanke.kernel.text import Label, message


class DynamicLink(Link):
    """Python: `Pointer(entity, id)`; JSON: ``{"entity": "book", "id": 5, "title": ...}``; text: ``book:5``."""

    name = "dynamic_link"
    label = Label("多态关联", "Link to one of several")
    help = Label("指向几种记录中某一种的一条（link: [a, b]）", "One record of one of several entities (`link: [a, b]`)")
    operators = ("eq", "in", "ne", "empty", "filled")
    widget = "dynamic_link"
    example = "{link: [book, article]}"
    sample = "book:5"
    wanted = message("一条记录：{entity: book, id: 5} 或 book:5")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return PointerText()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        entity = {"enum": [*field.targets, None]} if field.targets else {"type": ["string", "null"]}
        return LINK_SCHEMA | {"properties": {"entity": entity} | LINK_SCHEMA["properties"]}

    def input_schema(self, field: FieldSpec) -> dict[str, Any]:
        entity = {"enum": list(field.targets)} if field.targets else {"type": "string"}
        return {"type": "object", "properties": {"entity": entity, "id": ID_SCHEMA}, "required": ["entity", "id"]}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        if isinstance(raw, Mapping):
            if raw.get("hidden"):
                raise hidden_link()
            if raw.get("id") is None and "id" in raw:
                return None
            return self._pointer(field, raw.get("entity"), raw.get("id"), raw)
        if isinstance(raw, str):
            refuse_long(raw)
            refuse_forbidden(raw)
            entity, _, number = one_line(raw).rpartition(":")
            return self._pointer(field, entity, number, raw)
        if hasattr(raw, "entity") and hasattr(raw, "id"):
            if getattr(raw, "hidden", False):
                raise hidden_link()
            return self._pointer(field, raw.entity, raw.id, raw)
        raise expected(self.wanted, raw)

    def _pointer(self, field: FieldSpec, entity: Any, number: Any, raw: Any) -> Pointer:
        if not isinstance(entity, str) or not entity:
            raise expected(self.wanted, raw)
        if field.targets and entity not in field.targets:
            said = message("不能指向 {found}，可指向：{allowed}", found=found(entity), allowed=tuple(field.targets))
            near = nearest(entity, field.targets)
            raise ValueFault(message("{said}，是否想写“{near}”", said=said, near=near) if near else said)
        identity = id_of(number)
        if not isinstance(identity, int):
            raise expected(self.wanted, raw)
        return Pointer(entity, identity)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        if value is None:
            return None
        if getattr(value, "hidden", False):
            return {"entity": None, "id": None, "title": None, "hidden": True}
        return {"entity": value.entity, "id": value.id, "title": getattr(value, "title", None)}

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        if value is None or getattr(value, "hidden", False):
            return ""
        return getattr(value, "title", None) or f"{value.entity}:{value.id}"

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None or getattr(value, "hidden", False) else f"{value.entity}:{value.id}"

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        return self.parse(field, one_line(cell_text(cell) or ""), place)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.form_text(field, value, place) or None
