"""Yes or no."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import FieldSpec, FieldType, Place
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import folded, refuse_forbidden
from yuanke.kernel.text import Label, message

YES = frozenset({"true", "yes", "y", "on", "1", "t", "是", "有", "对", "√", "✓", "✔", "真", "启用", "开"})
NO = frozenset({"false", "no", "n", "off", "0", "f", "否", "无", "错", "×", "✗", "✘", "假", "停用", "关"})


class Bool(FieldType):
    name = "bool"
    label = Label("是否", "Yes or no")
    help = Label("是或否，默认为否", "Yes or no; no by default")
    kind = "bool"
    operators = ("eq", "empty", "filled")
    widget = "bool"
    default = False
    example = "{type: bool, default: true}"
    sample = True
    wanted = message("true 或 false（是 或 否）")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return sa.Boolean()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "boolean"}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, str):
            refuse_forbidden(raw)
            word = folded(raw[:20])
            if not word:
                return None
            if word in YES:
                return True
            if word in NO:
                return False
        raise expected(self.wanted, raw)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        if value is None:
            return ""
        return ("Yes" if value else "No") if place.english else ("是" if value else "否")

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else "true" if value else "false"

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool) and cell in (0, 1):
            return bool(cell)
        return self.parse(field, cell, place)
