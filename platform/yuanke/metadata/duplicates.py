"""Rules by which records are told to be the same thing, resolved to fields.

Rule: a field that is compared stands in a column; what other entities it is compared with must be there.
"""

from __future__ import annotations

from collections.abc import Iterator

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.model import EntityDef, Model
from yuanke.metadata.node import Node
from yuanke.metadata.registry import DuplicateRule


def duplicate_rule(model: Model, definition: EntityDef, name: str, node: Node, faults: Faults) -> DuplicateRule:
    match, similar, over = node.get("match"), node.get("similar"), node.get("over")
    refuse = node.get("refuse")
    if match is None and similar is None:
        faults.add(
            "E205",
            node.key,
            f'The rule "{name}" compares nothing',
            "Write match: (fields that are equal) or similar: (a field that is alike).",
        )
    held = definition.fields
    return DuplicateRule(
        name,
        tuple(str(n.value) for n in match.live() if str(n.value) in held)
        if match is not None and match.is_list
        else (),
        tuple(_others(model, definition, node.get("also"), faults)),
        str(similar.value) if similar is not None and str(similar.value) in held else None,
        over.value if over is not None and isinstance(over.value, int) else 85,
        refuse is not None and refuse.value is True,
    )


def _others(model: Model, definition: EntityDef, said: Node | None, faults: Faults) -> Iterator[tuple[str, str]]:
    """``[guest.mobile]`` as (entity, field)."""
    for item in said.live() if said is not None and said.is_list else ():
        entity, _, field = str(item.value).partition(".")
        model.note(entity)
        other = model.entities.get(entity)
        if other is None and model.incomplete:
            continue
        if other is None or field not in other.fields or other.fields[field].retired:
            known = [f"{entity}.{f.key}" for f in other.live_fields()] if other is not None else list(model.entities)
            faults.add(
                "E211",
                item,
                f'There is no field "{item.value}" to compare with',
                f"also: names fields of other entities, like guest.mobile.{did_you_mean(str(item.value), known)}",
            )
            continue
        yield entity, field
