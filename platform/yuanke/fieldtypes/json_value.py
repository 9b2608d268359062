"""Structured data that no other type fits: coordinates, answers of a form, what a foreign system sent."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, FieldType, Place, ValueFault
from yuanke.fieldtypes.columns import Json
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import refuse_unstorable
from yuanke.kernel.text import Label, message

DEEPEST, LONGEST = 20, 100_000
#: beyond the first no database column holds it, beyond the second a float has no fraction
LARGEST, EXACT = 2**63, 2**53


def checked(value: Any, depth: int = 0) -> Any:
    """``value`` as plain JSON. Raises ValueFault for what a database or a JSON reader would not keep."""
    if depth > DEEPEST:
        raise ValueFault(message("JSON 嵌套不能超过 {most} 层", most=DEEPEST))
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise expected(message("键都是文字的对象"), value)
        for key in value:
            refuse_unstorable(key)
        return {key: checked(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [checked(item, depth + 1) for item in value]
    if isinstance(value, str):
        refuse_unstorable(value)
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    raise expected(message("JSON 值：数、文字、true、false、null、列表或对象"), value)


def _number(value: Any) -> float:
    """A number that both databases give back as the same one: large floats are whole and become int."""
    if (not isinstance(value, int) and not math.isfinite(value)) or abs(value) >= LARGEST:
        raise expected(message("绝对值小于 2 的 63 次方的数"), value)
    if isinstance(value, int):
        return value
    if value == int(value) and (isinstance(value, Decimal) or abs(value) >= EXACT):
        return int(value)
    return float(value) + 0.0  # no minus before zero


class JsonValue(FieldType):
    name = "json"
    label = Label("JSON", "JSON")
    help = Label(
        "结构化数据（对象或列表），例如坐标 {lat, lng}", "Structured data (an object or a list), such as {lat, lng}"
    )
    kind = "json"
    operators = ("empty", "filled")
    widget = "json"
    short = False
    example = "{type: json}"
    sample = {"lat": 39.9, "lng": 116.4}
    wanted = message('JSON 对象或列表（例如 {"lat": 39.9, "lng": 116.4}）')

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return Json()

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("json")

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": ["object", "array"]}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if isinstance(raw, str):
            if not raw.strip():
                return None
            raw = self._read(raw)
        if raw is None:
            return None
        if not isinstance(raw, (dict, list)):
            raise expected(self.wanted, raw)
        value = checked(raw)
        if len(json.dumps(value, ensure_ascii=False)) > LONGEST:
            raise ValueFault(message("JSON 最多 {limit} 个字符", limit=LONGEST))
        return value

    def _read(self, raw: str) -> Any:
        if len(raw) > 2 * LONGEST:
            raise ValueFault(message("JSON 最多 {limit} 个字符", limit=LONGEST))
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise expected(self.wanted, raw) from None

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return self.form_text(field, value, place)

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.form_text(field, value, place) or None
