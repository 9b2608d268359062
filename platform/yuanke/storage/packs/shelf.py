"""What could be installed: packs in the folders of this installation, and the modules of the product and its plugins.

The one rule: a pack is named by what lies on the shelf, never by a path that somebody sends. One that is broken or whose
signature does not fit is shown with its fault and cannot be installed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.kernel.text import Message
from yuanke.metadata import Layer
from yuanke.storage import definitions
from yuanke.storage.installation import Installation
from yuanke.storage.packs.files import lower_modules, read
from yuanke.storage.packs.signing import digest_of, signed_by

FOLDERS = "YUANKE_PACKS"
README = "README.md"
LONGEST_README = 200_000


@dataclass(frozen=True)
class Pack:
    """``key`` is its file's or folder's name; ``shipped`` with the product; ``fault`` why it cannot be installed."""

    key: str
    files: tuple[Path, ...]
    layers: tuple[Layer, ...]
    digest: str
    signed_by: str | None
    readme: str
    shipped: bool = False
    fault: DefinitionError | Message | None = None

    @property
    def version(self) -> str:
        return next((str(v) for layer in self.layers if (v := layer.plain().get("version"))), "")


def folders(installation: Installation) -> list[Path]:
    """YUANKE_PACKS, else ``packs`` below the installation's home."""
    named = os.environ.get(FOLDERS)
    return [Path(part) for part in named.split(os.pathsep) if part] if named else [Path(installation.home) / "packs"]


def packs(installation: Installation) -> list[Pack]:
    """Those of the folders first; a module of the product that one of them brings too is that one."""
    found: dict[str, Pack] = {}
    for folder in folders(installation):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            files = tuple(sorted(path.glob("*.yaml"))) if path.is_dir() else (path,) if path.suffix == ".yaml" else ()
            if files:
                found.setdefault(path.stem if path.is_file() else path.name, _pack(path.stem, files, path.is_dir()))
    brought = {layer.name for pack in found.values() for layer in pack.layers}
    for name, path in definitions.find_modules().items():
        if name not in brought and name not in found:
            found[name] = _pack(name, (path,), False, shipped=True)
    return list(found.values())


def pack(installation: Installation, key: str) -> Pack:
    for one in packs(installation):
        if one.key == key:
            return one
    raise RecordNotFound()


def with_depended(pack: Pack, running: Sequence[Layer]) -> list[Layer]:
    """The pack's layers, and the modules it depends on that do not run yet."""
    have = {layer.name for layer in running}
    below = [layer for layer in lower_modules(pack.layers, pack.files) if layer.name not in have]
    return [*below, *pack.layers]


#: packs as they were read, until a file of theirs changes
_read: dict[tuple[object, ...], Pack] = {}
MOST_READ = 200


def _pack(key: str, files: tuple[Path, ...], folder: bool, shipped: bool = False) -> Pack:
    beside = sorted({*files, *(p for p in files[0].parent.glob("*") if folder or p.suffix == ".sig")})
    mark = (key, shipped, *((str(p), s.st_mtime_ns, s.st_size) for p in beside if p.is_file() for s in (p.stat(),)))
    if mark not in _read:
        while len(_read) >= MOST_READ:
            _read.pop(next(iter(_read)), None)
        _read[mark] = _fresh(key, files, folder, shipped)
    return _read[mark]


def _fresh(key: str, files: tuple[Path, ...], folder: bool, shipped: bool) -> Pack:
    layers = tuple(read(file) for file in files)
    faults = [fault for layer in layers for fault in layer.faults if not fault.is_warning]
    told: DefinitionError | Message | None = DefinitionError(faults) if faults else None
    vouched = None
    try:
        vouched = signed_by(files)
    except Refused as refusal:
        told = told or refusal.said
    readme = files[0].parent / README
    text = readme.read_text("utf-8", "replace")[:LONGEST_README] if folder and readme.is_file() else ""
    return Pack(key, files, layers, digest_of(files), vouched, text, shipped, told)
