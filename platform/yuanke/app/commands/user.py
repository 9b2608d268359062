"""``yuanke user``: people from the command line, through the same door as the screens."""

from __future__ import annotations

import click
import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.access import people
from yuanke.app.commands.place import installation
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.storage import Unit


@click.group("user")
def user() -> None:
    """Users of an enterprise."""


@user.command("create")
@click.argument("slug")
@click.argument("username")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="At least 8 characters.")
@click.option("--role", "roles", required=True, help="Role keys, separated by commas.")
@click.option("--name", help="What people call the user; the user name when left out.")
@click.option("--department", help="Name of the department.")
def create(slug: str, username: str, password: str, roles: str, name: str | None, department: str | None) -> None:
    """Create a user who may log in at once."""
    keys = [key.strip() for key in roles.split(",") if key.strip()]
    with installation() as opened, opened.unit(slug, write=True) as unit:
        at = department_named(unit, department) if department else None
        people.create_user(unit, username, name or username, password, keys, department=at)
    click.echo(f"{slug}: {username} ({', '.join(keys)})")


@user.command("password")
@click.argument("slug")
@click.argument("username")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
def password(slug: str, username: str, password: str) -> None:
    """Set a password anew; every log-in of the user ends."""
    with installation() as opened, opened.unit(slug, write=True) as unit:
        same = sa.func.lower(fab.USER.c.username) == username.lower()
        found = unit.execute(sa.select(fab.USER.c.id).where(same)).scalar()
        if found is None:
            raise RecordNotFound(message("企业 {slug} 没有用户 {username}", slug=slug, username=username))
        people.set_password(unit, found, password)
    click.echo(f"{slug}: {username}")


def department_named(unit: Unit, name: str) -> int:
    """The id of the department called ``name``."""
    table = unit.tables["department"]
    found = unit.execute(sa.select(table.c.id).where(table.c.name == name, table.c.deleted_at.is_(None))).scalar()
    if found is None:
        raise RecordNotFound(message("没有名为 {name} 的部门", name=name))
    return int(found)
