"""``yuanke pack plan | apply | remove``: bring module and customization files into an enterprise, or take one out.

The one rule: files are read here once and stored; what runs is what the enterprise's database holds.
"""

from __future__ import annotations

import click

from yuanke.app.commands.pack import pack
from yuanke.app.commands.place import installation
from yuanke.app.commands.planning import SLUG, YES, carry_out, decided, decisions_options, layers_in, planned, show
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.storage import Unit, definitions

PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))


@pack.command("plan")
@PATHS
@SLUG
@decisions_options
def plan_(paths: tuple[str, ...], slug: str, restore: tuple[str, ...], fresh: tuple[str, ...]) -> None:
    """Say what applying these files would change; changes nothing."""
    layers = layers_in(paths)
    with installation() as opened:
        show(
            planned(
                opened,
                slug,
                lambda unit: definitions.replaced(definitions.layers_of(unit), *layers),
                decided(restore, fresh),
            )
        )


@pack.command("apply")
@PATHS
@SLUG
@YES
@decisions_options
def apply_(paths: tuple[str, ...], slug: str, yes: bool, restore: tuple[str, ...], fresh: tuple[str, ...]) -> None:
    """Apply module and customization files to a running enterprise, after showing the plan."""
    layers = layers_in(paths)
    with installation() as opened:
        made = planned(
            opened,
            slug,
            lambda unit: definitions.replaced(definitions.layers_of(unit), *layers),
            decided(restore, fresh),
        )
        carry_out(opened, slug, made, yes)


@pack.command("remove")
@click.argument("name")
@SLUG
@YES
def remove(name: str, slug: str, yes: bool) -> None:
    """Take a module or customization out of an enterprise; its tables and values stay and can come back."""

    def without(unit: Unit) -> list[Layer]:
        layers = definitions.layers_of(unit)
        kept = [layer for layer in layers if layer.name != name or layer.rank not in ("module", "customization")]
        if len(kept) == len(layers):
            known = "、".join(layer.name for layer in layers if layer.rank in ("module", "customization"))
            raise RecordNotFound(
                message("企业 {slug} 没有模块或定制 {name}，现有：{known}", slug=slug, name=name, known=known)
            )
        return kept

    with installation() as opened:
        carry_out(opened, slug, planned(opened, slug, without), yes)
