"""Where the value of a formula lives: typed over, stored, rolled up from other records, or computed on reading.

Rule: what reads the clock, the reader, a step through a link, a whole entity or a computed field is computed; an
aggregate over a collection on the other side of a link is a roll-up; the rest is stored in the save.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from yuanke.expressions import Expression
from yuanke.metadata.model import EntityDef, FieldDef, Model

#: functions whose answer is not a matter of the record alone
COMPUTED_CALLS = frozenset({"balance", "metric", "metric_rows", "live", "time_in", "duplicates", "most_alike"})
#: first names that stand for the record itself
SELF = frozenset({"this", "row"})
#: first names that are no field
ROOMS = frozenset({"me", "settings", "asked", "event", "old"})


@dataclass
class Reading:
    """What a formula draws from. ``own``: fields of the same record; ``rows``: (rows field, field of a row);
    ``document``: fields of the owner; ``moved_by``: (entity, path back to the holder) whose save moves a roll-up;
    ``computed``: why it cannot be stored, "" when it can.
    """

    own: set[str] = field(default_factory=set)
    rows: set[tuple[str, str]] = field(default_factory=set)
    document: set[str] = field(default_factory=set)
    moved_by: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    computed: str = ""

    def because(self, reason: str) -> None:
        self.computed = self.computed or reason


class Sources:
    """Answers `source` for any field of the model, drawing on formulas compiled on demand."""

    def __init__(self, model: Model, formula: Callable[[FieldDef], Expression | None]) -> None:
        self.model = model
        self._formula = formula
        self._known: dict[tuple[str, str], tuple[str, set[str]]] = {}
        self._readings: dict[tuple[str, str], Reading] = {}
        self._open: set[tuple[str, str]] = set()

    def source(self, found: FieldDef) -> str:
        """``typed | stored | rollup | computed | system`` of a field."""
        reused = self.model.reused.get(found.entity)
        if reused is not None and found.key in reused[0].fields:
            self.model.note_all(reused[1])
            return reused[0].fields[found.key].source
        key = (found.entity, found.key)
        if key not in self._known:
            if key in self._open:
                return "stored"  # a circle: told by the order of computing
            self._open.add(key)
            self.model.traces.append(set())
            try:
                answer = self._find(found)
            finally:
                self._open.discard(key)
                trace = self.model.traces.pop()
            self._known[key] = (answer, trace)
        answer, trace = self._known[key]
        self.model.note_all(trace)
        return answer

    def _find(self, found: FieldDef) -> str:
        if found.source == "system":
            return "system"
        bands, part = found.node.get("bands"), found.node.get("part_of")
        if found.formula is None:
            return "computed" if bands is not None else "stored" if part is not None else "typed"
        if found.node.get("frozen_when") is not None:
            return "computed"  # on reading, until it is frozen
        editable, refresh = found.node.get("editable"), found.node.get("refresh")
        if editable is not None and editable.value is not False:
            return "typed"
        reading = self.reading(found)
        if refresh is not None:
            return "stored"
        if reading.computed:
            return "computed"
        return "rollup" if reading.moved_by else "stored"

    def reading(self, found: FieldDef) -> Reading:
        """What the formula of a field draws from."""
        key = (found.entity, found.key)
        if key not in self._readings:
            reading = self._readings[key] = Reading()
            expression = self._formula(found)
            if expression is not None:
                self._read(found, expression, reading)
        return self._readings[key]

    def _read(self, found: FieldDef, expression: Expression, reading: Reading) -> None:
        if expression.volatile:
            reading.because(f"it reads {', '.join(sorted(expression.volatile))}")
        if expression.entities:
            reading.because(f"it names all records of {', '.join(sorted(expression.entities))}")
        if calls := expression.calls & COMPUTED_CALLS:
            reading.because(f"{sorted(calls)[0]}() is computed on reading")
        for path in sorted(expression.reads):
            self._follow(found, path, reading)

    def _follow(self, found: FieldDef, path: tuple[str, ...], reading: Reading) -> None:
        entity, names = found.entity, list(path)
        if not names:
            return
        if names[0] in SELF:
            names = names[1:]
        elif names[0] in ROOMS:
            if names[0] == "me":
                reading.because("it reads me")
            return
        definition = self.model.entities.get(entity)
        if definition is None or not names:
            return
        document = self.model.document(entity)
        if document is not None and (
            names[0] in ("record", *document)
            and (names[0] not in definition.fields or names[0] == definition.parent_link)
        ):
            self._read_document(document[0], names[1:], reading)
            return
        if document is not None and names[0] not in definition.fields and names[0] not in definition.inverses:
            self._read_document(document[0], names, reading)
            return
        self._walk(entity, names, reading)

    def _way_back(self, definition: EntityDef, held: FieldDef) -> str | None:
        """The collection that leads from the target of a link to the records that have it."""
        if definition.parent is not None and held.key == definition.parent_link:
            return definition.parent[1]
        return self.model.inverse_of(held)

    def _read_document(self, owner: str, names: list[str], reading: Reading) -> None:
        """A row reads its document: both are one save, so own fields of the document may be read by what is stored."""
        if not names:
            return
        definition = self.model.entities.get(owner)
        held = definition.fields.get(names[0]) if definition else None
        if held is None:
            reading.because(f"it steps from the document to {names[0]}")
            return
        if held.rows or (held.targets and len(names) > 1):
            reading.because(f"it steps through {owner}.{names[0]}")
        elif self.source(held) == "computed":
            reading.because(f"{owner}.{names[0]} is computed itself")
        reading.document.add(names[0])

    def _walk(self, entity: str, names: list[str], reading: Reading) -> None:
        """Follow a path from the record, remembering the way back to it."""
        back: tuple[str, ...] = ()
        outside = False  # beyond the record and its own rows
        own_rows = ""
        for index, name in enumerate(names):
            definition = self.model.entities.get(entity)
            if definition is None:
                return
            last = index == len(names) - 1
            held = definition.fields.get(name)
            if held is None or held.retired:
                inverse = definition.inverses.get(name)
                if inverse is None:
                    if name in ("above", "below"):
                        reading.because(f"{name} runs through the whole tree")
                    elif name.endswith("_history"):
                        reading.because(f"{name} is kept apart")
                    return
                if own_rows and not outside:
                    reading.because(f"it steps from the rows {own_rows} to {name}")
                outside = True
                back = (inverse.field, *back)
                entity = inverse.source
                reading.moved_by.add((entity, back))
                continue
            if held.rows:
                back = (
                    (self.model.entities[held.rows].parent_link or "", *back)
                    if held.rows in self.model.entities
                    else back
                )
                if outside:
                    reading.moved_by.add((held.rows, back))
                elif not own_rows:
                    own_rows = name
                    reading.own.add(name)
                entity = held.rows
                continue
            if held.pairs:
                if not last:
                    reading.because(f"it steps through the links {name}")
                if not outside and not own_rows:
                    reading.own.add(name)
                return
            if self.source(held) == "computed":
                reading.because(f"{definition.key}.{name} is computed itself")
            if own_rows and not outside:
                reading.rows.add((own_rows, name))
            elif not outside:
                reading.own.add(name)
            if held.targets and not last:
                if not outside:
                    reading.because(f"it steps through the link {name}")
                    return
                if len(held.targets) != 1:
                    reading.because(f"it steps through {name}, which may point to several entities")
                    return
                entity = held.targets[0]
                inverse_name = self._way_back(definition, held)
                back = (inverse_name or "", *back)
                if not inverse_name:
                    reading.because(f"it steps through {definition.key}.{name}, which has no way back")
                    return
                reading.moved_by.add((entity, back))
                continue
            return
