"""What the operators of filters mean, and how many values each one takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from yuanke.kernel.text import Label


@dataclass(frozen=True)
class Operator:
    """``takes`` says how many values a filter gives; ``meaning`` stands in the docs."""

    label: Label
    takes: Literal["none", "one", "two", "many"]
    meaning: Label


def _operator(
    zh: str, en: str, takes: Literal["none", "one", "two", "many"], meaning_zh: str, meaning_en: str
) -> Operator:
    return Operator(Label(zh, en), takes, Label(meaning_zh, meaning_en))


OPERATORS: Mapping[str, Operator] = {
    "eq": _operator("等于", "is", "one", "等于所给的值", "equal to the value"),
    "ne": _operator(
        "不等于", "is not", "one", "不等于所给的值，空值也算", "not equal to the value; empty counts as not equal"
    ),
    "lt": _operator("小于", "less than", "one", "小于（早于）所给的值", "less (earlier) than the value"),
    "le": _operator("小于等于", "at most", "one", "不大于（不晚于）所给的值", "at most (not later than) the value"),
    "gt": _operator("大于", "more than", "one", "大于（晚于）所给的值", "more (later) than the value"),
    "ge": _operator("大于等于", "at least", "one", "不小于（不早于）所给的值", "at least (not earlier than) the value"),
    "between": _operator("介于", "between", "two", "介于两值之间，含两端", "between two values, both included"),
    "in": _operator("属于", "one of", "many", "等于所给各值之一", "equal to one of the values"),
    "contains": _operator(
        "包含",
        "contains",
        "one",
        "文字含有这一段；多值字段含有这一项",
        "the text holds this piece; a field of several values holds this one",
    ),
    "starts": _operator("开头是", "starts with", "one", "文字以这一段开头", "the text starts with this piece"),
    "within": _operator(
        "在范围内",
        "within",
        "many",
        "日期在所给时段（本月、近 7 天）；地区、部门为所给的或其下级；多值字段含有所给各项之一",
        "a date in the named period (this month, last 7 days); a region or department is the given one or below it; "
        "a field of several values holds one of the values",
    ),
    "empty": _operator("为空", "is empty", "none", "没有值", "has no value"),
    "filled": _operator("不为空", "is filled", "none", "有值", "has a value"),
}
