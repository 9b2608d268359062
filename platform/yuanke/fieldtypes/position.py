"""A point on the map: where somebody stands, where a door is. Latitude and longitude in degrees (WGS 84)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, Place, ValueFault
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.json_value import JsonValue
from yuanke.kernel.text import Label, message

#: a ten-millionth of a degree is a centimetre
DIGITS = 7
LIMITS: Mapping[str, int] = {"lat": 90, "lng": 180}
_PAIR = re.compile(r"\s*([-+]?\d{1,3}(?:\.\d{1,20})?)\s*[,，;；\s]\s*([-+]?\d{1,3}(?:\.\d{1,20})?)\s*")


class Position(JsonValue):
    name = "position"
    label = Label("定位", "Position")
    help = Label(
        "地图上的一点：纬度, 经度；手机上可以取当前位置",
        "A point on the map: latitude, longitude; a phone can fill in where it is",
    )
    widget = "position"
    example = "{type: position}"
    sample = {"lat": 31.2035, "lng": 121.5925}
    wanted = message("纬度和经度（例如 31.2035, 121.5925）")

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("json")

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        degrees = {key: {"type": "number", "minimum": -most, "maximum": most} for key, most in LIMITS.items()}
        return {"type": "object", "properties": degrees, "required": list(degrees), "additionalProperties": False}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        """``{lat, lng}`` or the text ``lat, lng``; more than seven decimals are rounded. Raises ValueFault."""
        if isinstance(raw, str) and (pair := _PAIR.fullmatch(raw)) is not None:
            raw = {"lat": float(pair[1]), "lng": float(pair[2])}
        value = super().parse(field, raw, place)
        if value is None:
            return None
        if (
            not isinstance(value, dict)
            or set(value) != set(LIMITS)
            or not all(_is_number(one) for one in value.values())
        ):
            raise expected(self.wanted, raw)
        for key, most in LIMITS.items():
            if abs(value[key]) > most:
                raise ValueFault(message("{what}应在 -{most} 和 {most} 之间", what=_WORDS[key], most=most))
        return {key: round(float(value[key]), DIGITS) + 0.0 for key in LIMITS}

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else f"{_degrees(value['lat'])}, {_degrees(value['lng'])}"


_WORDS = {"lat": message("纬度"), "lng": message("经度")}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _degrees(value: float) -> str:
    return f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
