"""Stored figures that read a setting are computed anew when it changes, in the background, chunk by chunk.

The one rule: until then they show what was right before; nothing is computed twice for the same change.
"""

from __future__ import annotations

from collections.abc import Sequence

from yuanke import jobs
from yuanke.jobs.run import Run
from yuanke.metadata.registry import Entity, Registry
from yuanke.records.filling import engine, recompute_all
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
    return recompute_all(run, run.arguments["entities"])
