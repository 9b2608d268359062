"""``yuanke enterprise``: make, list, suspend and remove enterprises.

The one rule: an enterprise that could not be made whole, its administrator included, is not there afterwards.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yuanke.access import people
from yuanke.access.people import ADMIN
from yuanke.app.commands import companies
from yuanke.app.commands.place import installation
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.kernel.hooks import hooks
from yuanke.storage import Installation, create_enterprise, remove_enterprise
from yuanke.storage.backup import backup
from yuanke.storage.provision import set_state
from yuanke.storage.restore import restore

if TYPE_CHECKING:
    from yuanke.records.samples import SampleCompany


@click.group("enterprise")
def enterprise() -> None:
    """Enterprises of this installation."""


@enterprise.command("create")
@click.argument("slug")
@click.option("--label", required=True, help="The name people log in with.")
@click.option("--admin", required=True, help="User name of the administrator.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="At least 8 characters.")
@click.option("--modules", default="all", show_default=True, help="Module names, separated by commas.")
@click.option("--samples", is_flag=True, help="Fill in sample data.")
@click.option(
    "--company", help="Fill in a whole sample company that a plugin brings; its people get the same password."
)
@click.option("--licences", type=click.IntRange(min=1), help="How many users it may have; unlimited when left out.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Last day of use; for ever when left out.")
def create(
    slug: str,
    label: str,
    admin: str,
    password: str,
    modules: str,
    samples: bool,
    company: str | None,
    licences: int | None,
    expires: datetime | None,
) -> None:
    """Create an enterprise that runs the modules and has one administrator."""
    day: date | None = expires.date() if expires else None
    with installation() as opened:
        whole = companies.chosen(company) if company else None
        click.echo(f"{slug}: 建立数据表 …")
        made = create_enterprise(opened, slug, label, modules, licences, day)
        try:
            with opened.unit(made, write=True) as unit:
                person = people.create_user(unit, admin, admin, password, [ADMIN])
            actor = Actor(slug, person, admin, admin, frozenset([ADMIN]), door="command", engine=True)
            if samples:
                fill_samples(opened, made, actor)
            if whole is not None:
                found_company(opened, made, actor, whole, password)
        except BaseException:
            remove_enterprise(opened, slug)
            raise
        with opened.unit(made) as unit:
            click.echo(
                f"{slug}: {label}，{len(unit.registry.modules)} 个模块，"
                f"{len(unit.registry.entities)} 个实体，管理员 {admin}"
            )


def fill_samples(opened: Installation, made: Enterprise, actor: Actor) -> None:
    """What modules declare and plugins bring as sample data, made by the administrator through everybody's door."""
    from yuanke.records import Records, samples

    click.echo(f"{made.slug}: 写入示例数据 …")
    with opened.unit(made, write=True) as unit:
        door = Records(unit, actor)
        samples.fill(door)
        hooks().hook.samples(door=door)


def found_company(opened: Installation, made: Enterprise, actor: Actor, whole: SampleCompany, password: str) -> None:
    from yuanke.records import Records

    with opened.unit(made, write=True) as unit:
        companies.found(Records(unit, actor), whole, password)


@enterprise.command("list")
def list_() -> None:
    """Slug, state, licences, last day and name, one line an enterprise."""
    with installation() as opened:
        rows = [("SLUG", "STATE", "LICENCES", "EXPIRES", "LABEL")]
        rows += [(e.slug, e.state, _or_dash(e.licences), _or_dash(e.expires), e.label) for e in opened.directory.all()]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]))


def _or_dash(value: Any) -> str:
    return "-" if value is None else str(value)


@enterprise.command("suspend")
@click.argument("slug")
def suspend(slug: str) -> None:
    """Stop an enterprise: its people are refused from their next request on."""
    _set(slug, state="suspended")


@enterprise.command("resume")
@click.argument("slug")
def resume(slug: str) -> None:
    """Let a suspended enterprise go on."""
    _set(slug, state="active")


def _set(slug: str, **values: Any) -> None:
    with installation() as opened:
        set_state(opened, slug, **values)
    click.echo(f"{slug}: {', '.join(str(value) for value in values.values())}")


@enterprise.command("remove")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Really remove it, with all its data and files.")
def remove(slug: str, yes: bool) -> None:
    """Remove an enterprise with all its data. There is no way back but a backup."""
    if not yes:
        raise click.UsageError(f"this removes {slug} with all its data and files; say --yes to do it")
    with installation() as opened:
        remove_enterprise(opened, slug)
    click.echo(f"{slug}: 已删除")


@enterprise.command("backup")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False))
def backup_(slug: str, file: str) -> None:
    """Write an enterprise, as it is at this moment, to one file; people may go on working."""
    with installation() as opened:
        manifest = backup(opened, slug, Path(file), progress=lambda said: None)
    click.echo(f"{slug}: {file}，{sum(manifest['rows'].values())} 行，{Path(file).stat().st_size / 1e6:.1f} MB")


@enterprise.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.argument("slug", metavar="NEWSLUG")
@click.option("--label", help="The name people log in with; the slug when left out.")
def restore_(file: str, slug: str, label: str | None) -> None:
    """Make a new enterprise of a backup; jobs, webhooks and mail stay off until they are switched on."""
    with installation() as opened:
        restore(opened, Path(file), slug, label or slug, progress=lambda said: click.echo(f"  {said}"))
    click.echo(f"{slug}: 已恢复")
