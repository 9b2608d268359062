"""What an enterprise runs on: its layers in its own database, and where module files are found.

The one rule: serving reads definitions from the database only; files are read by commands and by the page of packs, which
store what they read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import yuanke
from yuanke.kernel import clock
from yuanke.kernel.errors import Refused
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.metadata.layer import RANKS
from yuanke.metadata.order import depended
from yuanke.storage.system import LAYER
from yuanke.storage.unit import Unit

#: the layer that the screens of an enterprise write; every enterprise has at most this one of its rank
OWN = "enterprise"


def layers_of(unit: Unit, as_written: bool = False) -> list[Layer]:
    """The layers of an enterprise, bottom first. ``as_written`` reads their text again: values have file:line."""
    if as_written:
        rows = unit.execute(sa.select(LAYER).order_by(LAYER.c.position)).all()
        return [_reread(row) for row in rows]
    if _KEPT not in unit.kept:
        unit.kept[_KEPT] = _read(unit)
    return list(unit.kept[_KEPT])


_KEPT = "layers"  # among what a unit remembers
#: what tells a stored layer from any other, without its content
_NAMED = (LAYER.c.rank, LAYER.c.name, LAYER.c.digest, LAYER.c.file, LAYER.c.changed_at, sa.func.length(LAYER.c.source))


def _read(unit: Unit) -> list[Layer]:
    """Only the content of layers that this process has not seen is read: a plan looks at all of them and changes one."""
    heads = unit.execute(sa.select(LAYER.c.position, *_NAMED).order_by(LAYER.c.position)).tuples().all()
    found = {head[0]: _stored.get(head[1:]) for head in heads}
    missing = [position for position, layer in found.items() if layer is None]
    if missing:
        names = {head[0]: head[1:] for head in heads}
        for row in unit.execute(sa.select(LAYER).where(LAYER.c.position.in_(missing))):
            found[row.position] = _stored[names[row.position]] = stored_layer(row)
        while len(_stored) > MOST_STORED:
            _stored.pop(next(iter(_stored)), None)
    return [layer for layer in found.values() if layer is not None]


def _reread(row: Any) -> Layer:
    if row.source:
        read = Layer.read_text(row.source, row.file or row.name, row.rank)
        if not read.broken and read.name == row.name:
            return read
    return stored_layer(row)


#: layers as they were stored: a plan reads all of them and changes one
_stored: dict[tuple[Any, ...], Layer] = {}
MOST_STORED = 80


def stored_layer(row: Any) -> Layer:
    """The layer of a row with ``rank``, ``name``, ``data``, ``source`` and ``file``."""
    layer = Layer.from_plain(row.name, row.rank, row.data)
    layer.file, layer.text = row.file or row.name, row.source or ""
    return layer


def write_layers(unit: Unit, layers: Sequence[Layer], user_id: int | None = None) -> None:
    """Make ``layers`` the stored ones; a layer that says what it said before keeps its date and its author."""
    stored = {(r.rank, r.name, r.digest, r.source): r for r in unit.execute(sa.select(LAYER))}
    standing = {r.position: key for key, r in stored.items()}
    rows = []
    for position, layer in enumerate(layers):
        mark = (layer.rank, layer.name, _mark(layer), layer.text or None)
        if standing.get(position) == mark:
            standing.pop(position)
            continue
        before = stored.get(mark)
        rows.append(
            {
                "name": layer.name,
                "rank": layer.rank,
                "position": position,
                "data": layer.plain(),
                "source": layer.text or None,
                "file": layer.file,
                "digest": _mark(layer),
                "changed_at": before.changed_at if before else clock.now(),
                "changed_by": before.changed_by if before else user_id,
            }
        )
    gone = [*standing, *(row["position"] for row in rows)]
    unit.kept.pop(_KEPT, None)
    if gone:
        unit.execute(LAYER.delete().where(LAYER.c.position.in_(gone)))
    if rows:
        unit.execute(LAYER.insert(), rows)


def _mark(layer: Layer) -> str:
    return layer.digest.rpartition(":")[2]


def as_written(layers: Iterable[Layer], running: Iterable[Layer]) -> tuple[Layer, ...]:
    """``layers``, with the running one (which may know how it was written) for each that says the same without a text."""
    known = {layer.digest: layer for layer in running}
    return tuple(layer if layer.text else known.get(layer.digest, layer) for layer in layers)


def replaced(layers: Iterable[Layer], *new: Layer) -> list[Layer]:
    """``layers`` with ``new`` ones in the place of those of their name, or above all of lower or equal rank."""
    by_name = {(layer.rank, layer.name): layer for layer in new}
    kept = [by_name.pop((layer.rank, layer.name), layer) for layer in layers]
    for layer in by_name.values():
        above = [i for i, other in enumerate(kept) if RANKS.index(other.rank) > RANKS.index(layer.rank)]
        kept.insert(above[0] if above else len(kept), layer)
    return kept


def own_layer(layers: Iterable[Layer]) -> Layer:
    """The enterprise's own layer, or an empty one."""
    found = [layer for layer in layers if layer.rank == "enterprise"]
    return found[0] if found else Layer.from_plain(OWN, "enterprise", {})


def module_folders() -> list[Path]:
    """YUANKE_MODULES, else the checkout's ``modules``, else the wheel's own; never the working directory."""
    named = os.environ.get("YUANKE_MODULES")
    if named:
        return [Path(part) for part in named.split(os.pathsep) if part]
    package = Path(yuanke.__file__).resolve().parent
    checkout = package.parent.parent / "modules"
    return [checkout if checkout.is_dir() else package / "_modules"]


def find_modules() -> dict[str, Path]:
    """Module name -> file, those of plugins included. The name is the file's; two files of one name are refused."""
    found: dict[str, Path] = {}
    listed = [
        path
        for folder in module_folders()
        for path in ([folder] if folder.is_file() else sorted(folder.glob("*.yaml")))
    ]
    for path in [*listed, *(Path(p) for paths in hooks().hook.module_paths() for p in paths)]:
        if path.stem in found:
            raise Refused(
                message("模块 {name} 有两个文件：{one} 和 {other}", name=path.stem, one=found[path.stem], other=path)
            )
        found[path.stem] = path
    return found


def read_modules(wanted: str | Iterable[str] = "all", known: Mapping[str, Path] | None = None) -> list[Layer]:
    """The layers of modules and of what they depend on; ``wanted`` is ``all``, names, or ``a,b``."""
    files = find_modules() if known is None else known
    names = _names(wanted, files)
    read: dict[str, Layer] = {}
    while names:
        name = names.pop(0)
        if name in read:
            continue
        if name not in files:
            known_names = sorted(files) or "—"
            raise Refused(message("没有名为 {name} 的模块，现有：{known}", name=name, known=known_names))
        read[name] = Layer.read_file(files[name], "module")
        names += [name for name in depended(read[name]) if name in files]
    return list(read.values())


def _names(wanted: str | Iterable[str], files: Mapping[str, Path]) -> list[str]:
    if wanted == "all":
        return list(files)
    if isinstance(wanted, str):
        return [name.strip() for name in wanted.split(",") if name.strip()]
    return list(wanted)
