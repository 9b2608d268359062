"""The import of one file into one entity, chunk by chunk.

The one rule: a chunk and the checkpoint that says it is done are one transaction; killed anywhere, it goes on at the last
chunk and does nothing twice. A dry run does all of it and keeps only what it has to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from yuanke.exchange.cells import shown
from yuanke.exchange.children import Children, key_text
from yuanke.exchange.drafts import Draft, Line
from yuanke.exchange.linking import Links, Wanted, read_all, wanted_of
from yuanke.exchange.mapping import ImportMapping
from yuanke.exchange.matching import Matching, key_of
from yuanke.exchange.ports import Door, OpenDoor
from yuanke.exchange.prepared import Prepared, prepare
from yuanke.exchange.reading import TableFile
from yuanke.exchange.shaping import Shaped
from yuanke.jobs import Run, Step
from yuanke.jobs import words
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.records.values import Condition
from yuanke.storage import Unit

#: so many rows refused and none taken: the mapping is wrong, not the rows
HOPELESS = 5_000
SHOWN_CELL = 200


@dataclass
class Counts:
    """``failed`` rows were not taken; ``incomplete`` were, but without a link to another row of the file."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0
    incomplete: int = 0

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.skipped + self.failed


class Import:
    """``run`` is the job that carries it; ``open_door`` makes doors (`Records`); ``tables_of_rows``: field -> file of its lines."""

    def __init__(
        self, run: Run, mapping: ImportMapping, table: TableFile, tables_of_rows: Mapping[str, TableFile], open_door: OpenDoor,
        dry: bool = False,
    ) -> None:  # fmt: skip
        self.run = run
        self.mapping = mapping
        self.table = table
        self.tables_of_rows = tables_of_rows
        self.open_door = open_door
        self.dry = dry
        self.counts = Counts(**run.checkpoint.get("counts", {}))
        self._children: dict[str, Children] = {}
        self._numbers: dict[str, set[str]] = {}
        self._prepared: Prepared | None = None
        self._seen: dict[Any, int] = {}  # dry run: key -> row, for what the rolled back chunks would have made

    def go(self) -> Counts:
        """From the checkpoint to the end. Raises Refusal when it cannot be done at all, Cancelled when stopped."""
        try:
            for name, table in self.tables_of_rows.items():
                self._children[name] = Children(table, self.mapping.rows[name].match or "")
            with self.run.reading() as step:
                prepared = self._prepare(step.unit, step.actor)
            self._own_texts = self._texts_of_own_links(prepared)
            for chunk in prepared.drafting.chunks(self.run.checkpoint.get("row", 0)):
                self._chunk(chunk)
                if self.counts.failed >= HOPELESS and self.counts.failed == self.counts.rows:
                    raise Refusal(message("前 {count} 行全部有错，没有继续；请先检查对应关系", count=self.counts.failed))
            if self.counts_deferred and not self.dry:
                self._link_own_rows(prepared)
            self._tell_unclaimed()
            return self.counts
        finally:
            for children in self._children.values():
                children.close()

    # -- one chunk ---------------------------------------------------------------------------------------------------

    def _chunk(self, drafts: list[Draft]) -> None:
        if self.dry:
            with self.run.trial() as step:
                outcome = self._save(step, drafts)
            with self.run.step() as step:
                self._keep(step, drafts, outcome)
            return
        with self.run.step() as step:
            self._keep(step, drafts, self._save(step, drafts))

    def _save(self, step: Step, drafts: list[Draft]) -> dict[int, str]:
        """row -> created | updated | skipped; drafts with errors are not in it."""
        prepared = self._prepare(step.unit, step.actor)
        actor = replace(step.actor, door="import")
        door, engine = self.open_door(step.unit, actor), self.open_door(step.unit, replace(actor, engine=True))
        self._resolve(door, engine, prepared, drafts, step)
        matching = Matching(door, engine, prepared.entity, self.mapping, prepared.writable)
        outcome: dict[int, str] = {}
        for part in _without_repeated_keys(drafts, self.mapping.key):
            matching.find(part)
            outcome.update(self._write(step.unit, door, prepared, part))
        return outcome

    def _resolve(self, door: Door, engine: Door, prepared: Prepared, drafts: list[Draft], step: Step) -> None:
        """All links of the chunk: gather what is wanted, look it up together, put ids in place."""
        links = Links(door, engine, prepared.registry, step.unit.place)
        open_: list[tuple[Draft, Shaped, str, str, list[list[Wanted]]]] = []
        for draft in drafts:
            for rows, shaped in [("", draft.shaped), *((n, line.shaped) for n, lines in draft.lines.items() for line in lines)]:
                entity = prepared.shapers[rows].entity
                for name, texts in shaped.links.items():
                    source = prepared.source(rows, name)
                    meanings = [wanted_of(entity.fields[name], source, text, prepared.registry) for text in texts]
                    open_.append((draft, shaped, rows, name, meanings))
        links.look_up(w for *_, meanings in open_ for several in meanings for w in several)
        for draft, shaped, rows, name, meanings in open_:
            known = prepared.shapers[rows].entity.fields[name]
            found = [links.value(known, several) for several in meanings]
            told = [said for _, said in found if said is not None]
            if not told:
                values = [value for value, _ in found]
                shaped.values[name] = values if known.pairs or known.multiple else values[0]
            elif not rows and name in prepared.own_links and meanings[0][0].text in self._own_texts[name]:
                draft.deferred.append(name)
            else:
                for said in told:
                    shaped.fault(name, said)

    def _write(self, unit: Unit, door: Door, prepared: Prepared, drafts: list[Draft]) -> dict[int, str]:
        outcome: dict[int, str] = {}
        create, update = [], []
        for draft in drafts:
            if draft.shaped.errors or any(line.shaped.errors for lines in draft.lines.values() for line in lines):
                continue
            if draft.id is None:
                create.append(draft)
            elif self.mapping.when_found == "skip":
                outcome[draft.row] = "skipped"
            else:
                update.append(draft)
        batch = self._batch if prepared.entity.parent is None else self._batch_of_rows
        for draft, status in batch(unit, door, prepared, create, update):
            if status is not None:
                outcome[draft.row] = "updated" if status == "created" and self._repeats(draft) else status
        return outcome

    def _batch(
        self, unit: Unit, door: Door, prepared: Prepared, create: list[Draft], update: list[Draft]
    ) -> Iterable[tuple[Draft, str | None]]:
        """Save them together; what is refused as a whole is halved until the draft is found that spoils it."""
        if not create and not update:
            return
        new = [self._values(draft, prepared) for draft in create]
        changed = [{"id": draft.id, **self._values(draft, prepared)} for draft in update]
        try:
            with unit.connection.begin_nested():
                made = door.batch(prepared.entity.key, create=new, update=changed, atomic=False)
        except Refusal as refusal:
            unit.kept.clear()  # what was remembered inside the part that was undone
            if len(create) + len(update) == 1:
                draft = (create or update)[0]
                self._refused(draft, refusal)
                yield draft, None
                return
            for half in (slice(None, None, 2), slice(1, None, 2)):
                yield from self._batch(unit, door, prepared, create[half], update[half])
            return
        for draft, told in [*zip(create, made.created, strict=True), *zip(update, made.updated, strict=True)]:
            if told.error is None:
                draft.id = told.id
                yield draft, told.status
            else:
                self._refused(draft, told.error)
                yield draft, None

    def _batch_of_rows(
        self, unit: Unit, door: Door, prepared: Prepared, create: list[Draft], update: list[Draft]
    ) -> Iterable[tuple[Draft, str | None]]:
        """Owned rows imported by themselves: saved as a change of the records that carry them, whose sums follow."""
        entity = prepared.entity
        assert entity.parent is not None and entity.parent_link is not None
        parent, carrier = prepared.registry.entities[entity.parent[0]], entity.parent[1]
        groups: dict[int, list[Draft]] = {}
        for draft in [*create, *update]:
            record_id = draft.shaped.values.get(entity.parent_link)
            if record_id is None:
                draft.shaped.fault(entity.parent_link, message("要写明属于哪条{entity}", entity=parent.label))
                yield draft, None
            else:
                groups.setdefault(record_id, []).append(draft)
        records = []
        for record_id, drafts in groups.items():
            sent = [self._values(draft, prepared) | ({"id": draft.id} if draft.id is not None else {}) for draft in drafts]
            for values in sent:
                values.pop(entity.parent_link)
            record = Draft(drafts[0].row, drafts[-1].last, (), Shaped({carrier: sent}), id=record_id)
            record.lines[carrier] = [Line(draft.row, draft.shaped) for draft in drafts]
            records.append(record)
        shell = replace(prepared, entity=parent, writable=frozenset({carrier}))
        for record, status in self._batch(unit, door, shell, [], records):
            for draft in groups[record.id or 0]:
                if status is None and not draft.shaped.errors:
                    draft.shaped.errors.update(record.shaped.errors or {"": [message("同一条{entity}的另一行有错", entity=parent.label)]})
                yield draft, None if status is None else "updated" if draft.id is not None else "created"

    def _values(self, draft: Draft, prepared: Prepared) -> dict[str, Any]:
        """What is sent to the door: fields that may be written, lines in the places of the standing ones."""
        shaped = draft.shaped
        values = {name: value for name, value in shaped.values.items() if name in prepared.writable}
        if draft.id is not None:
            if self.mapping.empties == "clear":
                values.update({name: None for name in shaped.empty if name in prepared.writable and name not in shaped.values})
            if self.mapping.when_found == "fill":
                values = {name: value for name, value in values.items() if draft.standing.get(name) in (None, "", [])}
        for name, lines in draft.lines.items():
            if name not in self.mapping.rows:
                continue  # the rows are the draft's value already (`_batch_of_rows`)
            if self.mapping.when_found != "fill" or not draft.standing.get(name):
                values[name] = _lines(lines, draft.standing.get(name) or (), self.mapping.rows[name].key)
        return values

    def _refused(self, draft: Draft, error: Exception) -> None:
        if isinstance(error, ValidationFailed):
            for path, said in error.errors.items():
                for one in said:
                    _fault_at(draft, path, one)
        else:
            draft.shaped.fault("", error.said if isinstance(error, Refusal) else message("这一行没有保存"))

    # -- what is told ------------------------------------------------------------------------------------------------

    def _keep(self, step: Step, drafts: list[Draft], outcome: Mapping[int, str]) -> None:
        """Counts, notes and the checkpoint of one chunk."""
        prepared = self._prepare(step.unit, step.actor)
        counts = replace(self.counts)
        for draft in drafts:
            status = outcome.get(draft.row, "failed")
            setattr(counts, status, getattr(counts, status) + 1)
            if status == "failed":
                step.note(draft.row, self._note(draft, prepared))
        self.run.checkpoint["deferred"] = self.counts_deferred or any(d.deferred for d in drafts)
        self._checkpoint(counts, drafts[-1].last)

    @property
    def counts_deferred(self) -> bool:
        return bool(self.run.checkpoint.get("deferred"))

    def _checkpoint(self, counts: Counts, row: int) -> None:
        self.counts = counts
        self.run.checkpoint.update(row=row, counts=asdict(counts))
        self.run.result = asdict(counts)
        done = min(counts.rows, self.table.rows_at_most)
        text = message("正在检查 {done} / {all} 行", done=done, all=self.table.rows_at_most) if self.dry else message(
            "正在导入 {done} / {all} 行", done=done, all=self.table.rows_at_most)
        self.run.report(row / max(self.table.rows_at_most, row, 1) * 0.99, text)

    def _note(self, draft: Draft, prepared: Prepared) -> dict[str, Any]:
        """``{"cells": [...], "errors": [{"field", "label", "columns", "said", "row"?, "file"?}]}``."""
        errors = [self._error(prepared, "", name, said, None) for name, all_ in draft.shaped.errors.items() for said in all_]
        for rows, lines in draft.lines.items():
            for line in lines:
                errors += [self._error(prepared, rows, n, said, line) for n, all_ in line.shaped.errors.items() for said in all_]
        errors.sort(key=lambda e: (e.get("row", 0), min((self._place_of(column) for column in e["columns"]), default=0)))
        return {"last": draft.last, "cells": [shown(cell)[:SHOWN_CELL] for cell in draft.cells], "errors": errors}

    def _place_of(self, column: str) -> int:
        return self.table.header.index(column) if column in self.table.header else len(self.table.header)

    def _error(self, prepared: Prepared, rows: str, name: str, said: Message, line: Line | None) -> dict[str, Any]:
        shaper = prepared.shapers[rows]
        known = shaper.entity.fields.get(name)
        told = {
            "field": f"{rows}.{name}".strip("."), "columns": shaper.columns_of(name), "said": words.kept(said),
            "label": words.kept(message("{label}", label=known.label)) if known else None,
        }  # fmt: skip
        if line is not None:
            told |= {"row": line.row, "file": line.file}
        return told

    def _tell_unclaimed(self) -> None:
        """Rows of the files of lines that no record of the main file claimed."""
        if self.run.checkpoint.get("unclaimed"):
            return
        with self.run.step() as step:
            left = 0
            for name, children in self._children.items():
                for row, match, cells in children.unclaimed():
                    left += 1
                    said = message("主表中没有“{match}”，这一行没有导入", match=match)
                    error = {"field": name, "columns": [self.mapping.rows[name].match], "said": words.kept(said), "label": None}
                    told = {"row": row, "file": children.name, "cells": [shown(c)[:SHOWN_CELL] for c in cells], "errors": [error]}
                    step.note(0, told)
            self.run.checkpoint["unclaimed"] = True
            self.run.checkpoint["unclaimed_rows"] = left

    # -- rows that link to rows of the same file ---------------------------------------------------------------------

    def _texts_of_own_links(self, prepared: Prepared) -> dict[str, set[str]]:
        """For each link to the entity itself: the texts by which a row of this file could be meant."""
        texts: dict[str, set[str]] = {name: set() for name in prepared.own_links}
        if texts:
            for _, cells in self.table.rows():
                for name, columns in prepared.own_links.items():
                    texts[name].update(key_text(cells[self.table.header.index(column)]) for column in columns)
        return texts

    def _link_own_rows(self, prepared: Prepared) -> None:
        """A second pass: every row is there now, so the links between them can be set."""
        narrowed = replace(
            self.mapping, columns={n: s for n, s in self.mapping.columns.items() if n in (*self.mapping.key, *prepared.own_links)},
            rows={}, constants={n: v for n, v in self.mapping.constants.items() if n in self.mapping.key}, when_absent="refuse",
        )  # fmt: skip
        for chunk in prepared.drafting.chunks(self.run.checkpoint.get("linked", 0)):
            with self.run.step() as step:
                missing = self._link_chunk(step, narrowed, chunk)
                self.run.checkpoint["linked"] = chunk[-1].last
                counts = replace(self.counts, incomplete=self.counts.incomplete + missing)
                self._checkpoint(counts, self.run.checkpoint["row"])

    def _link_chunk(self, step: Step, narrowed: ImportMapping, chunk: list[Draft]) -> int:
        """Set the links of one chunk; how many rows had to stay without."""
        prepared = self._prepare(step.unit, step.actor)
        actor = replace(step.actor, door="import")
        door, engine = self.open_door(step.unit, actor), self.open_door(step.unit, replace(actor, engine=True))
        keep = {*self.mapping.key, *prepared.own_links}
        for draft in chunk:
            shaped = draft.shaped
            draft.lines = {}
            draft.shaped = Shaped({k: v for k, v in shaped.values.items() if k in keep}, {k: v for k, v in shaped.links.items() if k in keep})
        drafts = [draft for draft in chunk if draft.shaped.links.keys() & prepared.own_links.keys()]
        self._resolve(door, engine, prepared, drafts, step)
        matching = Matching(door, engine, prepared.entity, narrowed, prepared.writable)
        matching.find(drafts)
        found = [d for d in drafts if d.id is not None]
        now = self._standing_links(door, prepared, found)
        missing = 0
        update = []
        for draft in found:
            wanted = {n: draft.shaped.values[n] for n in prepared.own_links if n in draft.shaped.values}
            if any(now.get(draft.id, {}).get(name) != value for name, value in wanted.items()):
                draft.shaped.values = wanted
                update.append(draft)
            if draft.deferred:
                missing += 1
                draft.shaped.fault(draft.deferred[0], message("这一行已导入，但它指向的那一行没有导入成功"))
                step.note(draft.row, self._note(draft, prepared))
        for draft, status in self._batch(step.unit, door, prepared, [], update):
            if status is None:
                missing += 1
                step.note(draft.row, self._note(draft, prepared))
        return missing

    def _standing_links(self, door: Door, prepared: Prepared, drafts: Sequence[Draft]) -> dict[int | None, Mapping[str, Any]]:
        ids = [draft.id for draft in drafts]
        conditions = (Condition("id", "in", ids),)
        return dict(read_all(door, prepared.entity.key, conditions, tuple(prepared.own_links))) if ids else {}

    # -- small things ------------------------------------------------------------------------------------------------

    def _prepare(self, unit: Unit, actor: Actor) -> Prepared:
        """Checked again whenever the Registry moved or in each step the rights may have: cheap while nothing did."""
        if self._prepared is None or self._prepared.registry is not unit.registry:
            self._prepared = prepare(unit, actor, self.mapping, self.table, self.tables_of_rows, self._children, self._numbers)
        return self._prepared

    def _repeats(self, draft: Draft) -> bool:
        """In a dry run: did an earlier row of the file, whose chunk was rolled back, make this record?"""
        if not self.dry or not self.mapping.key:
            return False
        key = hash(key_of(draft, self.mapping.key))
        return self._seen.setdefault(key, draft.row) != draft.row


