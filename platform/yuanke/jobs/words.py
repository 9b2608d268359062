"""Messages kept in the database as JSON, so that whoever reads them later reads his own language."""

from __future__ import annotations

from typing import Any

from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.kernel.text import Label, Message, message

MOST_FAULTS = 3


def kept(said: Message | None) -> dict[str, Any] | None:
    """``{"text": ..., "values": {...}}``; values that JSON does not know become text, labels both languages' Chinese
    one."""
    if said is None:
        return None
    return {"text": said.text, "values": {name: _kept_value(value) for name, value in said.values.items()}}


def reason(refusal: Refusal) -> Message:
    """Why a refusal refused; of wrong values the first few, each with its sentence."""
    if not isinstance(refusal, ValidationFailed):
        return refusal.said
    faults = [one for sentences in refusal.errors.values() for one in sentences]
    return message("{said}：{faults}", said=refusal.said, faults=faults[:MOST_FAULTS]) if faults else refusal.said


def _kept_value(value: Any) -> Any:
    if isinstance(value, Message):
        return kept(value)
    if isinstance(value, Label):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, (list, tuple)):
        return [_kept_value(item) for item in value]
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def said(kept_form: dict[str, Any] | None) -> Message | None:
    """The Message again."""
    if kept_form is None:
        return None
    text, values = kept_form["text"], kept_form.get("values", {})
    return Message(text, {name: _said_value(value) for name, value in values.items()})


def _said_value(value: Any) -> Any:
    if isinstance(value, dict):
        return Label(value["zh"], value["en"]) if "zh" in value else said(value)
    if isinstance(value, list):
        return tuple(_said_value(item) for item in value)
    return value
