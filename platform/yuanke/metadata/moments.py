"""Moments that are kept beside records may read only what is stored.

Rule: a field that is computed from the clock on every reading has no moment of its own, so nothing can be kept from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yuanke.expressions import Expression
from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node
from yuanke.metadata.registry import Field


def check_moments(
    node: Node, fields: Mapping[str, Field], compiled: Callable[[Node], Expression | None], faults: Faults
) -> None:
    """``at:`` of the automations of the entity that ``node`` declares."""
    automations = node.get("automations")
    for _, one in automations.items() if automations is not None else ():
        said = one.get("at") if one.is_map else None
        if said is None:
            continue
        made = compiled(said)
        for path in made.reads if made is not None else ():
            field = fields.get(path[0])
            if (
                field is not None
                and field.source == "computed"
                and field.formula is not None
                and field.formula.volatile
            ):
                read = ", ".join(sorted(field.formula.volatile))
                faults.add(
                    "E403", said, f'The moment reads "{field.key}", which reads {read}',
                    "The moment is kept beside the record and moves with its sources. Name what is stored, or say refresh: day.",
                )  # fmt: skip
