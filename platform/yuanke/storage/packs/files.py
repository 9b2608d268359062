"""Packs as files: a module file, or a folder of them with a README and a signature beside.

The one rule: a pack is checked together with the modules it depends on, found beside it or among the installed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.order import depended
from yuanke.storage import definitions


def files_of(paths: Sequence[str | Path]) -> list[Path]:
    """Files, and the YAML files of folders."""
    files: list[Path] = []
    for path in map(Path, paths):
        files += sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise Refused(message("{paths} 里没有 .yaml 文件", paths=[str(path) for path in paths]))
    return files


def read(file: Path) -> Layer:
    """A module, or a customization by its first key."""
    layer = Layer.read_file(file, "module")
    return layer if layer.node.get("customization") is None else Layer.read_file(file, "customization")


def own_modules(layers: Iterable[Layer]) -> list[str]:
    return [layer.name for layer in layers if layer.rank == "module"]


def lower_modules(layers: Sequence[Layer], files: Sequence[Path]) -> list[Layer]:
    """The modules that ``layers`` depend on and that were not named: beside them, else among the installed ones.

    A customization may change any module, so that all installed ones stand beneath it.
    """
    known = {path.stem: path for path in definitions.find_modules().values()}
    known |= {path.stem: path for file in files for path in sorted(file.resolve().parent.glob("*.yaml"))}
    have = {layer.name for layer in layers}
    wanted = [name for layer in layers for name in depended(layer)]
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
        wanted += depended(layer)
    return found
