"""``yuanke pack new | check | test | sign | schema | explain``: packs without an enterprise of anybody's.

The one rule: a file is checked together with the modules it depends on, found beside it or among the installed ones.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from yuanke.app import plugins
from yuanke.metadata import Layer, check_layers
from yuanke.metadata.cut import mend
from yuanke.metadata.explain import explain
from yuanke.metadata.jsonschema import definition_json_schema
from yuanke.metadata.names import NAME, fault_of_name
from yuanke.storage import definitions
from yuanke.storage.packs.files import files_of, lower_modules, read
from yuanke.storage.packs.signing import digest_of, signed_by

PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))


@click.group("pack")
def pack() -> None:
    """Modules and customizations: write, check, plan and apply them."""


@pack.command("check")
@PATHS
@click.option("--fix", is_flag=True, help="Quote expressions that a flow map { } cuts, then check.")
def check(paths: tuple[str, ...], fix: bool) -> None:
    """Check files (and the YAML files of folders); all faults at once, exit code 1 when there is one."""
    plugins.load()
    files = files_of(paths)
    if fix:
        for file in files:
            _mend(file)
    layers = [read(file) for file in files]
    found = check_layers([*layers, *lower_modules(layers, files)])
    own = {layer.file for layer in layers}
    told = [d for d in found if d.span.file in own or not d.is_warning]
    faults = [d for d in told if not d.is_warning]
    for diagnostic in told:
        click.echo(diagnostic.render() + "\n", err=True)
    if faults:
        click.echo(f"{len(faults)} fault(s) in {len(files)} file(s)", err=True)
        sys.exit(1)
    click.echo(f"{len(files)} file(s) checked, no fault")
    vouched = signed_by(files)
    if vouched is not None:
        click.echo(f"digest {digest_of(files)}, signed by {vouched}")


@pack.command("schema")
@click.argument("file", required=False, type=click.Path(dir_okay=False, writable=True))
def schema(file: str | None) -> None:
    """Print the JSON Schema for editors, or write it to FILE."""
    plugins.load()
    text = json.dumps(definition_json_schema(), ensure_ascii=False, indent=1)
    if file is None:
        click.echo(text)
        return
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text + "\n", encoding="utf-8")
    click.echo(f"{file} written")


@pack.command("explain")
@click.argument("address")
@click.option(
    "--enterprise", "slug", metavar="SLUG", help="What holds in this enterprise, its customizations included."
)
def explain_(address: str, slug: str | None) -> None:
    """Say who set the value at ADDRESS, like booking.fields.weighted.formula, and what it hides."""
    plugins.load()
    for said in explain(_layers_of(slug), address):
        click.echo(said.render())


@pack.command("test")
@PATHS
@click.option("--pages/--no-pages", default=True, show_default=True, help="Draw every view too.")
def test(paths: tuple[str, ...], pages: bool) -> None:
    """Try each PATH in an enterprise of its own: every field, right, state, formula, view, and the pack's own tests.

    Exit code 1 when something is wrong; what could not be tried is told and does not count.
    """
    from yuanke.app.packs.testing import Tester
    from yuanke.app.packs.trial import place_for_trials

    plugins.load()
    wrong = 0
    with place_for_trials() as installation:
        tester = Tester(installation, pages)
        for path in paths:
            files = files_of([path])
            layers = [read(file) for file in files]
            counts: Counter[str] = Counter()
            for result in tester.test(layers, files):
                counts[result.state] += 1
                counts["tried"] += result.tried
                if result.state != "fine":
                    click.echo(
                        f"{result.state}: {result.check} {result.about}: {result.said}", err=result.state == "wrong"
                    )
            told = f"{counts['fine']} checks fine ({counts['tried']} things tried)"
            click.echo(f"{path}: {told}, {counts['untried']} not tried, {counts['wrong']} wrong")
            wrong += counts["wrong"]
    if wrong:
        sys.exit(1)


@pack.command("sign")
@PATHS
@click.option(
    "--key", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file of the private key."
)
@click.option("--new-key", is_flag=True, help="Make that key first.")
def sign_(paths: tuple[str, ...], key: Path, new_key: bool) -> None:
    """Sign the digest of a pack; the signature stands beside it and is checked by check, plan, apply and upgrade."""
    from yuanke.storage.packs import signing

    if new_key:
        click.echo(f"public key {signing.new_key(key)}")
    files = files_of(paths)
    click.echo(f"{signing.sign(files, key)} written; digest {signing.digest_of(files)}")


def _layers_of(slug: str | None) -> Sequence[Layer]:
    from yuanke.metadata import system_layers

    if slug is None:
        return [*system_layers(), *definitions.read_modules()]
    from yuanke.app.commands.place import installation

    with installation() as opened, opened.unit(slug) as unit:
        layers = definitions.layers_of(unit, as_written=True)
    return layers if any(layer.rank == "platform" for layer in layers) else [*system_layers(), *layers]


@pack.command("new")
@click.argument("name")
@click.option(
    "--folder", type=click.Path(file_okay=False), default=".", show_default=True, help="Where the file is written."
)
def new(name: str, folder: str) -> None:
    """Write a first module file NAME.yaml that checks and applies as it is."""
    wrong = fault_of_name(name)
    if wrong or not NAME.fullmatch(name):
        raise click.BadParameter(wrong or "", param_hint="NAME")
    path = Path(folder) / f"{name}.yaml"
    if path.exists():
        raise click.ClickException(f"{path} is there already; choose another name or another --folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCAFFOLD.replace("NAME", name), encoding="utf-8")
    click.echo(f"{path} written. Next: yuanke pack check {path}, yuanke pack test {path}, then")
    click.echo(f"yuanke pack apply {path} --enterprise SLUG")


def _mend(file: Path) -> None:
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    mended, count = mend(text)
    if count:
        file.write_bytes(mended.encode("utf-8", "surrogateescape"))
        click.echo(f"{file}: {count} line(s) quoted")


SCAFFOLD = """# yaml-language-server: $schema=../schema/module.json
module: NAME
label: 我的模块
version: 0.1.0

