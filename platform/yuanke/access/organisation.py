"""Who stands below whom: the tree of managers and the tree of departments of one enterprise.

The one rule: it is read once per version of the rights, so a change of manager counts on the next request.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from yuanke.kernel.watch import saw
from yuanke.storage import Unit

KEPT = 200
_kept: OrderedDict[tuple[int, str, int], Organisation] = OrderedDict()


@dataclass(frozen=True)
class Organisation:
    """``below[user]``: everyone under a manager, at any depth; ``within[department]``: itself and those below."""

    below: dict[int, frozenset[int]]
    within: dict[int, frozenset[int]]
    departments: dict[int, frozenset[int]]  # user -> own department and extra ones
    names: dict[int, str]

    def team(self, user_id: int) -> frozenset[int]:
        return self.below.get(user_id, frozenset()) | {user_id}

    def my_departments(self, user_id: int) -> frozenset[int]:
        mine = self.departments.get(user_id, frozenset())
        return frozenset().union(*(self.within.get(d, {d}) for d in mine)) if mine else frozenset()

    def above(self, user_id: int) -> frozenset[int]:
        """Departments that have this person among their people: his own, extra ones, and those above them."""
        mine = self.departments.get(user_id, frozenset())
        return frozenset(d for d, below in self.within.items() if below & mine) | mine


def organisation(unit: Unit) -> Organisation:
    """The organisation as the running transaction sees it, kept per version of the rights."""
    saw("organisation")
    mark = (id(unit.installation), unit.enterprise.place, unit.head.perm_version)
    found = None if unit.writing else _kept.get(mark)
    if found is None:
        found = unit.kept.get("organisation") or _read(unit)
        unit.kept["organisation"] = found
        if not unit.writing:
            _kept[mark] = found
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return found


def _read(unit: Unit) -> Organisation:
    user, department = unit.tables["user"], unit.tables["department"]
    people = unit.execute(sa.select(user.c.id, user.c.name, user.c.manager, user.c.department)).all()
    units = unit.execute(sa.select(department.c.id, department.c.parent).where(department.c.deleted_at.is_(None))).all()
    mine: dict[int, set[int]] = defaultdict(set)
    for person in people:
        if person.department is not None:
            mine[person.id].add(person.department)
    for user_id, department_id in _extra(unit):
        mine[user_id].add(department_id)
    return Organisation(
        below=_closure({p.id: p.manager for p in people}, itself=False),
        within=_closure({d.id: d.parent for d in units}, itself=True),
        departments={user_id: frozenset(ids) for user_id, ids in mine.items()},
        names={p.id: p.name or "" for p in people},
    )


def _extra(unit: Unit) -> list[tuple[int, int]]:
    field = unit.registry.entities["user"].fields.get("extra_departments")
    if field is None or not field.pairs:
        return []
    pairs = unit.tables[field.pairs]
    return [(row.source, row.target) for row in unit.execute(sa.select(pairs.c.source, pairs.c.target))]


def _closure(above: dict[int, int | None], itself: bool) -> dict[int, frozenset[int]]:
    """From "who is above me" to "all who are below me"; a loop in the data ends where it meets itself."""
    under: dict[int, set[int]] = defaultdict(set)
    for member in above:
        if itself:
            under[member].add(member)
        seen, boss = {member}, above.get(member)
        while boss is not None and boss not in seen:
            under[boss].add(member)
            seen.add(boss)
            boss = above.get(boss)
    return {boss: frozenset(members) for boss, members in under.items()}
