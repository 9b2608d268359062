"""The import of one file into one entity, chunk by chunk.

The one rule: a chunk and the checkpoint that says it is done are one transaction; killed anywhere, it goes on at the
last chunk and does nothing twice. A dry run does all of it and keeps only what it has to say.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from yuanke.exchange.children import Children
from yuanke.exchange.drafts import Draft
from yuanke.exchange.mapping import ImportMapping
from yuanke.exchange.own_links import link_chunk, narrowed, texts_of_own_links
from yuanke.exchange.ports import OpenDoor
from yuanke.exchange.prepared import Prepared, prepare
from yuanke.exchange.reading import TableFile
from yuanke.exchange.saving import Saving, Seen
from yuanke.exchange.telling import note_of, note_of_unclaimed
from yuanke.jobs import Run, Step
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.records.undoing import recorded, resumed
from yuanke.storage import Unit

#: so many rows refused and none taken: the mapping is wrong, not the rows
HOPELESS = 5_000


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
    """``run`` is the job that carries it; ``open_door`` makes doors (`Records`).

    ``tables_of_rows``: field of owned rows -> the file that holds them.
    """

    def __init__(
        self,
        run: Run,
        mapping: ImportMapping,
        table: TableFile,
        tables_of_rows: Mapping[str, TableFile],
        open_door: OpenDoor,
        dry: bool = False,
    ) -> None:
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
        self._own_texts: dict[str, set[str]] = {}
        self._seen = Seen() if dry else None

    def go(self) -> Counts:
        """From the checkpoint to the end. Raises Refusal when it cannot be done at all, Cancelled when stopped."""
        try:
            for name, table in self.tables_of_rows.items():
                self._children[name] = Children(table, self.mapping.rows[name].match or "")
            with self.run.reading() as step:
                prepared = self._prepare(step.unit, step.actor)
            self._own_texts = texts_of_own_links(self.table, prepared)
            for chunk in prepared.drafting.chunks(self.run.checkpoint.get("row", 0)):
                self._chunk(chunk)
                if self.counts.failed >= HOPELESS and self.counts.failed == self.counts.rows:
                    said = message("前 {count} 行全部有错，没有继续；请先检查对应关系", count=self.counts.failed)
                    raise Refused(said)
            if self.run.checkpoint.get("deferred") and not self.dry:
                self._link_own_rows(prepared)
            self._tell_unclaimed()
            return self.counts
        finally:
            for children in self._children.values():
                children.close()

    def _chunk(self, drafts: list[Draft]) -> None:
        if self.dry:
            with self.run.trial() as step:
                outcome = self._save(step, drafts)
            with self.run.step() as step:
                self._keep(step, drafts, outcome)
            return
        with self.run.step() as step:
            with self._written(step):
                outcome = self._save(step, drafts)
            self._keep(step, drafts, outcome)

    @contextmanager
    def _written(self, step: Step) -> Iterator[None]:
        """All chunks of one import belong to one change set, by which it can be undone."""
        known = self.run.checkpoint.get("change_set")
        if known is not None:
            with resumed(step.unit, known):
                yield
            return
        with recorded(step.unit, step.actor, "import", self.mapping.entity) as change_set:
            change_set.begin()
            yield
        if change_set.stands:
            self.run.checkpoint["change_set"] = change_set.id

    def _save(self, step: Step, drafts: list[Draft]) -> dict[int, str]:
        prepared = self._prepare(step.unit, step.actor)
        began = time.monotonic()
        outcome = Saving(step, self.open_door, prepared, self.mapping, self._own_texts, self._seen).save(drafts)
        prepared.drafting.took(drafts, time.monotonic() - began)
        return outcome

    def _keep(self, step: Step, drafts: list[Draft], outcome: Mapping[int, str]) -> None:
        """Counts, notes and the checkpoint of one chunk."""
        prepared = self._prepare(step.unit, step.actor)
        counts = replace(self.counts)
        for draft in drafts:
            status = outcome.get(draft.row, "failed")
            setattr(counts, status, getattr(counts, status) + 1)
            if status == "failed":
                step.note(draft.row, note_of(draft, prepared))
        if any(draft.deferred for draft in drafts):
            self.run.checkpoint["deferred"] = True
        self._checkpoint(counts, drafts[-1].last)

    def _checkpoint(self, counts: Counts, row: int) -> None:
        self.counts = counts
        self.run.checkpoint.update(row=row, counts=asdict(counts))
        self.run.result = asdict(counts)
        most = self.table.rows_at_most
        places = {"done": min(counts.rows, most), "all": most}
        said = (
            message("正在检查 {done} / {all} 行", **places)
            if self.dry
            else message("正在导入 {done} / {all} 行", **places)
        )
        self.run.report(row / max(most, row, 1) * 0.99, said)

    def _link_own_rows(self, prepared: Prepared) -> None:
        """A second pass: every row is there now, so the links between them can be set."""
        mapping = narrowed(self.mapping, prepared.own_links)
        for chunk in prepared.drafting.chunks(self.run.checkpoint.get("linked", 0)):
            with self.run.step() as step, self._written(step):
                again = self._prepare(step.unit, step.actor)
                missing = link_chunk(step, self.open_door, again, mapping, self._own_texts, chunk)
                self.run.checkpoint["linked"] = chunk[-1].last
                counts = replace(self.counts, incomplete=self.counts.incomplete + missing)
                self._checkpoint(counts, self.run.checkpoint["row"])

    def _tell_unclaimed(self) -> None:
        """Rows of the files of lines that no record of the main file claimed; told once."""
        if "unclaimed" in self.run.checkpoint:
            return
        with self.run.step() as step:
            left = 0
            for name, children in self._children.items():
                column = self.mapping.rows[name].match or ""
                for row, match, cells in children.unclaimed():
                    step.note(0, note_of_unclaimed(name, column, children.name, row, match, cells))
                    left += 1
            self.run.checkpoint["unclaimed"] = left

    def _prepare(self, unit: Unit, actor: Actor) -> Prepared:
        """Checked again whenever the Registry moved; the rights are asked anew by the door for each row."""
        if self._prepared is None or self._prepared.registry is not unit.registry:
            tables, children = self.tables_of_rows, self._children
            self._prepared = prepare(unit, actor, self.mapping, self.table, tables, children, self._numbers)
        return self._prepared
