"""``yuanke purge``: throws away for good what nobody comes back for.

The one rule: it first says what would go, and goes on only when told so; what still holds something else stays.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa

from yuanke.access.sessions import SESSION
from yuanke.app.commands.place import installation
from yuanke.jobs import purge_finished
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.actor import Enterprise
from yuanke.records import purging
from yuanke.storage import Installation, Unit
from yuanke.web.replies import KEPT, REPLY


@click.command("purge")
@click.argument("slug")
@click.option("--before", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First day that is kept.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
def purge(slug: str, day: datetime, yes: bool) -> None:
    """Empty the bin of SLUG: records deleted before a DATE, with their history, and finished jobs, old log-ins and answers
    kept for repeated requests. It cannot be undone; a backup before is the only way back."""
    with installation() as opened:
        at = opened.enterprise(slug)
        with opened.unit(at) as unit:
            before = _instant(unit, day)
            found = {**purging.waiting(unit, before), **_beside(unit, before)}
        if not found:
            click.echo(f"{slug}: nothing from before {day:%Y-%m-%d}")
            return
        for name, count in found.items():
            click.echo(f"  {name}: {count}")
        if not yes:
            click.confirm(f"{slug}: throw this away for good?", abort=True)
        _empty(opened, at, before)
        with opened.unit(at, write=True) as unit:
            _drop_beside(unit, before)
            _note(unit, found, day)


def _instant(unit: Unit, day: datetime) -> datetime:
    """The first moment of the day where the enterprise is."""
    if day.date() > clock.today(unit.place.timezone):
        raise click.UsageError(f"--before {day:%Y-%m-%d} is still to come")
    return day.replace(tzinfo=ZoneInfo(unit.place.timezone)).astimezone(UTC)


def _empty(opened: Installation, at: Enterprise, before: datetime) -> None:
    with opened.unit(at) as unit:
        keys = [entity.key for entity in purging.order(unit)]
    for key in keys:
        gone = kept = reached = 0
        while True:
            with opened.unit(at, write=True) as unit:
                done = purging.purge(unit, unit.registry.entities[key], before, reached)
            if done.reached is None:
                break
            gone, kept, reached = gone + done.gone, kept + done.kept, done.reached
        if gone or kept:
            said = f", {kept} stay: others still refer to them" if kept else ""
            click.echo(f"{at.slug}: {key}: {gone} purged{said}")


def _beside(unit: Unit, before: datetime) -> dict[str, int]:
    """What the engine keeps for a while only: name -> how many rows."""
    conditions = {
        "log-ins": (SESSION, _old_sessions(before)),
        "answers": (REPLY, _old_replies(before)),
        "jobs": (JOB, JOB.c.ended_at < before),
    }
    counted = {
        name: unit.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one()
        for name, (table, condition) in conditions.items()
    }
    return {name: int(count) for name, count in counted.items() if count}


def _drop_beside(unit: Unit, before: datetime) -> None:
    unit.execute(SESSION.delete().where(_old_sessions(before)))
    unit.execute(REPLY.delete().where(_old_replies(before)))
    purge_finished(unit, before)


def _old_sessions(before: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(SESSION.c.ended_at < before, SESSION.c.expires_at < before)


def _old_replies(before: datetime) -> sa.ColumnElement[bool]:
    return REPLY.c.made_at < min(before, clock.now() - KEPT - timedelta(minutes=1))


def _note(unit: Unit, found: dict[str, int], day: datetime) -> None:
    """One line of the log of operations: what went, by which rule."""
    table, now = unit.tables["audit_log"], clock.now()
    row = {
        "at": now, "created_at": now, "updated_at": now, "version": 1, "verb": "purge", "door": "command",
        "changes": {"before": f"{day:%Y-%m-%d}", **found},
    }  # fmt: skip
    unit.execute(table.insert().values({key: value for key, value in row.items() if key in table.c}))
