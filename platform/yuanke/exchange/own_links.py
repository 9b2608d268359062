"""Rows of a file that link to other rows of the same file, also further down: set when every row is there.

The one rule: the second pass asks the database what stands, so it may be broken off and begun again anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from yuanke.exchange.children import key_text
from yuanke.exchange.drafts import Draft
from yuanke.exchange.linking import read_all
from yuanke.exchange.mapping import ImportMapping
from yuanke.exchange.ports import Door, OpenDoor
from yuanke.exchange.prepared import Prepared
from yuanke.exchange.reading import TableFile
from yuanke.exchange.saving import Saving
from yuanke.exchange.shaping import Shaped
from yuanke.exchange.telling import note_of
from yuanke.jobs import Step
from yuanke.kernel.text import message
from yuanke.records.values import Condition


def texts_of_own_links(table: TableFile, prepared: Prepared) -> dict[str, set[str]]:
    """For each link to the entity itself: the texts by which a row of this file could be meant."""
    texts: dict[str, set[str]] = {name: set() for name in prepared.own_links}
    if texts:
        for _, cells in table.rows():
            for name, columns in prepared.own_links.items():
                texts[name].update(key_text(cells[table.header.index(column)]) for column in columns)
    return texts


def narrowed(mapping: ImportMapping, own_links: Mapping[str, Any]) -> ImportMapping:
    """The mapping of the second pass: the key and the links, of records that are there."""
    keep = {*mapping.columns} if mapping.by_rules else {*mapping.key, *own_links}
    return replace(
        mapping,
        columns={name: source for name, source in mapping.columns.items() if name in keep},
        constants={name: value for name, value in mapping.constants.items() if name in mapping.key},
        rows={},
        when_absent="refuse",
        when_found="update",
    )


def link_chunk(
    step: Step,
    open_door: OpenDoor,
    prepared: Prepared,
    mapping: ImportMapping,
    texts: Mapping[str, set[str]],
    chunk: Sequence[Draft],
) -> int:
    """Set the links of one chunk; how many rows stay without one, each with a note. ``mapping`` is `narrowed`."""
    drafts = [only for draft in chunk if (only := _only_links(draft, mapping, prepared.own_links)) is not None]
    saving = Saving(step, open_door, prepared, mapping, texts)
    saving.find_links(drafts)
    saving.matching.find(drafts)
    there = [draft for draft in drafts if draft.id is not None]
    now = _standing(saving.door, prepared, there)
    missing: list[Draft] = []
    update: list[Draft] = []
    for draft in there:
        wanted = {name: draft.shaped.values[name] for name in prepared.own_links if name in draft.shaped.values}
        if any(now.get(draft.id, {}).get(name) != value for name, value in wanted.items()):
            draft.shaped.values = wanted
            update.append(draft)
        if draft.deferred:
            draft.shaped.fault(draft.deferred[0], message("这一行已导入，但它指向的那一行没有导入成功"))
            missing.append(draft)
    missing += [draft for draft, status in saving.batch([], update) if status is None]
    for draft in missing:
        step.note(draft.row, note_of(draft, prepared))
    return len(missing)


def _only_links(draft: Draft, mapping: ImportMapping, own_links: Mapping[str, Any]) -> Draft | None:
    """The draft without anything but key and links; None when it has no such link."""
    shaped = draft.shaped
    if not shaped.links.keys() & own_links.keys():
        return None
    keep = {*mapping.columns, *mapping.constants}
    values = {k: v for k, v in shaped.values.items() if k in keep}
    links = {k: v for k, v in shaped.links.items() if k in keep}
    return Draft(draft.row, draft.last, draft.cells, Shaped(values, links))


def _standing(door: Door, prepared: Prepared, drafts: Sequence[Draft]) -> dict[int | None, Mapping[str, Any]]:
    """What the links lead to now."""
    ids = [draft.id for draft in drafts]
    return (
        dict(read_all(door, prepared.entity.key, (Condition("id", "in", ids),), tuple(prepared.own_links)))
        if ids
        else {}
    )
