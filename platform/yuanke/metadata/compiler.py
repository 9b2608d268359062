"""Layers in, Registry out: the one door of this package. Rule: either everything is right, or every fault is told at once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock

from yuanke.fieldtypes import FieldType, catalogue
from yuanke.kernel.diagnostics import DefinitionError, Diagnostic, Span
from yuanke.kernel.text import Label
from yuanke.metadata import texts
from yuanke.metadata.checker import Checker
from yuanke.metadata.declare import declare
from yuanke.metadata.entities import EntityMaker, Made
from yuanke.metadata.faults import Faults
from yuanke.metadata.formulas import Formulas
from yuanke.metadata.layer import Layer
from yuanke.metadata.model import Model
from yuanke.metadata.order import words
from yuanke.metadata.registry import Entity, Inverse, Module, Registry
from yuanke.metadata.sources import Sources
from yuanke.metadata.stack import Stack, lay

_KEPT = 64
_registries: OrderedDict[str, Registry] = OrderedDict()
_lock = Lock()


@cache
def system_layers() -> tuple[Layer, ...]:
    """The platform's own entities and settings, beneath every module."""
    folder = Path(__file__).parent.parent / "system"
    return tuple(Layer.read_file(path, "platform") for path in sorted(folder.glob("*.yaml")))


def compile_layers(layers: Sequence[Layer]) -> Registry:
    """The Registry of ``layers`` (the platform's own are added when absent); raises `DefinitionError` with all faults."""
    layers = with_system(layers)
    digest = digest_of(layers)
    with _lock:
        known = _registries.get(digest)
        if known is not None:
            _registries.move_to_end(digest)
            return known
    registry, found = _compile(layers, digest)
    if registry is None:
        raise DefinitionError(found)
    with _lock:
        _registries[digest] = registry
        while len(_registries) > _KEPT:
            _registries.popitem(last=False)
    return registry


def check_layers(layers: Sequence[Layer]) -> list[Diagnostic]:
    """Every fault and warning of ``layers``, faults first."""
    layers = with_system(layers)
    return _compile(layers, digest_of(layers))[1]


def with_system(layers: Sequence[Layer]) -> list[Layer]:
    return list(layers) if any(layer.rank == "platform" for layer in layers) else [*system_layers(), *layers]


def digest_of(layers: Sequence[Layer]) -> str:
    made = hashlib.sha256()
    for layer in layers:
        made.update(layer.digest.encode() + b"\n")
    return made.hexdigest()


def _compile(layers: Sequence[Layer], digest: str) -> tuple[Registry | None, list[Diagnostic]]:
    by_file = {layer.file: layer for layer in layers}
    faults = Faults(lambda span: by_file[span.file].line(span.line) if span.file in by_file else "")
    for layer in layers:
        faults.take(layer.faults)
    stack = lay(layers, faults)
    if stack.broken:
        return None, faults.sorted()
    registry = _Compiler(stack, catalogue(), faults).run(digest)
    return (None if faults.wrong else registry), faults.sorted()


class _Compiler:
    def __init__(self, stack: Stack, types: Mapping[str, FieldType], faults: Faults) -> None:
        self.stack, self.types, self.faults = stack, types, faults
        self.english = (
            texts.flatten(stack.sections["translations"].get("en")) if "translations" in stack.sections else {}
        )

    def run(self, digest: str) -> Registry:
        model = declare(self.stack, self.types, self.faults)
        model.translations = self.english
        formulas = Formulas(model, self.faults)
        sources = Sources(model, formulas.of_field)
        maker = EntityMaker(model, formulas, sources, self.types, self.faults)
        self._check(Checker(model, formulas, self.faults), model)
        made = {key: maker.make(definition) for key, definition in model.entities.items()}
        sections = self.stack.sections
        return Registry(
            digest=digest,
            modules=self._modules(),
            entities=self._joined(model, made),
            settings={key: maker.fields.make(found, f"settings.{key}") for key, found in model.settings.items()},
            roles=self._roles(model),
            menu=self._menu(),
            **{
                name: sections[name].plain() if name in sections else {}
                for name in ("ledgers", "reports", "dashboards", "prints", "samples")
            },
            more={
                name: sections[name].plain()
                for name in ("classes", "dictionaries", "metrics", "forms", "tests")
                if name in sections
            }
            | {"english": self.english},
        )

    def _check(self, checker: Checker, model: Model) -> None:
        for layer in self.stack.layers:
            checker.check_layer(layer)
        for name, node in self.stack.sections.items():
            checker.check_section(name, node)
        for key, definition in model.entities.items():
            if key in self.stack.owner:
                checker.check_entity(definition)

    def _joined(self, model: Model, made: Mapping[str, Made]) -> dict[str, Entity]:
        """Entities with the collections that others give them and the roll-ups that their saves move."""
        moved: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
        for holder, one in made.items():
            for source, back, field in one.moves:
                moved.setdefault(source, []).append((holder, field, back))
        joined: dict[str, Entity] = {}
        for key, one in made.items():
            inverses = {
                name: Inverse(
                    name, inverse.source, inverse.field, made[inverse.source].entity.plural, inverse.through_pairs
                )
                for name, inverse in model.entities[key].inverses.items()
            }
            paths = tuple(sorted(set(moved.get(key, ()))))
            entity = replace(
                one.entity,
                inverses=inverses,
                rollups=tuple(dict.fromkeys((h, f) for h, f, _ in paths)),
                rollup_paths=paths,
            )
            joined[key] = entity
        return joined

    def _modules(self) -> dict[str, Module]:
        made: dict[str, Module] = {}
        for layer in self.stack.modules:
            node = layer.settled
            version, icon = node.get("version"), node.get("icon")
            declared = node.get("label")
            english = self.english.get(f"modules.{layer.name}.label") or _own_english(node)
            label = texts.label(node, layer.name, "module", {"module.label": english} if english else {})
            made[layer.name] = Module(
                layer.name,
                label if declared else Label(label.en, label.en),
                str(version.value) if version else "0.0.0",
                str(icon.value) if icon else "box",
                tuple(w.value for w in words(node.get("depends"))),
            )
        return made

    def _roles(self, model: Model) -> dict[str, Label]:
        made = {key: texts.label(node, key, f"roles.{key}", self.english) for key, node in model.roles.items()}
        made.setdefault("admin", Label("系统管理员", "Administrator"))
        return made

    def _menu(self) -> tuple[dict[str, object], ...]:
        menu = self.stack.sections.get("menu")
        groups = []
        for key, node in menu.items() if menu is not None else ():
            icon, items = node.get("icon"), node.get("items")
            groups.append(
                {
                    "key": key,
                    "label": texts.label(node, key, f"menu.{key}", self.english),
                    "icon": icon.value if icon else "folder",
                    "items": tuple(n.plain() for n in items.live()) if items is not None else (),
                }
            )
        return tuple(groups)


def _own_english(node: object) -> str | None:
    found = node.at("translations", "en")  # type: ignore[attr-defined]
    return texts.flatten(found).get("module.label") if found is not None else None


#: the span of what belongs to no file
NOWHERE = Span("platform")
