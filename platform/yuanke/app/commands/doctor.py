"""``yuanke doctor``: looks at everything that must be so, and says what is not and what to do.

The one rule: it only reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import click
import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.app.commands.place import installation
from yuanke.kernel.actor import Enterprise
from yuanke.storage import Installation, Unit, definitions
from yuanke.storage.plan import plan
from yuanke.storage.system import STEP

Finding = str


@click.command("doctor")
@click.argument("slug", required=False)
def doctor(slug: str | None) -> None:
    """Check the installation, and SLUG or every enterprise."""
    faults = 0
    with installation() as opened:
        faults += _tell("installation", _installation(opened))
        entries = [opened.enterprise(slug)] if slug else opened.directory.all()
        for entry in entries:
            faults += _tell(entry.slug, _enterprise(opened, entry))
    if faults:
        raise click.ClickException(f"{faults} findings")


def _tell(name: str, findings: Iterator[Finding]) -> int:
    found = list(findings)
    click.echo(f"{name}: {'ok' if not found else ''}".rstrip())
    for finding in found:
        click.echo(f"  {finding}", err=True)
    return len(found)


def _installation(opened: Installation) -> Iterator[Finding]:
    if not os.access(opened.home, os.W_OK):
        yield f"the home folder {opened.home} cannot be written; give the account that serves the right to"
    key = opened.home / "secret.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield f"{key} can be read by others; chmod 600 it"


def _enterprise(opened: Installation, entry: Enterprise) -> Iterator[Finding]:
    try:
        with opened.unit(entry) as unit:
            for check in CHECKS:
                yield from check(unit)
    except Exception as fault:
        yield f"cannot be opened: {type(fault).__name__}: {fault}"


def _intact(unit: Unit) -> Iterator[Finding]:
    if unit.dialect == "sqlite":
        said = unit.connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        if said != "ok":
            yield f"the database file is damaged: {said}; restore a backup"


def _tables_fit(unit: Unit) -> Iterator[Finding]:
    steps = plan(unit, definitions.layers_of(unit)).steps
    for step in steps:
        yield f"tables and definitions differ: {step.summary}; run yuanke upgrade {unit.enterprise.slug}"


def _steps_done(unit: Unit) -> Iterator[Finding]:
    failed = sa.select(STEP.c.entity, STEP.c.field, STEP.c.error).where(STEP.c.state == "failed")
    for step in unit.execute(failed):
        yield f"a step of a change failed at {step.entity}.{step.field}: {step.error}"


def _people_whole(unit: Unit) -> Iterator[Finding]:
    user = unit.tables["user"]
    strays = sa.select(sa.func.count()).select_from(user).where(user.c.id.not_in(sa.select(fab.USER.c.id)))
    count = unit.execute(strays).scalar_one()
    if count:
        yield f"{count} users have no account; save them again, or set a password"


CHECKS: tuple[Callable[[Unit], Iterator[Finding]], ...] = (_intact, _tables_fit, _steps_done, _people_whole)
