"""In which order formulas are computed in one save, and which saves move which roll-ups. Rule: a circle is a fault."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from yuanke.metadata.faults import Faults
from yuanke.metadata.model import EntityDef, FieldDef, Model
from yuanke.metadata.sources import Sources

#: one step of a save: ("" or the rows field, key of the formula field)
Step = tuple[str, str]


def formulas_of(definition: EntityDef, sources: Sources) -> list[FieldDef]:
    """Fields of ``definition`` whose value the save computes."""
    return [
        f
        for f in definition.live_fields()
        if f.formula is not None and sources.source(f) in ("stored", "rollup", "typed")
    ]


def plan(definition: EntityDef, model: Model, sources: Sources, faults: Faults) -> tuple[Step, ...]:
    """The formulas of a record and of its rows, sources first: rows and record may feed one another."""
    graph: dict[Step, set[Step]] = {}
    nodes: dict[Step, FieldDef] = {}
    held_rows = {f.key: model.entities[f.rows] for f in definition.live_fields() if f.rows and f.rows in model.entities}
    for found in formulas_of(definition, sources):
        step = ("", found.key)
        reading = sources.reading(found)
        nodes[step] = found
        graph[step] = {("", name) for name in reading.own} | set(reading.rows)
    for name, rows in held_rows.items():
        model.note(rows.key)
        for found in formulas_of(rows, sources):
            step = (name, found.key)
            reading = sources.reading(found)
            nodes[step] = found
            graph[step] = {(name, own) for own in reading.own} | {("", own) for own in reading.document}
    position = {step: index for index, step in enumerate(nodes)}
    trimmed = {
        step: sorted((s for s in before if s in nodes), key=position.__getitem__) for step, before in graph.items()
    }
    try:
        return tuple(TopologicalSorter(trimmed).static_order())
    except CycleError as error:
        ring = list(error.args[1])
        _tell_ring(definition, ring, nodes, faults)
        return tuple(nodes)


def _tell_ring(definition: EntityDef, ring: list[Step], nodes: Mapping[Step, FieldDef], faults: Faults) -> None:
    shown = " -> ".join(".".join(p for p in step if p) for step in reversed(ring))
    first = min((nodes[s] for s in ring), key=lambda f: (f.node.span, f.key))
    faults.add(
        "E402",
        first.formula or first.node,
        f"Formulas of {definition.key} wait for each other",
        f"{shown}. Let one of them draw on something else.",
    )


def computed_rings(definition: EntityDef, sources: Sources, faults: Faults) -> None:
    """A circle among formulas that are computed on reading."""
    graph = {f.key: sources.reading(f).own for f in definition.live_fields() if f.formula is not None}
    try:
        TopologicalSorter({k: sorted(n for n in before if n in graph) for k, before in graph.items()}).prepare()
    except CycleError as error:
        ring: list[Step] = [("", key) for key in error.args[1]]
        _tell_ring(definition, ring, {s: definition.fields[s[1]] for s in ring}, faults)
