"""What a change of the definitions costs: planning and applying one field at 100,000 rows, compiling 170 entities of 16 fields,
and the memory of an enterprise that changed three of them.

The one rule: beside the apply stands the bare statement it comes down to, on a table of as many rows, in the same minutes.
"""

from __future__ import annotations

import gc
import itertools
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from benchmarks.scene import Scene

ENTITIES, FIELDS, ROWS = 170, 16, 100_000
#: milliseconds (SQLite; PostgreSQL may take twice as long), and MB
PLAN_GOAL, APPLY_GOAL, COMPILE_GOAL, MEMORY_GOAL = 100.0, 150.0, 300.0, 1.0
KINDS = {
    0: "text!", 1: "money", 2: "date", 3: "{options: [a, b, c]}", 4: "{type: money, formula: f1 * 2}", 5: "{link: e%d}", 6: "integer",
    7: "{type: text, visible_when: f3 == a}",
}  # fmt: skip


def module() -> str:
    """170 entities of 16 fields each: texts, money, options, a formula, a link to the next one, a condition."""
    lines = ["module: wide", "label: 宽", "roles: {clerk: 文员}", "entities:"]
    for number in range(ENTITIES):
        fields = [KINDS.get(at, "text") for at in range(FIELDS)]
        fields[5] = fields[5] % ((number + 1) % ENTITIES)
        lines += [f"  e{number}:", f"    label: 对象{number}", "    fields:"]
        lines += [f"      f{at}: {kind}" for at, kind in enumerate(fields)]
        lines.append("    permissions: {clerk: {read: own, create: true, update: own}}")
    return "\n".join(lines)


def measure(at: Scene, smoke: bool = False) -> list[dict[str, Any]]:
    """One row for each figure: ``{work, found, goal, floor}``; floor only where there is one."""
    from yuanke.app import plugins
    from yuanke.metadata import Layer
    from yuanke.storage import Installation, create_enterprise

    plugins.load()
    times, rows = (2, 1_000) if smoke else (7, ROWS)
    wide = Layer.read_text(module(), "wide.yaml", "module")
    slack = 1 if at.database == "sqlite" else 2
    installation = Installation(at.folder / "wide", at.url)
    try:
        held = create_enterprise(installation, "wide", "Wide", layers=[wide])
        with installation.unit(held, write=True) as unit:
            table = unit.tables["e0"]
            for start in range(0, rows, 10_000):
                many = [{"f0": f"x{n}", "f1": n} for n in range(start, min(rows, start + 10_000))]
                unit.execute(table.insert(), many)
        names = (f"n{number}" for number in itertools.count())
        plan = _best(lambda: _planned(installation, held, next(names)), times)
        apply = _best(lambda: _applied(installation, held, next(names)), times)
        floor = _best(lambda: _bare(installation, held, next(names)), times)
        found = [
            _row(f"plan of one field, {rows:,} rows", plan, PLAN_GOAL * slack),
            _row(f"apply of one field, {rows:,} rows", apply, APPLY_GOAL * slack) | {"floor": floor[0]},
        ]
    finally:
        installation.close()
    found.append(_row("170 entities x 16 fields compiled", _compiled(wide, times), COMPILE_GOAL))
    found.append(
        {"work": "an enterprise with 3 changed entities", "found": _memory(wide), "goal": MEMORY_GOAL, "unit": "MB"}
    )
    return [{"database": at.database, **one} for one in found]


def _row(work: str, taken: tuple[float, float], goal: float) -> dict[str, Any]:
    return {"work": work, "found": taken[0], "cpu": taken[1], "goal": goal}


def _best(act: Callable[[], Any], times: int) -> tuple[float, float]:
    """Milliseconds of the quietest of several, on the clock and on the processor."""
    taken, spent = [], []
    for _ in range(times):
        began, before = time.perf_counter(), time.process_time()
        act()
        taken.append(time.perf_counter() - began)
        spent.append(time.process_time() - before)
    return min(taken) * 1e3, min(spent) * 1e3


def _with(unit: Any, name: str) -> Any:
    from yuanke.metadata import Layer
    from yuanke.storage import definitions
    from yuanke.storage.overlays import merged, overlay_of

    field = {"entities": {"e0": {"fields": {name: {"type": "text", "label": "新"}}}}}
    own = Layer.from_plain(definitions.OWN, "enterprise", merged(overlay_of(unit), field))
    return definitions.replaced(definitions.layers_of(unit), own)


def _planned(installation: Any, held: Any, name: str) -> None:
    from yuanke.storage.plan import plan

    with installation.unit(held) as unit:
        plan(unit, _with(unit, name))


def _applied(installation: Any, held: Any, name: str) -> None:
    from yuanke.storage import change

    change(installation, held, lambda unit: _with(unit, name))


def _bare(installation: Any, held: Any, name: str) -> None:
    """The statement alone, on the last of the tables."""
    with installation.unit(held, write=True) as unit:
        unit.connection.exec_driver_sql(f'ALTER TABLE "e0" ADD COLUMN "bare_{name}" text')


def _compiled(wide: Any, times: int) -> tuple[float, float]:
    """From what the database holds to a Registry, nothing remembered."""
    from yuanke.metadata import Layer, compile_layers, parts
    from yuanke.metadata.compiler import forget

    plain = wide.plain()

    def once() -> None:
        compile_layers([Layer.from_plain("wide", "module", plain)])

    taken = []
    for _ in range(times):
        forget()
        parts._parts.clear()
        gc.collect()
        taken.append(_best(once, 1))
    return min(wall for wall, _ in taken), min(cpu for _, cpu in taken)


def _memory(wide: Any, enterprises: int = 10) -> float:
    """MB that each further enterprise costs which changed three entities its own way."""
    from yuanke.metadata import Layer, compile_layers

    compile_layers([wide])
    kept = []
    gc.collect()
    tracemalloc.start()
    for number in range(enterprises):
        fields = {"fields": {f"own{number}": {"type": "text", "label": f"自定{number}"}}}
        own = Layer.from_plain("enterprise", "enterprise", {"entities": {f"e{at}": fields for at in (3, 50, 120)}})
        kept.append(compile_layers([wide, own]))
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / enterprises / 1e6
