"""Functions over the organisation; who runs the expression brings them (`yuanke.workflow.approvals.chain`). They have no
SQL."""

from __future__ import annotations

from yuanke.expressions.functions import Function
from yuanke.kernel.text import Label

FUNCTIONS = (
    Function(
        "managers",
        ("any", "number?"),
        "any",
        None,
        Label("一个人的各级上级，由近及远；写了级数则只取那一级", "A person's managers, the nearest first; with a number that one alone"),
        contextual=True,
    ),
    Function(
        "heads",
        ("any", "number?"),
        "any",
        None,
        Label(
            "一个部门及其各级上级部门的负责人，由近及远；写了级数则只取那一级",
            "The heads of a department and of those above it, the nearest first; with a number that one alone",
        ),
        contextual=True,
    ),
)  # fmt: skip
