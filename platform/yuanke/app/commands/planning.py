"""A plan on the terminal: shown, asked about, applied, finished. What ``pack`` and ``customizations`` share.

The one rule: what was shown is what is applied; if anything moved while somebody was reading, nothing is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from yuanke.metadata import Layer
from yuanke.storage import Installation, Plan, Unit, run_pending_steps
from yuanke.storage.apply import apply
from yuanke.storage.packs.files import files_of, read
from yuanke.storage.packs.signing import signed_by
from yuanke.storage.plan import Decision, plan
from yuanke.storage.versions import Why

MARKS = {"safe": "安全", "slow": "较慢", "destructive": "注意"}
COLOURS = {"safe": "green", "slow": "yellow", "destructive": "red"}
SLUG = click.option("--enterprise", "slug", required=True, metavar="SLUG", help="The enterprise to change.")
YES = click.option("--yes", is_flag=True, help="Apply without asking.")
REASON = click.option("--reason", default="", help="Why, for those who look back.")
SIGNED = click.option(
    "--signed-by", "keys", multiple=True, metavar="KEY", help="Only packs that this public key signed."
)


def decisions_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--restore`` and ``--fresh`` for what an earlier field or entity of the same name left behind."""
    restore = click.option("--restore", multiple=True, metavar="ENTITY[.FIELD]", help="Bring the retired values back.")
    fresh = click.option(
        "--fresh", multiple=True, metavar="ENTITY[.FIELD]", help="Start empty; the retired values stay aside."
    )
    return restore(fresh(command))


def decided(restore: Iterable[str], fresh: Iterable[str]) -> dict[str, Decision]:
    answers: dict[str, Decision] = {}
    for address in restore:
        answers[address] = "restore"
    for address in fresh:
        answers[address] = "fresh"
    return answers


def planned(
    opened: Installation,
    slug: str,
    edit: Callable[[Unit], list[Layer]],
    decisions: Mapping[str, Decision] | None = None,
) -> Plan:
    with opened.unit(slug) as unit:
        return plan(unit, edit(unit), decisions)


def show(made: Plan) -> None:
    """One line a step: how it is, what it does; then what stands in the way."""
    for step in made.steps:
        mark = click.style(MARKS[step.speed], fg=COLOURS[step.speed])
        click.echo(f"  [{mark}] {step.summary}")
        for use in step.used[:8]:
            click.echo(f"         用到：{use.label}")
        if step.blocked is not None:
            click.echo(click.style(f"         ✗ {step.blocked}", fg="red"))
    if not made:
        click.echo("  没有要做的改动")
    elif not made.steps:
        click.echo("  只有说明和排列有改动")


def carry_out(opened: Installation, slug: str, made: Plan, yes: bool, why: Why = Why()) -> None:
    """Ask, apply exactly this plan, and finish what it left for later. Exits with 1 when it is blocked or declined."""
    show(made)
    if not made:
        return
    if made.blocked:
        click.echo("方案里有需要先决定或先处理的事，没有执行。", err=True)
        sys.exit(1)
    if not yes and not click.confirm("执行这个方案？"):
        click.echo("没有执行。", err=True)
        sys.exit(1)
    done = apply(opened, slug, made, why=why)
    click.echo(f"{slug}: 已执行，版本 {done.version}")
    if done.pending:
        finish(opened, slug)


def finish(opened: Installation, slug: str) -> None:
    """Run the journal with a line of progress; what nobody can run here stays for the worker."""

    def tell(name: str, done: int, total: int) -> None:
        click.echo(f"\r  {name}: {done} / {max(total, done)}", nl=False)

    left = run_pending_steps(opened, slug, tell)
    click.echo("\r  后续步骤已完成" if not left else f"\r  还有 {left} 个后续步骤，由 yuanke worker 继续")


def layers_in(paths: Iterable[str], keys: Sequence[str] = ()) -> list[Layer]:
    """Files, and the YAML files of folders: modules, or customizations by their first key. A signature that does not fit
    is refused; with ``keys`` one of them must have signed each path."""
    layers = []
    for path in paths:
        files = files_of([path])
        vouched = signed_by(files)
        if keys and vouched not in keys:
            raise click.ClickException(f"{path} is not signed by {' or '.join(keys)}")
        layers += [read(file) for file in files]
    return layers
