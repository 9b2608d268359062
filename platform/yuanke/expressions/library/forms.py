"""Functions whose arguments are more than values: the checker knows each by its name; here stands their help.

``parameters`` are for reading only: ``rows`` is a collection or something computed per row of it.
"""

from __future__ import annotations

from yuanke.expressions.functions import Function
from yuanke.kernel.text import Label


def _form(name: str, parameters: str, result: str, zh: str, en: str, **keywords: str) -> Function:
    return Function(name, tuple(parameters.split()), result, None, Label(zh, en), keywords=keywords)


AGGREGATES = {
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "median",
    "exists",
    "list",
    "first",
    "last",
    "names",
}

FUNCTIONS = (
    _form(
        "count",
        "rows?",
        "number",
        "行数；给出条件时是符合的行数，给出字段时是有值的行数",
        "How many rows; how many that hold or are filled",
    ),
    _form(
        "sum", "rows", "number", "合计，空的不算，没有行时为 0", "The sum; empty values are passed over, 0 without rows"
    ),
    _form(
        "avg", "rows", "number", "平均值，空的不算，没有行时为空", "The average of filled values; empty without rows"
    ),
    _form("median", "rows", "number", "中位数", "The median of filled values"),
    _form("exists", "rows", "bool", "有没有（符合条件的）行", "Is there a row (that holds)?"),
    _form("list", "rows", "list", "全部值的列表（不能用于筛选）", "All values as a list (not in filters)"),
    _form("names", "rows", "text", "不重复的文字，用顿号连接", "The distinct texts, joined by 、"),
    _form(
        "first",
        "rows",
        "any",
        "按 by 排序的第一行或它的值",
        "The first row by ``by``, or a value of it",
        by="any",
        limit="number",
    ),
    _form(
        "last",
        "rows",
        "any",
        "按 by 排序的最后一行或它的值",
        "The last row by ``by``, or a value of it",
        by="any",
        limit="number",
    ),
    _form(
        "if", "bool any any", "any", "条件成立取第二个，否则取第三个", "The second when the first holds, else the third"
    ),
    _form("coalesce", "any any*", "any", "第一个不为空的值", "The first that is filled"),
    _form("empty", "any", "bool", "为空（空文字、没有行也算）", "Empty: no value, an empty text, no rows"),
    _form("filled", "any", "bool", "不为空", "Not empty"),
    _form(
        "date",
        "any number? number?",
        "date",
        "日期：从时间取日期，或由年、月、日组成",
        "The day of an instant, or of year, month, day",
    ),
    _form("text", "any", "text", "转为文字", "A value as text"),
    _form("days", "number", "duration", "多少天，与日期相加减", "So many days, to add to a date"),
    _form("weeks", "number", "duration", "多少周", "So many weeks"),
    _form("months", "number", "duration", "多少个月（月末不越界）", "So many months (clipped to the month's end)"),
    _form("years", "number", "duration", "多少年", "So many years"),
    _form("hours", "number", "duration", "多少小时", "So many hours"),
    _form("minutes", "number", "duration", "多少分钟", "So many minutes"),
    _form(
        "bucket",
        "number number number*",
        "number",
        "所在区间的下界；低于第一个界限为空",
        "The bound at or below the value; empty below the first",
    ),
)
