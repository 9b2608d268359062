"""One chunk of drafts through the door: links found together, standing records matched, everything saved in one batch.

The one rule: a row that spoils a batch is found and told; the others are saved all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError

from yuanke.exchange.drafts import Draft, Line
from yuanke.exchange.linking import Links, Wanted, wanted_of
from yuanke.exchange.mapping import ImportMapping
from yuanke.exchange.matching import Matching
from yuanke.exchange.ports import Door, OpenDoor
from yuanke.exchange.prepared import Prepared
from yuanke.exchange.shaping import Shaped
from yuanke.jobs import Step
from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.records import Typed
from yuanke.records.undoing.sets import forget_all

#: draft -> created | updated, or None when it was refused (its faults say why)
Saved = Iterable[tuple[Draft, str | None]]


@dataclass
class Seen:
    """What earlier rows of the file would have made, for a dry run: their chunks were rolled back."""

    keys: dict[int, int] = field(default_factory=dict)
    values: dict[tuple[str, Any], int] = field(default_factory=dict)


class Saving:
    """``own_texts``: for links to the entity itself the texts that rows of this file answer; ``seen`` None: no dry
    run."""

    def __init__(
        self,
        step: Step,
        open_door: OpenDoor,
        prepared: Prepared,
        mapping: ImportMapping,
        own_texts: Mapping[str, set[str]],
        seen: Seen | None = None,
    ) -> None:
        actor = replace(step.actor, door="import")
        self.unit = step.unit
        self.door: Door = open_door(step.unit, actor)
        self.engine: Door = open_door(step.unit, replace(actor, engine=True))
        self.prepared = prepared
        self.mapping = mapping
        self.own_texts = own_texts
        self.seen = seen
        self.matching = Matching(step.unit, self.door, prepared.entity, mapping, prepared.writable)

    def save(self, drafts: list[Draft]) -> dict[int, str]:
        """row -> created | updated | skipped; the rows that are missing in it were refused."""
        self.find_links(drafts)
        outcome: dict[int, str] = {}
        for part in _without_repeated_keys(drafts, self.matching):
            self.matching.find(part)
            outcome.update(self._write(part))
        return outcome

    def find_links(self, drafts: list[Draft]) -> None:
        """All links of the chunk: gather what is wanted, look it up together, put ids in place."""
        prepared = self.prepared
        links = Links(self.door, self.engine, prepared.registry, self.unit.place)
        open_: list[tuple[Draft, Shaped, str, str, list[list[Wanted]]]] = []
        for draft in drafts:
            for rows, shaped in draft.parts():
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
            elif not rows and meanings[0][0].text in self.own_texts.get(name, ()):
                draft.deferred.append(name)
            else:
                for said in told:
                    shaped.fault(name, said)

    def _write(self, drafts: list[Draft]) -> dict[int, str]:
        outcome: dict[int, str] = {}
        create, update = [], []
        for draft in drafts:
            if self.seen is not None:
                self._refuse_repeated_values(draft, self.seen)
            if draft.faulty:
                self._tell_what_is_missing_too(draft)
                continue
            if draft.id is None:
                create.append(draft)
            elif self.mapping.when_found == "skip":
                outcome[draft.row] = "skipped"
            else:
                update.append(draft)
        batch = self.batch if self.prepared.entity.parent is None else self._batch_of_rows
        for draft, status in batch(create, update):
            if status is not None:
                outcome[draft.row] = "updated" if status == "created" and self._repeats(draft) else status
        return outcome

    def batch(self, create: list[Draft], update: list[Draft], entity: str | None = None) -> Saved:
        """Save them together; what is refused as a whole is halved until the draft is found that spoils it."""
        if not create and not update:
            return
        new = [self._values(draft) for draft in create]
        changed = [{**self._values(draft), "id": draft.id} for draft in update]
        try:
            with self.unit.connection.begin_nested():
                made = self.door.batch(entity or self.prepared.entity.key, create=new, update=changed, atomic=False)
        except (Refusal, IntegrityError, DataError) as error:
            forget_all(self.unit)  # what was remembered inside the part that was undone
            if len(create) + len(update) == 1:
                draft = (create or update)[0]
                refuse(draft, error)
                yield draft, None
                return
            for half in (slice(None, None, 2), slice(1, None, 2)):
                yield from self.batch(create[half], update[half], entity)
            return
        for draft, told in [*zip(create, made.created, strict=True), *zip(update, made.updated, strict=True)]:
            if told.error is None:
                draft.id = told.id
                yield draft, told.status
            else:
                refuse(draft, told.error)
                yield draft, None

    def _batch_of_rows(self, create: list[Draft], update: list[Draft]) -> Saved:
        """Owned rows imported by themselves: saved as a change of the records that carry them, whose sums follow."""
        entity = self.prepared.entity
        assert entity.parent is not None and entity.parent_link is not None
        (parent, carrier), link = entity.parent, entity.parent_link
        label = self.prepared.registry.entities[parent].label
        groups: dict[int, list[Draft]] = {}
        for draft in [*create, *update]:
            if (record_id := draft.shaped.values.get(link)) is None:
                draft.shaped.fault(link, message("要写明属于哪条{entity}", entity=label))
                yield draft, None
            else:
                groups.setdefault(record_id, []).append(draft)
        records = [_carrier_of(record_id, drafts, carrier, link) for record_id, drafts in groups.items()]
        for record, status in self.batch([], records, parent):
            for draft in groups[record.id or 0]:
                if status is None and not draft.shaped.errors:
                    other = {"": [message("同一条{entity}的另一行有错", entity=label)]}
                    draft.shaped.errors.update(record.shaped.errors or other)
                yield draft, None if status is None else "updated" if draft.id is not None else "created"

    def _values(self, draft: Draft) -> dict[str, Any]:
        """What is sent to the door: fields that may be written, lines in the places of the standing ones."""
        if draft.carries is not None:
            return draft.carries
        shaped, writable = draft.shaped, self.prepared.writable
        sent = Typed((name, value) for name, value in shaped.values.items() if name in writable)
        sent.typed = shaped.read
        values: dict[str, Any] = sent
        if draft.id is not None and self.mapping.empties == "clear":
            values |= {name: None for name in shaped.empty if name in writable and name not in shaped.values}
        if draft.id is not None and self.mapping.when_found == "fill":
            values = {name: value for name, value in values.items() if draft.standing.get(name) in (None, "", [])}
        for name, lines in draft.lines.items():
            if self.mapping.when_found != "fill" or not draft.standing.get(name):
                values[name] = _lines(lines, draft.standing.get(name) or (), self.mapping.rows[name].key)
        return values

    def _tell_what_is_missing_too(self, draft: Draft) -> None:
        """A row with wrong cells never reaches the door, which would have told of empty ones in the same go."""
        if draft.id is not None:
            return
        for name in draft.shaped.empty:
            known = self.prepared.entity.fields[name]
            if known.required and known.default is None and name not in draft.shaped.errors:
                draft.shaped.fault(name, message("{field} 不能为空", field=known.label))

    def _repeats(self, draft: Draft) -> bool:
        """In a dry run: did an earlier row of the file make this record, so that this one would update it?"""
        if self.seen is None:
            return False
        rows = [self.seen.keys.setdefault(hash(mark), draft.row) for mark in self.matching.marks(draft)]
        return any(row != draft.row for row in rows)

    def _refuse_repeated_values(self, draft: Draft, seen: Seen) -> None:
        """In a dry run: what is unique may not stand twice in the file either."""
        for name, value in draft.shaped.values.items():
            known = self.prepared.entity.fields[name]
            if known.unique != () or name in self.mapping.key_fields or value is None or isinstance(value, list):
                continue
            row = seen.values.setdefault((name, value), draft.row)
            if row != draft.row and draft.id is None:
                draft.shaped.fault(name, message("与文件第 {row} 行重复", row=row))


def refuse(draft: Draft, error: Exception) -> None:
    """Put what the door said where it belongs: at a field of the record, at one of a line, or at the whole."""
    if isinstance(error, ValidationFailed):
        for path, sentences in error.errors.items():
            for said in sentences:
                _fault_at(draft, path, said)
    elif isinstance(error, Refusal):
        draft.shaped.fault("", error.said)
    else:
        draft.shaped.fault("", message("与已有的数据冲突，这一行没有保存"))


def _fault_at(draft: Draft, path: str, said: Message) -> None:
    """``lines.2.price`` -> the field of the third line; everything else stays with the record."""
    name, _, rest = path.partition(".")
    at, _, inner = rest.partition(".")
    lines = draft.lines.get(name)
    if lines is not None and at.isdigit() and int(at) < len(lines):
        lines[int(at)].shaped.fault(inner, said)
    else:
        draft.shaped.fault(path, said)


def _without_repeated_keys(drafts: list[Draft], matching: Matching) -> Iterable[list[Draft]]:
    """Parts in which no record is meant twice, so that a later row finds what an earlier one made."""
    part: list[Draft] = []
    keys: set[Any] = set()
    for draft in drafts:
        marks = set(matching.marks(draft))
        if marks & keys:
            yield part
            part, keys = [], set()
        part.append(draft)
        keys |= marks
    if part:
        yield part


def _lines(lines: Sequence[Line], standing: Sequence[Any], key: tuple[str, ...]) -> list[dict[str, Any]]:
    """Owned rows as the door takes them: standing ones keep their ids (by key, else by place), surplus ones go."""
    rest = list(standing)
    sent: list[dict[str, Any]] = []
    for line in lines:
        values = line.shaped.values
        there = next((row for row in rest if all(_bare(row.values.get(k)) == values.get(k) for k in key)), None)
        if there is not None:
            rest.remove(there)
        sent.append(values if there is None else {**values, "id": there.id})
    return sent + [{"id": row.id, "deleted": True} for row in rest]


def _carrier_of(record_id: int, drafts: list[Draft], carrier: str, link: str) -> Draft:
    """The record that carries these rows, as a draft that changes nothing but them."""
    sent = [
        {k: v for k, v in draft.shaped.values.items() if k != link} | ({"id": draft.id} if draft.id else {})
        for draft in drafts
    ]
    record = Draft(drafts[0].row, drafts[-1].last, (), Shaped(), id=record_id, carries={carrier: sent})
    record.lines[carrier] = [Line(draft.row, draft.shaped) for draft in drafts]
    return record


def _bare(value: Any) -> Any:
    return getattr(value, "id", value)