roles: {NAME_clerk: 经办人, NAME_chief: 负责人}
menu: {NAME: {label: 我的模块, items: [NAME]}}

entities:
  NAME:
    label: 记录
    number: N{year}-{seq:4}
    fields:
      name: {type: text!, label: 名称}
      state:
        label: 状态
        default: open
        options: {open: 进行中, done: {label: 完成, color: green, closed: true}, dropped: {label: 放弃, closed: true}}
      quantity: {type: quantity, label: 数量, default: 1, min: 0}
      price: {type: price, label: 单价, min: 0}
      total: {type: money, label: 金额, formula: quantity * price}
      due: {type: date, label: 到期日, default: =today() + days(7)}
      person: {link: user, label: 经手人, default: =me, inverse: NAME_records}
      reason: {type: text, label: 放弃原因, visible_when: state == dropped}
      note: {type: long_text, label: 备注}
    views:
      list:
        columns: [number, name, state, total, due, person]
        filters: {open: {label: 进行中, where: not state.closed}}
      kanban: {by: state, card: [name, total, person]}
    permissions:
      NAME_clerk: {read: all, create: true, update: own}
      NAME_chief: {read: all, create: true, update: all, delete: all, export: all}
    workflow:
      field: state
      transitions:
        finish: {label: 完成, from: open, to: done, require: [price]}
        drop: {label: 放弃, from: open, to: dropped, ask: [reason]}
        reopen: {label: 重新打开, from: [done, dropped], to: open}

samples:
  NAME:
    first: {name: 第一条, quantity: 2, price: 12.5}

tests:
  a_total_follows_its_price:
    by: NAME_clerk
    do:
      - {create: {NAME: {name: 两件, quantity: 2, price: 10}}, as: two}
      - {update: {two: {price: 12.5}}}
    expect: {two: [total == 25, state == open]}
  nothing_is_finished_without_a_price:
    do:
      - {create: {NAME: {name: 无价}}, as: free}
      - {act: {free: finish}, refused: true}
      - {update: {free: {price: 1}}}
      - {act: {free: finish}}
    expect: {free: state == done}
"""
