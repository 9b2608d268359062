"""Bodies of merge, transfer, share, duplicates and hand-over: the same for every entity.

The one rule: shapes are checked here, meanings (who may, whether it is there) by the services.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields

from yuanke.api.fixed import Anything, Fixed, Flag, Names, Text, is_id
from yuanke.api.members import Json, refuse
from yuanke.kernel.text import message
from yuanke.records.merging.choices import BOTH

MOST_IDS = 500
LONGEST_REASON = 200
NOT_EMPTY: Any = {"required": [message("不能为空")], "null": [message("不能为空")]}


class Ids(fields.Field):
    """Ids of records, each once, at least one."""

    def __init__(self) -> None:
        super().__init__(required=True, error_messages=NOT_EMPTY)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[int]:
        if not isinstance(value, list) or not value or not all(map(is_id, value)):
            refuse(message("应为编号的列表"))
        if len(value) > MOST_IDS:
            refuse(message("一次 1 到 {most} 条", most=MOST_IDS))
        return list(dict.fromkeys(value))

    def described(self) -> Json:
        return {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": MOST_IDS}


class Id(fields.Field):
    """The id of one record or user."""

    def __init__(self) -> None:
        super().__init__(required=True, error_messages=NOT_EMPTY)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        found: Any = value.get("id") if isinstance(value, Mapping) else value
        if not is_id(found):
            refuse(message("应为一个编号"))
        return int(found)

    def described(self) -> Json:
        whole: Json = {"type": "integer", "minimum": 1}
        return {"anyOf": [whole, {"type": "object", "properties": {"id": whole}, "required": ["id"]}]}


class Taken(fields.Field):
    """field -> id of the record whose value stays, or both."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, int | str]:
        if not isinstance(value, dict) or len(value) > MOST_IDS:
            refuse(message("应为对象"))
        wrong = [key for key, one in value.items() if not (is_id(one) or one == BOTH)]
        if wrong:
            said: Any = {key: [message("应为其中一条记录的编号，或 both")] for key in wrong[:20]}
            raise ValidationError(said)
        return value

    def described(self) -> Json:
        return {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "integer", "minimum": 1}, {"const": BOTH}]},
        }


class Receivers(fields.Field):
    """``[{"user": 3}, {"department": 2}, {"role": "sales"}]``."""

    def __init__(self, *, required: bool) -> None:
        super().__init__(required=required, error_messages=NOT_EMPTY)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list) or len(value) > 100:
            refuse(message("应为列表"))
        if not all(isinstance(one, dict) and set(one) <= {"user", "department", "role"} for one in value):
            refuse(message("每一项要写 user、department 或 role 中的一个"))
        return value

    def described(self) -> Json:
        whole: Json = {"type": "integer", "minimum": 1}
        known = {"user": whole, "department": whole, "role": {"type": "string"}}
        one = {
            "type": "object",
            "properties": known,
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }
        return {"type": "array", "items": one, "maxItems": 100}


class Day(fields.Field):
    """A date, null for none."""

    def __init__(self) -> None:
        super().__init__(allow_none=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> date:
        try:
            return date.fromisoformat(value) if isinstance(value, str) else refuse(message("应为日期，如 2026-03-31"))
        except ValueError:
            refuse(message("应为日期，如 2026-03-31"))

    def described(self) -> Json:
        return {"type": ["string", "null"], "format": "date"}


class Merge(Fixed):
    keep, lose = Id(), Ids()
    choices = Taken()
    reason = Text(LONGEST_REASON)


class Transfer(Fixed):
    """``with`` names the collections that follow; without it those that follow by default do."""

    ids, to = Ids(), Id()
    keep, reason = Text(10), Text(LONGEST_REASON)
    atomic = Flag()


class Share(Fixed):
    ids, to = Ids(), Receivers(required=True)
    level, reason = Text(10), Text(LONGEST_REASON)
    expires = Day()


class Unshare(Fixed):
    ids, to = Ids(), Receivers(required=False)


class HandOver(Fixed):
    """``left``: the user is out of service with it."""

    to = Id()
    entities = Names()
    reason = Text(LONGEST_REASON)
    left = Flag()


class Duplicates(Fixed):
    """Values as they are being typed; ``id``: of the record that is being changed."""

    values = Anything({"type": "object"}, required=True)
    id = Anything({"type": ["integer", "null"], "minimum": 1})


class Apart(Fixed):
    ids = Ids()


#: ``with`` is a word of Python: it is put in by its name
for _schema in (Transfer, Share):
    _schema._declared_fields["with"] = Names()
BODIES = (Merge, Transfer, Share, Unshare, HandOver, Duplicates, Apart)
