"""``yuanke demo``: a sample company with people and a year and a half of work, made once, then served.

The one rule: the company stands completely or not at all; a second start only serves.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from yuanke.app.commands import companies
from yuanke.app.commands.serve import run
from yuanke.kernel.actor import Actor
from yuanke.storage import Installation, Unit

if TYPE_CHECKING:
    from yuanke.records.samples import SampleCompany

SLUG, LABEL = "bjmou", "北京某信息技术有限公司"
ADMIN, FIRST, PASSWORD = "admin", "chenmo", "yuanke-demo"
EVERY = 100


@click.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), envvar="PORT")
@click.option("--reset", is_flag=True, help="Throw the sample company away and make it anew.")
@click.option("--no-serve", is_flag=True, help="Make the company and stop.")
@click.option("--company", help="Another sample company that a plugin brings, like years: two years of a lively one.")
def demo(host: str, port: int, reset: bool, no_serve: bool, company: str | None) -> None:
    """Try the product on a sample company."""
    from yuanke.app import create_app

    app = create_app()
    other = companies.chosen(company) if company else None
    prepare(app.installation, reset, other)
    slug, label = (other.key, other.label) if other else (SLUG, LABEL)
    first = other.people[0].username if other and other.people else FIRST
    click.echo(f"\n  http://{host}:{port}\n  企业 {label} ({slug})   用户 {first} 或 {ADMIN}   密码 {PASSWORD}\n")
    if not no_serve:
        run(app, host, port)


def prepare(installation: Installation, reset: bool = False, other: SampleCompany | None = None) -> None:
    """Make the company when it is not there (or only half)."""
    from yuanke.storage.provision import create_enterprise, remove_enterprise

    slug, label = (other.key, other.label) if other else (SLUG, LABEL)
    there = installation.directory.find(slug) is not None
    if there and (reset or not _has_people(installation, slug)):
        click.echo("removing the old sample company")
        remove_enterprise(installation, slug)
        there = False
    if there:
        return
    began = time.monotonic()
    click.echo(f"making {label}: definitions and tables")
    entry = create_enterprise(installation, slug, label, progress=lambda said: click.echo(f"  {said}"))
    try:
        with installation.unit(entry, write=True) as unit:
            _fill(unit, slug, other)
    except BaseException:
        remove_enterprise(installation, slug)
        raise
    click.echo(f"made in {time.monotonic() - began:.0f} s")


def _has_people(installation: Installation, slug: str) -> bool:
    import sqlalchemy as sa

    from yuanke.access import fab_tables as fab

    with installation.unit(slug) as unit:
        return unit.execute(sa.select(fab.USER.c.id).limit(1)).first() is not None


def _fill(unit: Unit, slug: str, other: SampleCompany | None) -> None:
    from yuanke.access import people
    from yuanke.kernel.hooks import hooks

    admin = people.create_user(unit, ADMIN, "系统管理员", PASSWORD, [people.ADMIN])
    actor = Actor(slug, admin, ADMIN, "系统管理员", frozenset([people.ADMIN]), door="command", engine=True)
    door = counting_door(unit, actor)
    if other is not None:
        companies.found(door, other, PASSWORD)
        return
    company = hooks().get_plugin("yuanke_plugin_sample_company")
    if company is None:
        click.echo("  no plugin sample_company: the company has an administrator and no data", err=True)
        return
    companies.hire(door, company.DEPARTMENTS, company.PEOPLE, PASSWORD)
    click.echo("  records of the last year and a half")
    hooks().hook.samples(door=door)
    door.told()


def counting_door(unit: Unit, actor: Actor) -> Any:
    """The door to data, saying now and then how far it is."""
    from yuanke.records import Record, Records

    class Counting(Records):
        count = 0

        def create(self, key: str, values: Mapping[str, Any]) -> Record:
            Counting.count += 1
            if Counting.count % EVERY == 0:
                self.told()
            return super().create(key, values)

        def told(self) -> None:
            click.echo(f"  {Counting.count} records")

    return Counting(unit, actor)
