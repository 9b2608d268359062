"""Functions over records that only the engine can find; who runs the expression brings them. They have no SQL."""

from __future__ import annotations

from yuanke.expressions.functions import Function
from yuanke.kernel.text import Label

FUNCTIONS = (
    Function(
        "duplicates",
        ("name",),
        "collection",
        None,
        Label(
            "按查重规则找到的同一实体的记录，值写在名称后：duplicates(firm, name=name)",
            "Records of an entity that its duplicate rules call the same, by values: duplicates(firm, name=name)",
        ),
        keywords={"*": "any"},
        contextual=True,
    ),
)
