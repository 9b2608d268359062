"""``yuanke upgrade``: brings enterprises to the definitions that this version of the product carries.

The one rule: it is an apply like any other: planned, in one transaction an enterprise, and nothing is dropped.
"""

from __future__ import annotations

import click

from yuanke.app.commands.place import installation
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import Refusal
from yuanke.metadata import Layer, system_layers
from yuanke.storage import Installation, Unit, change, definitions
from yuanke.storage.steps import run_pending_steps
from yuanke.storage.versions import Why


@click.command("upgrade")
@click.argument("slug", required=False)
@click.option("--all", "everybody", is_flag=True, help="Every enterprise of the installation.")
def upgrade(slug: str | None, everybody: bool) -> None:
    """Upgrade SLUG, or all enterprises; one that fails keeps what it runs on, and the others go on."""
    if bool(slug) == everybody:
        raise click.UsageError("name one enterprise, or say --all")
    with installation() as opened:
        slugs = [slug] if slug else [entry.slug for entry in opened.directory.all()]
        failed = [name for name in slugs if not _upgraded(opened, name)]
    if failed:
        raise click.ClickException(f"not upgraded: {', '.join(failed)}")


def _upgraded(opened: Installation, slug: str) -> bool:
    try:
        done = change(opened, slug, _fresh, why=Why(kind="upgrade"))
        left = run_pending_steps(opened, slug) if done.pending else 0
    except (DefinitionError, Refusal) as fault:
        click.echo(f"{slug}: {fault}", err=True)
        return False
    click.echo(f"{slug}: version {done.version}" + (f", {left} steps go on in the background" if left else ""))
    return True


def _fresh(unit: Unit) -> list[Layer]:
    """What runs now, the platform's own layers and the module files read anew."""
    standing = definitions.layers_of(unit)
    names = [layer.name for layer in standing if layer.rank == "module"]
    kept = [layer for layer in standing if layer.rank not in ("platform", "module")]
    return [*system_layers(), *definitions.read_modules(names), *kept]
