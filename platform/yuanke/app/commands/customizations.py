"""``yuanke customizations``: what an enterprise changed on its own screens, as a file to read, compare and move.

The one rule: export, import, export gives the same bytes, comments included; the file says nothing of where or when it
was made.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import click

from yuanke.app.commands.place import installation
from yuanke.app.commands.planning import REASON, YES, carry_out, decided, decisions_options, planned
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.metadata import Layer
from yuanke.metadata.written import as_yaml
from yuanke.storage import Unit, definitions, versions
from yuanke.storage.overlays import overlay_text
from yuanke.storage.versions import Why

FILE = click.argument("file", type=click.Path(dir_okay=False))
THERE = click.argument("file", type=click.Path(exists=True, dir_okay=False))


@click.group("customizations")
def customizations() -> None:
    """The enterprise's own changes, as a reviewable file."""


@customizations.command("export")
@click.argument("slug")
@FILE
def export(slug: str, file: str) -> None:
    """Write the enterprise's own changes to a YAML file."""
    with installation() as opened, opened.unit(slug) as unit:
        text = overlay_text(unit)
    Path(file).write_bytes(text.encode())
    click.echo(f"{slug}: {file}")


@customizations.command("import")
@click.argument("slug")
@THERE
@YES
@REASON
@decisions_options
def import_(slug: str, file: str, yes: bool, reason: str, restore: tuple[str, ...], fresh: tuple[str, ...]) -> None:
    """Make a file the enterprise's own changes (in the place of those it has), after showing the plan."""
    own = read(file)
    with installation() as opened:
        made = planned(
            opened, slug, lambda unit: definitions.replaced(definitions.layers_of(unit), own), decided(restore, fresh)
        )
        carry_out(opened, slug, made, yes, Why(reason, "import"))


@customizations.command("diff")
@click.argument("slug")
@THERE
def diff(slug: str, file: str) -> None:
    """Show how a file differs from what the enterprise has; nothing is printed when they say the same."""
    with installation() as opened, opened.unit(slug) as unit:
        running = as_yaml(overlay(unit))
    wanted = as_yaml(read(file).plain())
    lines = difflib.unified_diff(running.splitlines(), wanted.splitlines(), slug, file, lineterm="")
    for line in lines:
        colour = {"+": "green", "-": "red"}.get(line[:1])
        click.echo(click.style(line, fg=colour) if colour else line)


@customizations.command("versions")
@click.argument("slug")
@click.option("--limit", default=30, show_default=True, help="How many, the newest first.")
def versions_(slug: str, limit: int) -> None:
    """List the changes of an enterprise's definitions: number, time, kind, reason, what was done."""
    with installation() as opened, opened.unit(slug) as unit:
        for one in versions.versions(unit, limit):
            click.echo(f"{one.number:>6}  {one.made_at:%Y-%m-%d %H:%M}  {one.kind:<9} {one.reason}")
            for step in one.steps[:5]:
                click.echo(f"        {versions.read_back(step['said'])}")
            if len(one.steps) > 5:
                click.echo(f"        … {len(one.steps)}")


@customizations.command("rollback")
@click.argument("slug")
@click.argument("number", type=int)
@click.option(
    "--everything", is_flag=True, help="Modules and customizations too, not only the enterprise's own changes."
)
@YES
@REASON
def rollback(slug: str, number: int, everything: bool, yes: bool, reason: str) -> None:
    """Bring an enterprise back to an earlier version, after showing the plan; values of retired fields return."""
    with installation() as opened:
        made = planned(opened, slug, lambda unit: versions.rolled_back(unit, number, everything), {"*": "restore"})
        carry_out(opened, slug, made, yes, Why(reason, "rollback"))


def overlay(unit: Unit) -> dict[str, Any]:
    return definitions.own_layer(definitions.layers_of(unit)).plain()


def read(file: str) -> Layer:
    """A file as the enterprise's own layer; raises DefinitionError when it cannot be read."""
    layer = Layer.read_file(file, "enterprise")
    if layer.faults:
        raise DefinitionError(layer.faults)
    return Layer(definitions.OWN, "enterprise", layer.node, file=layer.file, text=layer.text)
