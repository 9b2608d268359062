"""Layers in, Registry out: the one door of this package.

Rule: either everything is right, or every fault is told at once and nothing is answered.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock

from yuanke.fieldtypes import catalogue
from yuanke.kernel.diagnostics import DefinitionError, Diagnostic
from yuanke.metadata.assemble import Assembly
from yuanke.metadata.faults import Faults
from yuanke.metadata.layer import Layer
from yuanke.metadata.parts import types_digest
from yuanke.metadata.registry import Registry
from yuanke.metadata.stack import lay

_KEPT = 64
_registries: OrderedDict[tuple[str, str], Registry] = OrderedDict()
_lock = Lock()


@cache
def system_layers() -> tuple[Layer, ...]:
    """The platform's own entities and settings, beneath every module."""
    folder = Path(__file__).parent.parent / "system"
    return tuple(Layer.read_file(path, "platform") for path in sorted(folder.glob("*.yaml")))


def known_registry(digest: str) -> Registry | None:
    """The Registry of this digest when this process has compiled it already: its layers need not be read."""
    name = (digest, types_digest(catalogue()))
    with _lock:
        found = _registries.get(name)
        if found is not None:
            _registries.move_to_end(name)
    return found


def compile_layers(layers: Sequence[Layer]) -> Registry:
    """The Registry of ``layers``, the platform's own added when absent; raises `DefinitionError` with all faults."""
    layers = with_system(layers)
    digest = digest_of(layers)
    known = known_registry(digest)
    if known is not None:
        return known
    registry, found = _compile(layers, digest, fresh=False)
    if registry is None:
        raise DefinitionError(found)
    with _lock:
        _registries[(digest, types_digest(catalogue()))] = registry
        while len(_registries) > _KEPT:
            _registries.popitem(last=False)
    return registry


def check_layers(layers: Sequence[Layer]) -> list[Diagnostic]:
    """Every fault and warning of ``layers``, faults first."""
    layers = with_system(layers)
    return _compile(layers, digest_of(layers), fresh=True)[1]


def with_system(layers: Sequence[Layer]) -> list[Layer]:
    return list(layers) if any(layer.rank == "platform" for layer in layers) else [*system_layers(), *layers]


def digest_of(layers: Sequence[Layer]) -> str:
    """What `Registry.digest` is: equal layers in one order give an equal digest, in every process."""
    made = hashlib.sha256()
    for layer in layers:
        made.update(layer.digest.encode() + b"\n")
    return made.hexdigest()


def _compile(layers: Sequence[Layer], digest: str, fresh: bool) -> tuple[Registry | None, list[Diagnostic]]:
    """``fresh``: nothing is reused, so that warnings are told too."""
    by_file = {layer.file: layer for layer in layers}
    faults = Faults(lambda span: by_file[span.file].line(span.line) if span.file in by_file else "")
    for layer in layers:
        faults.take(layer.faults)
    stack = lay(layers, faults)
    if stack.broken:
        return None, faults.sorted()
    registry = Assembly(stack, catalogue(), faults, fresh).registry(digest)
    return (None if faults.wrong else registry), faults.sorted()


def forget() -> None:
    """Drop the registries and entities that were kept (measurements)."""
    from yuanke.metadata import reuse

    with _lock:
        _registries.clear()
    reuse.forget()
