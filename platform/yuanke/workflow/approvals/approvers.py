"""Who approves at a step, as things stand now: resolved from the flow, the record and the organisation.

The one rule: whoever is named must be able to decide (in service, with a role that reads the record's entity); where
nobody is left the flow says what happens, and administrators are the last resort, so that nothing is stuck.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.access.grants import grant
from yuanke.access.sessions import actor_of
from yuanke.expressions import ExpressionFailed, ExpressionFault
from yuanke.kernel.actor import ADMIN, Actor
from yuanke.kernel.errors import Unauthenticated
from yuanke.metadata.registry import Entity
from yuanke.records.environment import stored
from yuanke.storage import Unit
from yuanke.workflow.approvals import chain
from yuanke.workflow.approvals.flow import Flow, Step
from yuanke.workflow.approvals.moves import Asked
from yuanke.workflow.names import ActNames
from yuanke.workflow.values import identity

_WRONG = (ExpressionFault, ExpressionFailed)


class Approvers:
    """`World` of one record and one flow. ``applicant`` is who submitted; ``asked`` what the transition asked."""

    def __init__(
        self,
        unit: Unit,
        actor: Actor,
        entity: Entity,
        record_id: int,
        flow: Flow,
        applicant: int | None,
        names: ActNames,
    ) -> None:
        self.unit, self.actor, self.entity, self.id = unit, actor, entity, record_id
        self.flow, self.applicant = flow, applicant
        self.names = names.with_own(applicant=self._person(applicant), calls=chain.calls(unit))

    # -- what a course asks ---------------------------------------------------------------------------------------

    def needed(self) -> bool:
        """Whether this record needs approval at all (the flow's own ``when``)."""
        return self._holds(self.flow.when)

    def applies(self, step: Step) -> bool:
        return self._holds(step.when)

    def _holds(self, when: str | None) -> bool:
        """A condition that cannot be read any more (its field was taken away) asks rather than passes over."""
        try:
            return when is None or self.names.holds(when)
        except _WRONG:
            return True

    def people(self, step: Step) -> Asked:
        named = self._named(step)
        fit = [person for person in named if self.active(person) and person not in self._barred(step)]
        if self.applicant in fit and self.flow.same_person != "allow":
            fit = self._without_applicant(step, fit)
            if not fit and self.flow.same_person == "skip":
                return Asked(why="same_person")
        readers = [person for person in dict.fromkeys(fit) if self.may_read(person)]
        if readers:
            return Asked(tuple(readers))
        return self.nobody("unreadable" if fit else "missing")

    def nobody(self, why: str) -> Asked:
        """What happens where nobody is left."""
        if self.flow.missing == "skip":
            return Asked(why=why)
        if self.flow.missing == "refuse":
            return Asked(why=why, refused=True)
        return Asked(tuple(self.administrators()), why, mode="any")

    def administrators(self) -> list[int]:
        """Those in service, without the applicant as long as there is another one."""
        found = [person for person in self._holders((ADMIN,)) if self.active(person)]
        return [person for person in found if person != self.applicant] or found

    def above(self, person: int) -> int | None:
        """The next higher manager of ``person`` who can decide here."""
        return chain.above(self.unit, person, lambda one: one != self.applicant and self.may_read(one))

    # -- resolving ------------------------------------------------------------------------------------------------

    def _named(self, step: Step) -> list[int]:
        if step.roles:
            return self._holders(step.roles)
        try:
            found = [person for source in step.by for person in self.who(self.names, source)]
            return found if step.until is None else self._cut(found, step.until)
        except _WRONG:
            return []

    def _cut(self, people: list[int], until: str) -> list[int]:
        """A chain up to the first for whom ``until`` holds, that one included."""
        kept: list[int] = []
        for level, person in enumerate(people, 1):
            kept.append(person)
            if self.names.with_own(level=level, approver=self._person(person)).holds(until):
                break
        return kept

    def _without_applicant(self, step: Step, people: list[int]) -> list[int]:
        """Another holder of the role; else, in the place of the applicant, his next higher manager."""
        others = [person for person in people if person != self.applicant]
        if self.flow.same_person == "skip" or (step.roles and others):
            return others
        higher = self.above(self.applicant or 0)
        barred = self._barred(step)
        found = [higher if person == self.applicant else person for person in people]
        return list(dict.fromkeys(person for person in found if person is not None and person not in barred))

    def _barred(self, step: Step) -> frozenset[int]:
        mark = ("barred", step.key, self.id)
        if mark not in self._kept:
            self._kept[mark] = frozenset(
                person for word in (*self.flow.barred, *step.barred) for person in self.of_word(word)
            )
        return self._kept[mark]  # type: ignore[no-any-return]

    def of_word(self, word: str) -> list[int]:
        """People named by a role or an expression."""
        if word in self.unit.registry.roles or word == ADMIN:
            return self._holders((word,))
        try:
            return self.who(self.names, word)
        except _WRONG:
            return []

    @staticmethod
    def who(names: ActNames, source: str) -> list[int]:
        """Ids of the people that an expression gives: one, several, or none."""
        return [int(person) for person in _flat(names.value(source)) if person is not None]

    def _holders(self, roles: Iterable[str]) -> list[int]:
        """Who has one of ``roles``, himself or through a group."""
        wanted = sa.select(fab.ROLE.c.id).where(fab.ROLE.c.name.in_(sorted(roles)))
        in_groups = (
            sa.select(fab.USER_GROUP.c.user_id)
            .join(fab.GROUP_ROLE, fab.GROUP_ROLE.c.group_id == fab.USER_GROUP.c.group_id)
            .where(fab.GROUP_ROLE.c.role_id.in_(wanted))
        )
        themselves = sa.select(fab.USER_ROLE.c.user_id).where(fab.USER_ROLE.c.role_id.in_(wanted))
        return sorted(self.unit.connection.scalars(sa.union(themselves, in_groups)))

    # -- people ---------------------------------------------------------------------------------------------------

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        return {}

    def acting(self, person: int) -> Actor | None:
        """The person as an actor; None when he is not in service."""
        mark = ("actor", person)
        if mark not in self._kept:
            try:
                self._kept[mark] = actor_of(self.unit, person, "screen")
            except Unauthenticated:
                self._kept[mark] = None
        return self._kept[mark]  # type: ignore[no-any-return]

    def active(self, person: int) -> bool:
        actor = self.acting(person)
        return actor is not None and actor.kind == "full"

    def may_read(self, person: int) -> bool:
        """Whether one of his roles reads this entity at all; being asked adds the row (`yuanke.access.asked`)."""
        actor = self.acting(person)
        return actor is not None and actor.kind == "full" and grant(self.unit, actor, self.entity, "read").allowed

    def _person(self, person: int | None) -> Any:
        return stored(self.unit, self.unit.registry.entities["user"], person) if person is not None else None


def _flat(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from _flat(one)
    else:
        yield identity(value)
