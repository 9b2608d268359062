"""``yuanke pack new | check | schema | explain``: write and read definitions without touching an enterprise.

The one rule: a file is checked together with the modules it depends on, found beside it or among the installed ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from yuanke.app import plugins
from yuanke.metadata import DefinitionError, Diagnostic, Layer, check_layers
from yuanke.metadata.cut import mend
from yuanke.metadata.explain import explain
from yuanke.metadata.jsonschema import definition_json_schema
from yuanke.metadata.names import NAME, fault_of_name
from yuanke.storage import definitions

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
    click.echo(f"{path} written. Next: yuanke pack check {path}, then yuanke pack apply {path} --enterprise SLUG")


def files_of(paths: Iterable[str]) -> list[Path]:
    """Files, and the YAML files of folders."""
    files: list[Path] = []
    for path in map(Path, paths):
        files += sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise click.UsageError("there is no .yaml file in " + " ".join(paths))
    return files


def read(file: Path) -> Layer:
    """A module, or a customization by its first key."""
    layer = Layer.read_file(file, "module")
    return layer if layer.node.get("customization") is None else Layer.read_file(file, "customization")


def lower_modules(layers: Sequence[Layer], files: Sequence[Path]) -> list[Layer]:
    """The modules that ``layers`` depend on and that were not named: beside them, else among the installed ones.

    A customization may change any module, so that all installed ones stand beneath it.
    """
    known = {path.stem: path for path in definitions.find_modules().values()}
    known |= {path.stem: path for file in files for path in sorted(file.resolve().parent.glob("*.yaml"))}
    have = {layer.name for layer in layers}
    wanted = [name for layer in layers for name in _depends(layer)]
    if any(layer.rank == "customization" for layer in layers):
        wanted += list(definitions.find_modules())
    found: list[Layer] = []
    while wanted:
        name = wanted.pop(0)
        if name in have or name not in known:
            continue
        have.add(name)
        layer = Layer.read_file(known[name], "module")
        found.append(layer)
        wanted += _depends(layer)
    return found


def _depends(layer: Layer) -> list[str]:
    said = layer.node.get("depends")
    return [str(n.value) for n in said.live()] if said is not None else []


def _mend(file: Path) -> None:
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    mended, count = mend(text)
    if count:
        file.write_bytes(mended.encode("utf-8", "surrogateescape"))
        click.echo(f"{file}: {count} line(s) quoted")


def tell(found: Iterable[Diagnostic]) -> DefinitionError:
    return DefinitionError(list(found))


SCAFFOLD = """# yaml-language-server: $schema=../schema/module.json
module: NAME
label: 我的模块
version: 0.1.0

roles: {NAME_clerk: 经办人}
menu: {NAME: {label: 我的模块, items: [NAME]}}

entities:
  NAME:
    label: 记录
    number: N{year}-{seq:4}
    fields:
      name: {type: text!, label: 名称}
      state: {label: 状态, default: open, options: {open: 进行中, done: {label: 完成, color: green, closed: true}}}
      quantity: {type: quantity, label: 数量, default: 1, min: 0}
      price: {type: price, label: 单价, min: 0}
      total: {type: money, label: 金额, formula: quantity * price}
      due: {type: date, label: 到期日, default: =today() + days(7)}
      person: {link: user, label: 经手人, default: =me, inverse: NAME_records}
      note: {type: long_text, label: 备注}
    views:
      list:
        columns: [number, name, state, total, due, person]
        filters: {open: {label: 进行中, where: not state.closed}}
    permissions:
      NAME_clerk: {read: all, create: true, update: own}
"""
