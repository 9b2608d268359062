"""Bodies that are the same for every enterprise, as marshmallow Schemas: a batch, an import, an export, a new key.

The one rule: what is checked and what the description says come from the same class.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from yuanke.api import asked
from yuanke.api.members import UNKNOWN, Json, by_path, refuse
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import message

MOST_IN_BATCH = 500


class Fixed(Schema):
    """Unknown keys are refused with those that there are."""

    class Meta:
        unknown = RAISE

    error_messages: ClassVar[dict[str, Any]] = {"unknown": UNKNOWN}  # type: ignore[misc]

    @classmethod
    def described(cls) -> Json:
        """JSON Schema (draft 2020-12)."""
        members = made(cls).fields
        schema: Json = {"type": "object", "properties": {key: one.described() for key, one in members.items()}}  # type: ignore[attr-defined]
        needed = [key for key, one in members.items() if one.required]
        return {**schema, "additionalProperties": False, **({"required": needed} if needed else {})}


@cache
def made(schema: type[Fixed]) -> Fixed:
    """One instance of each, shared by all requests."""
    return schema()


def taken(schema: type[Fixed], body: Mapping[str, Any]) -> dict[str, Any]:
    """What ``body`` says; absent keys are absent. Raises ValidationFailed with every fault at its key."""
    known = made(schema)
    try:
        return dict(known.load(body))
    except ValidationError as wrong:
        said = message("没有这个键，可用的有 {known}", known=sorted(known.fields))
        raise ValidationFailed(by_path(wrong.messages, lambda _key: said)) from None


class Part(fields.Field):
    """Base: what is missing or null is told in our own words."""

    default_error_messages: ClassVar[dict[str, Any]] = {key: [message("不能为空")] for key in ("null", "required")}  # type: ignore[misc]


class Text(Part):
    """A text, null or empty for none."""

    def __init__(self, most: int = asked.LONGEST_FILTER, *, required: bool = False) -> None:
        self.most = most
        super().__init__(required=required, allow_none=not required)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str | None:
        if not (isinstance(value, str) and len(value) <= self.most and "\0" not in value):
            refuse(message("应为文字，最多 {most} 个字符", most=self.most))
        if self.required and not value:
            refuse(message("不能为空"))
        return value or None

    def described(self) -> Json:
        least = {"minLength": 1} if self.required else {}
        return {"type": "string" if self.required else ["string", "null"], "maxLength": self.most, **least}


class Names(Part):
    """Names in a list, or in one text with commas between; null or empty for none."""

    def __init__(self) -> None:
        super().__init__(allow_none=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[str] | None:
        if value == "":
            return None
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) and part.strip() for part in parts):
            refuse(message("应为字段名的列表"))
        return [part.strip() for part in parts]

    def described(self) -> Json:
        return {"type": ["array", "null"], "items": {"type": "string", "minLength": 1}}


class Flag(Part):
    def __init__(self) -> None:
        super().__init__(error_messages={"null": [NO_FLAG]})  # type: ignore[dict-item]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bool:
        return value if isinstance(value, bool) else refuse(NO_FLAG)

    def described(self) -> Json:
        return {"type": "boolean"}


NO_FLAG = message("应为 true 或 false")


class Anything(Part):
    """What somebody below reads: ``schema`` says what that is."""

    def __init__(self, schema: Json, *, required: bool = False) -> None:
        self.schema = schema
        super().__init__(required=required, allow_none=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        return value

    def described(self) -> Json:
        return self.schema


class Items(Part):
    """The items of one part of a batch: what each must be to be looked at."""

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__(error_messages={"null": [NO_LIST]})  # type: ignore[dict-item]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[Any]:
        if not isinstance(value, list):
            refuse(NO_LIST)
        said = message("应为对象") if self.part == "create" else message("应为带 id 的对象")
        faults = {at: [said] for at, item in enumerate(value[:MOST_IN_BATCH]) if not self._is_item(item)}
        if faults:
            raise ValidationError(faults)  # type: ignore[arg-type]
        return value

    def _is_item(self, item: Any) -> bool:
        if self.part == "delete" and is_id(item):
            return True
        if not isinstance(item, dict):
            return False
        version = item.get("version")
        return self.part == "create" or (is_id(item.get("id")) and (version is None or is_id(version)))

    def described(self) -> Json:
        whole: Json = {"type": "integer", "minimum": 1}
        one: Json = {"type": "object"}
        if self.part != "create":
            one |= {"properties": {"id": whole, "version": whole}, "required": ["id"]}
        return {
            "type": "array",
            "items": {"anyOf": [whole, one]} if self.part == "delete" else one,
            "maxItems": MOST_IN_BATCH,
        }


NO_LIST = message("应为列表")


def is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


class Batch(Fixed):
    create, update, delete = Items("create"), Items("update"), Items("delete")
    atomic = Flag()

    @validates_schema
    def _not_too_many(self, body: Mapping[str, Any], **_: Any) -> None:
        if sum(len(body.get(part, ())) for part in PARTS) > MOST_IN_BATCH:
            raise ValidationError({"": [message("一次最多 {most} 条", most=MOST_IN_BATCH)]})  # type: ignore[arg-type,list-item]


PARTS = ("create", "update", "delete")


class Import(Fixed):
    """``file`` or ``files`` name uploads by id; ``mapping`` is read by the exchange."""

    file = Anything({"type": ["integer", "null"], "minimum": 1})
    files = Anything({"type": ["object", "null"], "additionalProperties": {"type": "integer", "minimum": 1}})
    mapping = Anything({"type": ["object", "null"]})
    key = Names()
    dry_run = Flag()


class Export(Fixed):
    format, filter, q, view, rows = Text(), Text(), Text(), Text(), Text()
    sort, columns = Names(), Names()


class NewKey(Fixed):
    name = Text(60, required=True)
    user = Anything({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}, required=True)
    expires = Anything({"type": ["string", "null"], "format": "date"})
    password = Text(256, required=True)


class Number(Part):
    """A whole number from 1, as versions have."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        return value if is_id(value) and value < 2**31 else refuse(message("应为版本号"))

    def described(self) -> Json:
        return {"type": "integer", "minimum": 1}


class Overlay(Part):
    """An overlay in the dialect."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        return value if isinstance(value, dict) else refuse(message("应为对象"))

    def described(self) -> Json:
        return {"type": "object"}


class Choices(Part):
    """Path -> mine | theirs."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        right = isinstance(value, dict) and all(side in ("mine", "theirs") for side in value.values())
        return value if right else refuse(message("应为路径到 mine 或 theirs 的对象"))

    def described(self) -> Json:
        return {"type": "object", "additionalProperties": {"enum": ["mine", "theirs"]}}


class Rollback(Fixed):
    version = Number(required=True)
    digest, reason = Text(64), Text(1_000)
    everything = Flag()


class DraftBody(Fixed):
    title = Text(200)
    overlay = Overlay()


class DraftChoices(Fixed):
    digest, reason = Text(64), Text(1_000)
    choices = Choices()
