"""Runs a plan: tables, definitions, rights and the version number move together, or not at all.

The one rule: one change at a time in an enterprise, and only on what the plan had seen; who comes second is refused
(409) and may plan again. What would hold others up for long goes into the journal (`steps`) and is finished after.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Refused, Unavailable
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.registry import Registry
from yuanke.storage import definitions, versions, work
from yuanke.storage.installation import Installation
from yuanke.storage.plan import Decision, Plan, Step, plan
from yuanke.storage.system import META
from yuanke.storage.unit import Unit
from yuanke.storage.versions import Why

#: upper layers that keep something derived from the Registry (rights in FAB's tables): ``(unit, before, after)``
projections: list[Callable[[Unit, Registry, Registry], None]] = []
#: told after a plan's tables moved: ``(unit, plan)``; for those who keep names of fields in their own rows
followers: list[Callable[[Unit, Plan], None]] = []

LOCK_TIMEOUT = "50ms"
SECONDS_FOR_LOCKS = 30.0
TURNS = 100


@dataclass(frozen=True)
class Applied:
    """``pending`` steps go on after: `steps.run_pending_steps` finishes them."""

    version: int
    registry: Registry
    pending: int


def apply(
    installation: Installation,
    enterprise: Enterprise | str,
    plan_: Plan,
    user_id: int | None = None,
    digest: str | None = None,
    why: Why = Why(),
) -> Applied:
    """Do exactly ``plan_``. Raises Refused when it is blocked, either side moved, or ``digest`` is another plan's."""
    if digest is not None and digest != plan_.digest:
        raise Moved()
    return change(installation, enterprise, lambda _unit: plan_.layers, user_id, plan_.decisions, plan_.digest, why)


def change(
    installation: Installation,
    enterprise: Enterprise | str,
    edit: Callable[[Unit], Sequence[Layer]],
    user_id: int | None = None,
    decisions: Mapping[str, Decision] | None = None,
    expected: str | None = None,
    why: Why = Why(),
) -> Applied:
    """Plan and apply under one lock: ``edit`` gets the unit (see `definitions.layers_of`) and gives the new layers.

    With ``expected`` (a plan's digest) anything else than that plan is refused; without, ``edit`` is asked again when
    somebody else's change came first.
    """
    tries = TURNS if expected is None else 1
    while True:
        tries -= 1
        try:
            with installation.unit(enterprise, write=True) as unit:
                return change_here(unit, edit, user_id, decisions, expected, why)
        except Moved:
            if not tries:
                raise


def change_here(
    unit: Unit,
    edit: Callable[[Unit], Sequence[Layer]],
    user_id: int | None = None,
    decisions: Mapping[str, Decision] | None = None,
    expected: str | None = None,
    why: Why = Why(),
) -> Applied:
    """`change` inside an open writing unit (a request's); raises Moved when another change came between."""
    _take_turn(unit)
    made = plan(unit, edit(unit), decisions)
    if expected is not None and made.digest != expected:
        raise Moved()
    for step in made.blocked[:1]:
        raise Refused(step.blocked or step.summary, blocked=[s.entity + "." + s.field for s in made.blocked])
    return run(unit, made, user_id, why)


class Moved(Refused):
    """Somebody changed the definitions or tables since the plan was made."""

    def __init__(self) -> None:
        super().__init__(message("定义或数据表在此期间已被改动，请重新查看方案后再执行"))


def _take_turn(unit: Unit) -> None:
    """SQLite took its write lock at BEGIN; PostgreSQL waits here, and sees whether the head it read still stands."""
    if unit.dialect == "postgresql":
        unit.execute(
            sa.select(
                sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"yuanke.apply.{unit.enterprise.place}", 0))
            )
        )
    version = unit.connection.scalar(sa.select(META.c.meta_version))
    if version != unit.head.meta_version:
        raise Moved()


def run(unit: Unit, made: Plan, user_id: int | None = None, why: Why = Why()) -> Applied:
    """The steps of a plan inside an open writing unit whose turn it is; the caller commits."""
    failpoint(1)
    _lock_tables(unit, made.steps)
    _run_tables(unit, made)
    failpoint(3)
    versions.note(unit, made, made.version + 1, user_id, why)
    definitions.write_layers(unit, made.layers, user_id)
    pending = work.journal(unit, made)
    failpoint(4)
    for project in projections:
        project(unit, made.before, made.after)
    for follow in followers:
        follow(unit, made)
    failpoint(5)
    version = made.version + 1
    moved = {
        "meta_version": META.c.meta_version + 1,
        "perm_version": META.c.perm_version + 1,
        "digest": made.after.digest,
    }
    changed = unit.execute(META.update().where(META.c.meta_version == made.version).values(moved))
    if changed.rowcount != 1:
        raise Moved()
    failpoint(6)
    return Applied(version, made.after, pending)


def _run_tables(unit: Unit, made: Plan) -> None:
    for number, step in enumerate(made.steps):
        if step.later:
            continue
        for statement in step.sql:
            _run_sql(unit, statement, step)
        if step.work is not None:
            work.do(unit, made, step)
        if number == 0:
            failpoint(2)


def _run_sql(unit: Unit, statement: str, step: Step) -> None:
    try:
        unit.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    except sa.exc.IntegrityError as error:
        raise Refused(message("「{summary}」不成立：已有重复的值", summary=step.summary)) from error


def _lock_tables(unit: Unit, steps: Sequence[Step]) -> None:
    """PostgreSQL: all tables that change, in one order, in short tries: no reader queues behind a waiting ALTER."""
    changed = {
        t
        for s in steps
        if (s.sql or s.work) and not s.later and s.kind not in ("create_table", "own_table")
        for t in s.tables
    }
    if unit.dialect != "postgresql" or not changed:
        return
    prepare = unit.connection.dialect.identifier_preparer
    there = set(sa.inspect(unit.connection).get_table_names(schema=unit.enterprise.place))
    names = ", ".join(prepare.quote_identifier(name) for name in sorted(changed & there))
    until = time.monotonic() + SECONDS_FOR_LOCKS
    while names:
        try:
            with unit.connection.begin_nested():
                unit.connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                unit.connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
            return
        except sa.exc.OperationalError as error:
            if time.monotonic() > until or getattr(error.orig, "sqlstate", None) not in ("55P03", "40P01"):
                raise Unavailable(message("数据表正忙，请稍后再试"), retry_after=30) from error
            time.sleep(random.uniform(0.02, 0.15))


def failpoint(number: int) -> None:
    """Where the tests of faults end the process, as ``kill -9`` would: ``YUANKE_FAIL_AT=apply.3``."""
    if os.environ.get("YUANKE_FAIL_AT") == f"apply.{number}":
        os._exit(137)
