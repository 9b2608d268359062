"""The built-in functions, by subject. The one rule: Python and SQL give the same answer, for every value and for
None."""

from __future__ import annotations

from yuanke.expressions.functions import Function
from yuanke.expressions.library import dates, forms, numbers, people, records, rows, texts, worktime

FUNCTIONS: tuple[Function, ...] = (
    *dates.FUNCTIONS,
    *numbers.FUNCTIONS,
    *texts.FUNCTIONS,
    *rows.FUNCTIONS,
    *forms.FUNCTIONS,
    *people.FUNCTIONS,
    *records.FUNCTIONS,
    *worktime.FUNCTIONS,
)
INTERNAL: tuple[Function, ...] = (*dates.INTERNAL, *numbers.INTERNAL, *texts.INTERNAL)
