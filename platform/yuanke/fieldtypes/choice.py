"""One of the field's options; its key is stored and sent, its label shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, FieldType, Keys, Place, ValueFault
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.strings import cell_text, folded, refuse_forbidden
from yuanke.kernel.diagnostics import nearest
from yuanke.kernel.text import Label, Message, label_of_key, message

OPTIONS_SCHEMA: Mapping[str, Any] = {
    "description": "Keys, or a map of key -> label or {label, color, void, when, and values of its own}",
    "anyOf": [
        {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": 1},
        {"type": "object", "minProperties": 1},
    ],
}
MOST_SHOWN = 12


def label_of(field: FieldSpec, key: str) -> Label:
    """The label of an option, of a key that is no option (any more) the key itself."""
    option = (field.options or {}).get(key)
    label = getattr(option, "label", None)
    return label if isinstance(label, Label) else Label(key, label_of_key(key) if option is not None else key)


def values_of(option: Any) -> Mapping[str, Any]:
    """What an expression may read behind the dot: ``stage.probability``."""
    values = getattr(option, "values", None)
    return values if isinstance(values, Mapping) else {}


def key_of(field: FieldSpec, raw: Any) -> str:
    """``raw`` as one of the field's keys. Raises ValueFault naming the keys there are."""
    options = field.options or {}
    if isinstance(raw, str) and raw in options:
        return raw
    if isinstance(raw, str):
        refuse_forbidden(raw)
    shown = [*list(options)[:MOST_SHOWN], *(["…"] if len(options) > MOST_SHOWN else [])]
    near = nearest(raw, options) if isinstance(raw, str) and len(raw) < 100 else None
    if near:
        raise ValueFault(
            message("没有选项 {found}，是否想填“{near}”？可选：{options}", found=found(raw), near=near, options=shown)
        )
    raise expected(message("选项之一：{options}", options=shown), raw)


def key_of_cell(field: FieldSpec, cell: Any) -> str:
    """The key for a key or label in either language, width, case and blanks folded. Raises ValueFault."""
    text = (cell_text(cell) or "").strip()
    options = field.options or {}
    if text in options:
        return text
    word = folded(text[:200])
    named = {
        key
        for key in options
        if word in {folded(key), folded(label_of(field, key).zh), folded(label_of(field, key).en)}
    }
    if len(named) == 1:
        return named.pop()
    if named:
        raise ValueFault(message("{found} 可指多个选项：{options}，请填键", found=found(text), options=sorted(named)))
    labels: list[Any] = [label_of(field, key) for key in list(options)[:MOST_SHOWN]]
    raise expected(message("选项之一：{options}", options=labels + (["…"] if len(options) > MOST_SHOWN else [])), text)


class OptionType(FieldType):
    """Base of the types with `options`."""

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return sa.Text()

    def declared_faults(self, field: FieldSpec) -> dict[str, Message]:
        options = field.options or {}
        if not options:
            return {"options": message("选项不能为空，请列出至少一个")}
        for key in options:
            if not isinstance(key, str) or key != key.strip() or not key or len(key) > 60 or not key.isprintable():
                return {
                    "options": message("选项的键应为 1 到 60 个字符、首尾无空格的文字，收到 {found}", found=found(key))
                }
        return {}


class Choice(OptionType):
    name = "choice"
    label = Label("单选", "Choice")
    help = Label(
        "从选项中选一个；选项可带颜色和自己的值，存的是键",
        "One of the options; options may have a colour and values; the key is stored",
    )
    kind = "choice"
    keys: ClassVar[Keys] = {
        "options": OPTIONS_SCHEMA,
        "bands": {"type": ["object", "array"], "description": "Options by ranges of a formula"},
    }
    operators = ("in", "eq", "ne", "empty", "filled")
    widget = "choice"
    example = "{options: {low: 低, high: {label: 高, color: red}}}"
    sample = "high"

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("choice", options={key: values_of(option) for key, option in (field.options or {}).items()})

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "enum": list(field.options or {})}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        return None if raw is None or (isinstance(raw, str) and not raw.strip()) else key_of(field, raw)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else label_of(field, value).say(place.locale)

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        return None if cell is None or cell == "" or str(cell).isspace() else key_of_cell(field, cell)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.text(field, value, place) if self._readable(field, value, place) else value

    def _readable(self, field: FieldSpec, value: Any, place: Place) -> bool:
        """Its label leads back to this key and no other."""
        try:
            return value is not None and key_of_cell(field, self.text(field, value, place)) == value
        except ValueFault:
            return False

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else f"{label_of(field, value).zh} {label_of(field, value).en}"
