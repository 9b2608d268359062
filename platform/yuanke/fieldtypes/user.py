"""A person of the enterprise: a link to the entity `user`."""

from __future__ import annotations

from typing import ClassVar

from yuanke.fieldtypes.base import Keys
from yuanke.fieldtypes.link import Link
from yuanke.kernel.text import Label


class User(Link):
    name = "user"
    label = Label("人员", "User")
    help = Label("本企业的一位用户", "A person of the enterprise")
    keys: ClassVar[Keys] = {"filter": Link.keys["filter"], "inverse": Link.keys["inverse"]}
    operators = ("in", "eq", "ne", "empty", "filled")
    widget = "user"
    target = "user"
    example = "{type: user, default: =me}"
    sample = 5
