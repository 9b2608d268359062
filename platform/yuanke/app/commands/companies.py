"""Sample companies that plugins bring, by name: their people hired, their story told.

The one rule: what a company is made of is the plugin's; here it is only given people who can log in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from yuanke.kernel.hooks import hooks

if TYPE_CHECKING:
    from yuanke.records.samples import SampleCompany


def known() -> dict[str, SampleCompany]:
    return {one.key: one for brought in hooks().hook.sample_companies() for one in brought}


def chosen(key: str) -> SampleCompany:
    """Raises click.BadParameter with the names there are."""
    companies = known()
    if key not in companies:
        there = ", ".join(sorted(companies)) or "none (no plugin brings one)"
        raise click.BadParameter(f"no sample company is called {key}; there is: {there}", param_hint="--company")
    return companies[key]


def found(door: Any, company: SampleCompany, password: str) -> None:
    """Hire everybody, all with ``password``, and tell the story."""
    hire(door, company.departments, company.people, password)
    company.fill(door, lambda said: click.echo(f"  {said}"))


def hire(door: Any, departments: Any, staff: Any, password: str) -> None:
    """Departments, then people under their managers with a password, then the heads of the departments."""
    from yuanke.access import people

    places: dict[str, int] = {}
    for one in departments:
        places[one.name] = door.create("department", {"name": one.name, "parent": places.get(one.parent or "")}).id
    ids: dict[str, int] = {}
    for one in staff:
        values = {
            "username": one.username, "name": one.name, "roles": [one.role], "department": places[one.department],
            "manager": ids.get(one.manager or ""),
        }  # fmt: skip
        ids[one.username] = door.create("user", values).id
        people.set_password(door.unit, ids[one.username], password)
    for one in departments:
        door.update("department", places[one.name], {"head": ids.get(one.head)})
    click.echo(f"  {len(departments)} departments, {len(staff) + 1} people")
