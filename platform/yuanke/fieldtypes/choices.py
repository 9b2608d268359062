"""Several of the field's options."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, Keys, Place, ValueFault
from yuanke.fieldtypes.choice import OPTIONS_SCHEMA, OptionType, key_of, key_of_cell, label_of, values_of
from yuanke.fieldtypes.columns import Json, holds
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import cell_text, refuse_forbidden
from yuanke.kernel.text import Label, message

SEPARATORS = re.compile(r"[,，;；、\n|]")
MOST = 100


def pieces(raw: str) -> list[Any]:
    """``a, b、c`` or a JSON list -> its items."""
    if raw.lstrip().startswith("["):
        try:
            listed = json.loads(raw)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list):
            return listed
    return [piece.strip() for piece in SEPARATORS.split(raw) if piece.strip()]


def joined(items: list[str]) -> str:
    """What `pieces` reads back."""
    if any(SEPARATORS.search(item) or item.startswith("[") for item in items):
        return json.dumps(items, ensure_ascii=False)
    return "，".join(items)


class Choices(OptionType):
    """Python: list of keys in the order of the options, without repeats; an empty list is None."""

    name = "choices"
    label = Label("多选", "Choices")
    help = Label(
        "从选项中选若干个（options 加 multiple: true）", "Several of the options (`options` with `multiple: true`)"
    )
    kind = "choices"
    keys: ClassVar[Keys] = {"options": OPTIONS_SCHEMA, "multiple": {"const": True}}
    operators = ("contains", "within", "empty", "filled")
    widget = "choices"
    example = "{options: [email, phone, visit], multiple: true}"
    sample = ["email", "phone"]

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return Json()

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("choices", options={key: values_of(option) for key, option in (field.options or {}).items()})

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(field.options or {})}, "maxItems": MOST}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        if isinstance(raw, str):
            refuse_forbidden(raw)
            raw = [raw] if raw in (field.options or {}) else pieces(raw)
        if not isinstance(raw, (list, tuple)):
            raise expected(message('选项键的列表（例如 ["a", "b"]）'), raw)
        return self._ordered(field, [key_of(field, item) for item in raw[: MOST + 1] if item != ""])

    def _ordered(self, field: FieldSpec, keys: list[str]) -> list[str] | None:
        if len(keys) > MOST:
            raise ValueFault(message("最多选 {most} 项", most=MOST))
        held = set(keys)
        return [key for key in field.options or {} if key in held] or None

    def condition(
        self, field: FieldSpec, column: sa.ColumnElement[Any], operator: str, values: Sequence[Any], place: Place
    ) -> sa.ColumnElement[bool] | None:
        """``contains``: every one of the values, ``within``: any of them."""
        if operator not in ("contains", "within"):
            return None
        return holds(column, operator, [key_of(field, value) for value in values if value is not None])

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return (", " if place.english else "、").join(label_of(field, key).say(place.locale) for key in value or ())

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return joined(value) if value else ""

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        text = cell_text(cell)
        if text is None or not text.strip():
            return None
        try:
            return [key_of_cell(field, text)]
        except ValueFault:
            return self._ordered(field, [key_of_cell(field, piece) for piece in pieces(text)])

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        if not value:
            return None
        labels = joined([label_of(field, key).say(place.locale) for key in value])
        try:
            return labels if self.read_cell(field, labels, place) == value else joined(value)
        except ValueFault:
            return joined(value)

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return " ".join(f"{label_of(field, key).zh} {label_of(field, key).en}" for key in value or ())

    def same_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "\n".join(sorted(value or ()))
