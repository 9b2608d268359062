"""A link to one record of another entity, kept as the id of its target.

A value on its way out may be the bare id, or anything with ``id``, ``title`` and perhaps ``hidden`` (the reader may not
see the target): titles are fetched by whoever reads records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, FieldType, Keys, Place, ValueFault
from yuanke.fieldtypes.columns import integer_column
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import cell_text, one_line, refuse_forbidden
from yuanke.kernel.text import Label, message

LARGEST_ID = 2**63 - 1
LONGEST_NAME = 300
ID_SCHEMA: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
LINK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": ["integer", "null"]},
        "title": {"type": ["string", "null"]},
        "hidden": {"const": True, "description": "The reader may not see the target"},
    },
    "required": ["id", "title"],
}


@dataclass(frozen=True)
class Unresolved:
    """A link given by a unique value of its target (of any unique field, or of ``field``); `records` looks it up."""

    text: str
    field: str | None = None


def id_of(raw: Any) -> int | Unresolved | None:
    """``5``, ``"5"``, ``{"id": 5}``, ``{"number": "C-7"}``, a unique text, or a read link. Raises ValueFault."""
    if isinstance(raw, Mapping):
        return _of_mapping(raw)
    if isinstance(raw, Unresolved):
        return raw
    if isinstance(raw, str):
        refuse_long(raw)
        refuse_forbidden(raw)
        raw = one_line(raw)
        if not raw:
            return None
        if not (raw.isascii() and raw.isdigit() and len(raw) < 20):
            return _named(raw, None)
        raw = int(raw)
    if hasattr(raw, "id") and hasattr(raw, "title"):
        if getattr(raw, "hidden", False):
            raise hidden_link()
        raw = raw.id
    if isinstance(raw, Decimal) and raw.is_finite() and abs(raw) < 2**64 and raw == int(raw):
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw <= LARGEST_ID:
        return raw
    raise expected(message("一条记录：编号 5、{id: 5}，或它的唯一值"), raw)


def id_of_cell(cell: Any) -> int | Unresolved | None:
    """``#5`` -> 5; every other text names the record by a unique value. Raises ValueFault."""
    text = one_line(cell_text(cell) or "")
    if not text:
        return None
    if text.startswith("#") and text[1:].isascii() and text[1:].isdigit():
        return id_of(text[1:])
    return _named(text, None)


def _of_mapping(raw: Mapping[Any, Any]) -> int | Unresolved | None:
    if raw.get("hidden"):
        raise hidden_link()
    if "id" in raw:
        return None if raw["id"] is None else id_of(raw["id"]) if not isinstance(raw["id"], Mapping) else id_of(None)
    if len(raw) == 1:
        ((key, value),) = raw.items()
        if isinstance(key, str) and isinstance(value, str):
            return _named(value, key)
    raise expected(message("一条记录：编号 5、{id: 5}，或它的唯一值"), raw)


def _named(text: str, field: str | None) -> Unresolved:
    refuse_forbidden(text)
    refuse_long(text)
    return Unresolved(text, field)


def refuse_long(text: str) -> None:
    if len(text) > LONGEST_NAME:
        raise ValueFault(message("最多 {limit} 个字符，收到 {count} 个", limit=LONGEST_NAME, count=len(text)))


def hidden_link() -> ValueFault:
    return ValueFault(message("这条关联你无权查看，不能原样写回；不改它时请不要提交这个字段"))


def dumped(value: Any) -> Any:
    """``{"id": 5, "title": "..."}``; of what the reader may not see ``{"id": null, "title": null, "hidden": true}``."""
    if value is None:
        return None
    if getattr(value, "hidden", False):
        return {"id": None, "title": None, "hidden": True}
    return {"id": getattr(value, "id", value), "title": getattr(value, "title", None)}


class Link(FieldType):
    name = "link"
    label = Label("关联", "Link")
    help = Label(
        "指向另一种记录的一条；对方自动得到反向的集合",
        "One record of another entity; the other side has the collection by itself",
    )
    kind = "link"
    keys: ClassVar[Keys] = {
        "link": {
            "type": ["string", "array"],
            "description": "The target entity, `book!` = required; a list = one of several",
        },
        "filter": {"type": "string", "description": "Expression: which records may be chosen"},
        "inverse": {"type": "string", "description": "Name of the collection on the target"},
        "on_delete": {"enum": ["refuse", "empty", "cascade"]},
    }
    operators: tuple[str, ...] = ("eq", "in", "ne", "contains", "empty", "filled")
    widget = "link"
    example = "{link: book!}"
    sample: Any = 5

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return integer_column()

    def kind_of(self, field: FieldSpec) -> Kind:
        targets = field.targets or ((self.target,) if self.target else ())
        return Kind("link", of=targets[0] if len(targets) == 1 else None)

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return LINK_SCHEMA

    def input_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {
            "anyOf": [
                ID_SCHEMA,
                {"type": "object", "properties": {"id": ID_SCHEMA}, "required": ["id"]},
                {"type": "string"},
            ]
        }

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        """An id, or `Unresolved` for a unique text; whether the record exists is asked by `records`."""
        return None if raw is None else id_of(raw)

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.parse(field, value, place)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return dumped(value)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        if value is None or getattr(value, "hidden", False):
            return ""
        title = getattr(value, "title", None)
        return title if title else f"#{getattr(value, 'id', value)}"

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None or getattr(value, "hidden", False) else str(getattr(value, "id", value))

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """A cell names the record by a unique value, not its id (ids differ between enterprises). ``#5`` is an id."""
        return id_of_cell(cell)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.text(field, value, place) or None

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return getattr(value, "title", None) or ""
