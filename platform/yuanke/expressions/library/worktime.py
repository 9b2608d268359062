"""Functions over the working calendar; the engine brings them (`yuanke.workflow.automations.workdays`). They have no
SQL."""

from __future__ import annotations

from yuanke.expressions.functions import Function
from yuanke.kernel.text import Label

FUNCTIONS = (
    Function(
        "is_workday",
        ("date",),
        "bool",
        None,
        Label("这一天上班吗，按工作日历", "Do people work on this day, by the working calendar?"),
        contextual=True,
    ),
    Function(
        "add_work_time",
        ("datetime", "number"),
        "datetime",
        None,
        Label("过了这么多工作小时的时刻，按工作日历", "So many working hours later, by the working calendar"),
        contextual=True,
    ),
    Function(
        "add_work_days",
        ("datetime", "number"),
        "datetime",
        None,
        Label("过了这么多个工作日的同一时刻", "At the same time of the day, so many working days later"),
        contextual=True,
    ),
)
