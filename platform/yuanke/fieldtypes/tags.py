"""Words that people make up: several, short, without options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, FieldType, Place, ValueFault
from yuanke.fieldtypes.choices import SEPARATORS, joined, pieces
from yuanke.fieldtypes.columns import Json, holds
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.strings import cell_text, folded, one_line, refuse_forbidden
from yuanke.kernel.text import Label, message

MOST, LONGEST = 50, 50


class Tags(FieldType):
    """Python: list of texts in the order given; of two that differ in width or case the first stays; [] is None."""

    name = "tags"
    label = Label("标签", "Tags")
    help = Label("自由填写的若干标签，用逗号分隔，最多 50 个", "Free words, separated by commas, at most 50")
    kind = "choices"
    operators = ("contains", "within", "empty", "filled")
    widget = "tags"
    searchable = True
    example = "{type: tags}"
    sample = ["重点", "老客户"]

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return Json()

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("choices")

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": LONGEST}, "maxItems": MOST}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        items = pieces(raw) if isinstance(raw, str) else raw
        if not isinstance(items, (list, tuple)):
            raise expected(message('标签的列表（例如 ["重点", "老客户"]）'), raw)
        if len(items) > MOST:
            raise ValueFault(message("最多 {most} 个标签，收到 {found} 个", most=MOST, found=len(items)))
        kept: dict[str, str] = {}
        for tag in map(self._tag, items):
            kept.setdefault(folded(tag), tag)
        return [tag for tag in kept.values() if tag] or None

    def _tag(self, raw: Any) -> str:
        if not isinstance(raw, str):
            raise expected(message("文字标签"), raw)
        refuse_forbidden(raw)
        tag = one_line(raw)
        if len(tag) > LONGEST:
            raise ValueFault(message("一个标签最多 {limit} 个字符，收到 {found}", limit=LONGEST, found=found(tag)))
        if SEPARATORS.search(tag) or tag.startswith("["):
            raise ValueFault(message("标签里不能有逗号、顿号、分号、竖线或开头的“[”，收到 {found}", found=found(tag)))
        return tag

    def condition(
        self, field: FieldSpec, column: sa.ColumnElement[Any], operator: str, values: Sequence[Any], place: Place
    ) -> sa.ColumnElement[bool] | None:
        """``contains``: every one of the values, ``within``: any of them."""
        if operator not in ("contains", "within"):
            return None
        return holds(column, operator, [self._tag(value) for value in values if value is not None])

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return (", " if place.english else "、").join(value or ())

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return joined(value) if value else ""

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        return self.parse(field, cell_text(cell), place)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return joined(value) if value else None

    def same_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "\n".join(sorted(folded(tag) for tag in value or ()))
