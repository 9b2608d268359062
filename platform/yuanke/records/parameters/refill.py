"""Stored figures that read a setting are computed anew when it changes, in the background, chunk by chunk.

The one rule: until then they show what was right before; nothing is computed twice for the same change.
"""

from __future__ import annotations

from collections.abc import Sequence

from yuanke import jobs
from yuanke.jobs.run import Run
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Registry
from yuanke.records.filling import _next as next_ids
from yuanke.records.filling import engine, recompute
from yuanke.storage import Unit

REFILL = "records.refill"


def queue_refill(unit: Unit, keys: Sequence[str]) -> None:
    """One job for all entities whose stored formulas read one of these settings."""
    found = reading(unit.registry, keys)
    if found:
        jobs.enqueue(unit, engine(unit), REFILL, {"entities": found})


def reading(registry: Registry, keys: Sequence[str]) -> list[str]:
    wanted = {("settings", key) for key in keys}
    return [key for key, entity in registry.entities.items() if _reads(entity, wanted)]


def _reads(entity: Entity, wanted: set[tuple[str, str]]) -> bool:
    stored = (f.formula for f in entity.live_fields() if f.formula is not None and f.has_column)
    return any(path[:2] in wanted for formula in stored for path in formula.reads)


def refill(run: Run) -> dict[str, int]:
    """Compute every record of the named entities anew."""
    moved, entities = run.checkpoint.get("moved", 0), run.arguments["entities"]
    for at, key in enumerate(entities[run.checkpoint.get("entity", 0) :], run.checkpoint.get("entity", 0)):
        while True:
            with run.step() as step:
                entity = step.unit.registry.entities.get(key)
                ids = next_ids(step.unit, entity, run.checkpoint.get("reached", 0)) if entity is not None else []
                if ids and entity is not None:
                    moved += recompute(step.unit, entity, ids)
                    run.checkpoint.update(reached=ids[-1], moved=moved)
                else:
                    run.checkpoint.update(reached=0, entity=at + 1)
                run.report((at + 1) / (len(entities) + 1), message("已重新计算 {moved} 条记录", moved=moved))
            if not ids:
                break
    return {"moved": moved}
