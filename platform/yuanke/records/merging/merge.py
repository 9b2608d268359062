"""Several records become one: what was chosen stays, everything that led to the others leads to it, and they go into the
bin with a sign to where they went.

The one rule: it is one transaction, nothing is lost on the way, and the figures that the feature names are the same
before and after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of, grant
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused, ValidationFailed
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import redirects, removal
from yuanke.records.chosen import offered, refusal, rows_of
from yuanke.records.environment import forget
from yuanke.records.merging.choices import BOTH, Choices, checked, choosable, own, settled, value_of
from yuanke.records.merging.links import Moves, rehang, repoint
from yuanke.records.merging.rows import move_rows
from yuanke.records.merging.same import same_children
from yuanke.records.save import Save
from yuanke.records.trail import TOLD, write_history
from yuanke.records.undoing.rewriting import Rewriting, linked, rewrite
from yuanke.records.undoing.sets import ChangeSet, recorded, tell_verb
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live

MOST = 10
#: how long a merge can be undone where the feature does not say
WITHIN = "30d"


@dataclass(frozen=True)
class Merged:
    """``moved``: entity -> how many of its records lead to the one that stays now."""

    keep: int
    lost: tuple[int, ...]
    change_set: int
    moved: Mapping[str, int] = field(default_factory=dict)


def merge(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    keep: int,
    lose: int | Sequence[int],
    choices: Choices | None = None,
    reason: str | None = None,
) -> Merged:
    """Merge ``lose`` into ``keep``. ``choices``: field -> id of the record whose value stays, or ``both`` for lists.

    Raises RecordNotFound (one of them is not for the actor), AccessDenied, Refused, ValidationFailed.
    """
    settings = offered(unit, actor, entity, "merge")
    lost = [lose] if isinstance(lose, int) else list(dict.fromkeys(lose))
    if not lost or keep in lost or len(lost) >= MOST:
        said = message("不能与自己合并") if keep in lost else message("一次合并 2 到 {most} 条", most=MOST)
        raise ValidationFailed({"lose": [said]})
    rows = rows_of(unit, actor, entity, [keep, *lost], "merge")
    for row in rows.values():
        refused = refusal(unit, actor, entity, row, "merge")
        if refused is not None:
            raise refused
    wanted = checked(entity, grant(unit, actor, entity, "read"), [keep, *lost], choices or {})
    within = str(settings.get("undo") or WITHIN)
    with recorded(unit, actor, "merge", entity.key, within=within, reason=reason) as change_set:
        merging = _Merging(unit, actor, settings, change_set)
        before = _sums(unit, entity, settings, [keep, *lost])
        merging.unite(entity, rows, keep, lost, wanted)
        _refuse_moved_sums(unit, entity, settings, [keep, *lost], before)
        merging.keep_details()
        change_set.count = len(rows)
        done = Merged(keep, tuple(lost), change_set.id, dict(merging.moves.counts))
        _tell(unit, actor, entity, done, rows, reason)
    return done


class _Merging:
    """One merge under way; children that are the same are merged in it too."""

    def __init__(self, unit: Unit, actor: Actor, settings: Mapping[str, Any], change_set: ChangeSet) -> None:
        self.unit, self.actor, self.settings, self.change_set = unit, actor, settings, change_set
        self.moves = Moves()
        self.lost: list[list[Any]] = []

    def unite(
        self, entity: Entity, rows: Mapping[int, Mapping[str, Any]], keep: int, lost: Sequence[int], choices: Choices,
        same: bool = True,
    ) -> None:  # fmt: skip
        unite = self.settings.get("unite") or () if same else ()
        taken = settled(entity, rows, keep, lost, choices, unite)
        left = self._rows_left(entity, taken, keep)
        self._let_go(entity, keep, lost)
        for one in lost:
            for child, kept, gone in same_children(self.unit, entity, self.settings, keep, one) if same else ():
                self.unite(child, self._fresh(child, [kept, gone]), kept, [gone], {}, same=False)
            repoint(self.unit, self.actor, entity, one, keep, self.moves)
            rehang(self.unit, self.actor, entity, one, keep, self.moves)
            self._take_rows(entity, taken, keep, one)
            self._put_away(entity, one, keep)
        self._write(entity, keep, lost, taken, left)
        refuse_ring(self.unit, entity, keep)

    def _fresh(self, entity: Entity, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The rows as they stand now, those in the bin too."""
        table = self.unit.tables[entity.key]
        rows = self.unit.execute(sa.select(table).where(table.c.id.in_(ids))).mappings()
        return {row["id"]: dict(row) for row in rows}

    def _pairs(self, entity: Entity, key: str, choice: int | str, keep: int, lost: Sequence[int]) -> list[int] | None:
        """The whole set of a many-to-many link; None = as it stands."""
        from_ = [keep, *lost] if choice == BOTH else [int(choice)]
        if from_ == [keep]:
            return None
        return list(dict.fromkeys(i for one in from_ for i in linked(self.unit, entity, key, one)))

    def _rows_left(self, entity: Entity, taken: Choices, keep: int) -> dict[str, dict[int, Any]]:
        """Own rows of the record that stays which go, because those of another were chosen."""
        found: dict[str, dict[int, Any]] = {}
        for one in choosable(entity):
            if one.rows and taken[one.key] != keep:
                rows = self.unit.registry.entities[one.rows]
                table, link = self.unit.tables[rows.key], rows.parent_link or "parent"
                mine = sa.select(table.c.id).where(table.c[link] == keep, live(rows, table))
                gone = [] if taken[one.key] == BOTH else list(self.unit.execute(mine).scalars())
                found[one.key] = dict.fromkeys(gone)
        return found

    def _let_go(self, entity: Entity, keep: int, lost: Sequence[int]) -> None:
        """The record that stays no longer leads to those that go."""
        row = self._fresh(entity, [keep])[keep]
        inside = {
            one.key: None
            for one in choosable(entity)
            if one.has_column and not one.pairs and not one.rows and row[one.key] is not None
            and own(one, row[one.key], lost) is None
        }  # fmt: skip
        if inside:
            rewrite(self.unit, self.actor, entity, {keep: Rewriting(inside)}, "merge")

    def _take_rows(self, entity: Entity, taken: Choices, keep: int, one: int) -> None:
        """Owned rows that are kept go over; where others were chosen, the own ones stay as they are."""
        for known in choosable(entity):
            if known.rows and taken[known.key] in (BOTH, one):
                move_rows(self.unit, entity, known, one, keep, self.moves)

    def _put_away(self, entity: Entity, one: int, keep: int) -> None:
        forget(self.unit, entity, [one])
        row = self._fresh(entity, [one])[one]
        save = Save(self.unit, engine_of(self.actor), entity, "delete", one, row, act="merged")
        hooks().hook.before_save(save=save)
        removal.put_away(save, clock.now())
        redirects.leave(self.unit, entity, one, keep, row.get("number"), self.change_set.id)
        self.lost.append([entity.key, one])

    def _write(
        self, entity: Entity, keep: int, lost: Sequence[int], taken: Choices, left: dict[str, dict[int, Any]]
    ) -> None:
        """The record that stays, with what was taken; last, since it may take over what must be unique."""
        rows = self._fresh(entity, [keep, *lost])
        fields = choosable(entity)
        values = {
            one.key: value_of(one, taken[one.key], rows, keep, lost)
            for one in fields
            if one.has_column and not one.pairs and not one.rows
        }
        pairs = {one.key: self._pairs(entity, one.key, taken[one.key], keep, lost) for one in fields if one.pairs}
        wanted = Rewriting(values, left, {key: ids for key, ids in pairs.items() if ids is not None})
        rewrite(self.unit, self.actor, entity, {keep: wanted}, "merge")
        told = {TOLD: {"lost": [{"id": one, "title": _title(entity, rows[one])} for one in lost]}}
        write_history(self.unit, self.actor, entity, [(keep, "merge", told)])

    def keep_details(self) -> None:
        """JSON for undoing; what an outer set holds already stays."""
        held, moves = self.change_set.details, self.moves
        for key, more in (("raw", moves.raw), ("pairs", moves.pairs), ("rows", moves.rows), ("lost", self.lost)):
            if more:
                held[key] = [*held.get(key, ()), *more]
        held["redirects"] = self.change_set.id
        held["moved"] = {**held.get("moved", {}), **moves.counts}


