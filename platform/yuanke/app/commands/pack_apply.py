"""``yuanke pack plan | apply | upgrade | remove``: bring module and customization files into an enterprise, or take one out.

The one rule: files are read here once and stored; what runs is what the enterprise's database holds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from yuanke.app.commands.pack import pack
from yuanke.app.commands.place import installation
from yuanke.app.commands.planning import (
    REASON,
    SIGNED,
    SLUG,
    YES,
    carry_out,
    decided,
    decisions_options,
    layers_in,
    planned,
    show,
)
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.differences import ABSENT, Side
from yuanke.storage import Installation, Unit, definitions
from yuanke.storage.packs.upgrade import Upgrade, upgrade
from yuanke.storage.versions import Why

PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))


@pack.command("plan")
@PATHS
@SLUG
@decisions_options
def plan_(paths: tuple[str, ...], slug: str, restore: tuple[str, ...], fresh: tuple[str, ...]) -> None:
    """Say what applying these files would change; changes nothing."""
    layers = layers_in(paths)
    with installation() as opened:
        _tell(_upgrades(opened, slug, layers, {}, None))
        show(planned(opened, slug, lambda unit: _with(unit, layers), decided(restore, fresh)))


@pack.command("apply")
@PATHS
@SLUG
@YES
@REASON
@SIGNED
@decisions_options
def apply_(
    paths: tuple[str, ...],
    slug: str,
    yes: bool,
    reason: str,
    keys: tuple[str, ...],
    restore: tuple[str, ...],
    fresh: tuple[str, ...],
) -> None:
    """Apply module and customization files to a running enterprise, after showing the plan.

    A newer version of a pack that says something else of what the enterprise changed itself is refused: see upgrade.
    """
    layers = layers_in(paths, keys)
    with installation() as opened:
        found = _upgrades(opened, slug, layers, {}, None)
        _tell(found)
        if any(one.open for one in found):
            click.echo("本企业自己的改动与新版本不一致，请用 yuanke pack upgrade 逐处决定。", err=True)
            sys.exit(1)
        made = planned(opened, slug, lambda unit: _with(unit, layers), decided(restore, fresh))
        carry_out(opened, slug, made, yes, Why(reason, "pack"))


@pack.command("upgrade")
@PATHS
@SLUG
@YES
@REASON
@SIGNED
@click.option("--mine", multiple=True, metavar="ADDRESS", help="At this place the enterprise's own change holds.")
@click.option("--theirs", multiple=True, metavar="ADDRESS", help="At this place the new pack holds.")
@click.option("--others", type=click.Choice(["mine", "theirs"]), help="Decides all places not named.")
@decisions_options
def upgrade_(
    paths: tuple[str, ...],
    slug: str,
    yes: bool,
    reason: str,
    keys: tuple[str, ...],
    mine: tuple[str, ...],
    theirs: tuple[str, ...],
    others: Side | None,
    restore: tuple[str, ...],
    fresh: tuple[str, ...],
) -> None:
    """Bring installed packs to the version of these files: old pack, new pack and local changes are laid together.

    Where they disagree nothing is done until --mine or --theirs says what holds. Renamed fields take local changes along.
    """
    layers = layers_in(paths, keys)
    choices: dict[str, Side] = {**dict.fromkeys(mine, "mine"), **dict.fromkeys(theirs, "theirs")}
    with installation() as opened:
        found = _upgrades(opened, slug, layers, choices, others)
        if not found:
            raise RecordNotFound(message("企业 {slug} 还没有安装这些模块，请用 pack apply", slug=slug))
        _tell(found)
        if any(one.open for one in found):
            click.echo("有需要先决定的地方：用 --mine 或 --theirs 逐处指定，没有执行。", err=True)
            sys.exit(1)
        changed = [layer for one in found for layer in one.layers]
        wanted = [*layers, *(layer for layer in changed if layer.rank != "module")]
        made = planned(opened, slug, lambda unit: _with(unit, wanted), decided(restore, fresh))
        carry_out(opened, slug, made, yes, Why(reason, "upgrade"))


def _with(unit: Unit, layers: Sequence[Layer]) -> list[Layer]:
    return definitions.replaced(definitions.layers_of(unit), *layers)


def _upgrades(
    opened: Installation, slug: str, layers: Iterable[Layer], choices: Mapping[str, Side], others: Side | None
) -> list[Upgrade]:
    """What each installed module among ``layers`` means for the local changes; one after the other."""
    with opened.unit(slug) as unit:
        running = definitions.layers_of(unit)
    found = []
    for new in layers:
        old = next((x for x in running if x.rank == new.rank == "module" and x.name == new.name), None)
        if old is not None and old.digest != new.digest:
            found.append(upgrade(old, new, running, choices, others))
            running = definitions.replaced(running, *found[-1].layers)
    return found


def _tell(found: Iterable[Upgrade]) -> None:
    for one in found:
        for was, now in one.moves:
            click.echo(f"  本地改动随改名移动：{was} → {now}")
        for conflict in one.conflicts:
            mark = {None: "待决定", "mine": "用本地的", "theirs": "用新版本的"}[conflict.chosen]
            click.echo(click.style(f"  [{mark}] {conflict.address}", fg="red" if conflict.chosen is None else "yellow"))
            click.echo(
                f"         原版 {_shown(conflict.base)}；新版 {_shown(conflict.theirs)}；本地 {_shown(conflict.mine)}"
            )


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "（没有）"
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"


@pack.command("remove")
@click.argument("name")
@SLUG
@YES
@REASON
def remove(name: str, slug: str, yes: bool, reason: str) -> None:
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
        carry_out(opened, slug, planned(opened, slug, without), yes, Why(reason, "pack"))