def _without_repeated_keys(drafts: list[Draft], key: tuple[str, ...]) -> Iterable[list[Draft]]:
    """Parts in which no key stands twice, so that a later row finds what an earlier one made."""
    part: list[Draft] = []
    keys: set[Any] = set()
    for draft in drafts:
        mark = key_of(draft, key) if key else None
        if mark is not None and mark in keys:
            yield part
            part, keys = [], set()
        part.append(draft)
        keys.add(mark)
    if part:
        yield part


def _lines(lines: Sequence[Line], standing: Sequence[Any], key: tuple[str, ...]) -> list[dict[str, Any]]:
    """Owned rows as the door takes them: standing ones keep their ids (by key, else by place), surplus ones go."""
    rest = list(standing)
    sent: list[dict[str, Any]] = []
    for line in lines:
        there = next((row for row in rest if all(_bare(row.values.get(k)) == line.shaped.values.get(k) for k in key)), None)
        if there is not None:
            rest.remove(there)
        sent.append({**({"id": there.id} if there is not None else {}), **line.shaped.values})
    return sent + [{"id": row.id, "deleted": True} for row in rest]


def _bare(value: Any) -> Any:
    return getattr(value, "id", value)


def _fault_at(draft: Draft, path: str, said: Message) -> None:
    """``lines.2.price`` -> the field of the third line; everything else stays with the record."""
    name, _, rest = path.partition(".")
    at, _, inner = rest.partition(".")
    lines = draft.lines.get(name)
    if lines is not None and at.isdigit() and int(at) < len(lines):
        lines[int(at)].shaped.fault(inner, said)
    else:
        draft.shaped.fault(path, said)