def _title(entity: Entity, row: Mapping[str, Any]) -> str:
    value = row.get(entity.title)
    return str(value if isinstance(value, str) and value else row.get("number") or f"#{row['id']}")


# -- figures and trees ----------------------------------------------------------------------------------------------------


def _sums(unit: Unit, entity: Entity, settings: Mapping[str, Any], ids: Sequence[int]) -> dict[str, Decimal]:
    """Sum of each figure that the feature names, over those of ``ids`` that stand."""
    table = unit.tables[entity.key]
    scope = TableScope(entity, table, unit.tables, {"settings": unit.settings})
    names = [key for key in settings.get("unchanged") or () if key in entity.fields]
    found = {}
    for key in names:
        column = scope.column(key)
        values = unit.execute(sa.select(column).where(table.c.id.in_(ids), live(entity, table))).scalars()
        found[key] = sum((Decimal(value) for value in values if value is not None), Decimal(0))
    return found


def _refuse_moved_sums(
    unit: Unit, entity: Entity, settings: Mapping[str, Any], ids: Sequence[int], before: Mapping[str, Decimal]
) -> None:
    after = _sums(unit, entity, settings, ids)
    moved = [entity.fields[key].label for key, value in before.items() if after[key] != value]
    if moved:
        raise Refused(message("合并前后 {fields} 的合计不相等，没有合并", fields=moved))


def refuse_ring(unit: Unit, entity: Entity, keep: int) -> None:
    """A tree stays a tree: nothing stands above itself after a merge."""
    table = unit.tables[entity.key]
    for one in entity.live_fields():
        if one.targets != (entity.key,) or one.pairs or not one.has_column:
            continue
        if entity.tree != one.key and not one.more.get("acyclic"):
            continue
        above, seen = _above(unit, table, one.key, keep), {keep}
        while above is not None:
            if above in seen:
                raise Refused(message("合并后 {field} 会绕成一圈，请先调整", field=one.label))
            seen.add(above)
            above = _above(unit, table, one.key, above)


def _above(unit: Unit, table: sa.Table, key: str, record_id: int) -> int | None:
    return unit.execute(sa.select(table.c[key]).where(table.c.id == record_id)).scalar()


def _tell(
    unit: Unit, actor: Actor, entity: Entity, done: Merged, rows: Mapping[int, Mapping[str, Any]], reason: str | None
) -> None:
    event: dict[str, Any] = {
        "name": "merge", "owner": rows[done.keep].get("owner"), "moved": dict(done.moved), "reason": reason, "batch": done.change_set, "at": clock.now(),
        "lost": [{"id": one, "title": _title(entity, rows[one]), "owner": rows[one].get("owner")} for one in done.lost],
    }  # fmt: skip
    tell_verb(unit, actor, entity, "merge", done.keep, event)
