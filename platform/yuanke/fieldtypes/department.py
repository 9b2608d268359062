"""A department of the enterprise: a link to the entity `department`, a tree."""

from __future__ import annotations

from typing import ClassVar

from yuanke.fieldtypes.base import Keys
from yuanke.fieldtypes.link import Link
from yuanke.kernel.text import Label


class Department(Link):
    name = "department"
    label = Label("部门", "Department")
    help = Label("本企业的一个部门；筛选可含下级部门", "A department; filters may include those below it")
    keys: ClassVar[Keys] = {"filter": Link.keys["filter"], "inverse": Link.keys["inverse"]}
    operators = ("within", "eq", "in", "ne", "empty", "filled")
    widget = "department"
    target = "department"
    example = "{type: department}"
    sample = 2
