"""Puts a Registry together: entities compiled or used again, what they say of one another, the sections beside them.

Rule: nothing is kept for later unless the whole of it was without a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from yuanke.fieldtypes import FieldType
from yuanke.kernel.text import Label
from yuanke.metadata import texts
from yuanke.metadata.boards import inherited_texts, resolve_boards
from yuanke.metadata.checker import Checker
from yuanke.metadata.declare import declare
from yuanke.metadata.entities import EntityMaker, Made
from yuanke.metadata.faults import Faults
from yuanke.metadata.formulas import Formulas
from yuanke.metadata.model import EntityDef
from yuanke.metadata.node import Node
from yuanke.metadata.order import requirement, words
from yuanke.metadata.registry import Entity, Inverse, Module, Registry
from yuanke.metadata.reuse import Faces, Reuse
from yuanke.metadata.sources import Sources
from yuanke.metadata.stack import Stack

_PLAIN_SECTIONS = ("ledgers", "reports", "prints", "samples")
_FURTHER_SECTIONS = ("classes", "dictionaries", "metrics", "forms", "tests")


class Assembly:
    def __init__(
        self, stack: Stack, types: Mapping[str, FieldType], faults: Faults, fresh: bool, traced: bool = False
    ) -> None:
        """``traced``: the places of values matter, so that nothing made from equal ones elsewhere is used."""
        self.stack, self.faults, self.fresh = stack, faults, fresh
        translations = stack.sections.get("translations")
        self.english = texts.flatten(translations.get("en")) if translations is not None else {}
        self.model = declare(stack, types, faults, shared=not traced)
        self.model.translations = self.english
        self.formulas = Formulas(self.model, faults)
        self.sources = Sources(self.model, self.formulas.of_field)
        self.maker = EntityMaker(self.model, self.formulas, self.sources, types, faults)
        self.checker = Checker(self.model, self.formulas, types, faults)
        self.reuse = Reuse(self.model, self.english, types)
        self._fresh: list[tuple[bytes, Faces, Made]] = []

    def registry(self, digest: str) -> Registry:
        made = self._entities()
        self._check_rest()
        sections = self.stack.sections
        registry = Registry(
            digest=digest,
            modules=self._modules(),
            entities=self._joined(made),
            settings={
                key: self.maker.fields.make(found, f"settings.{key}") for key, found in self.model.settings.items()
            },
            roles=self._roles(),
            menu=self._menu(),
            dashboards=resolve_boards(sections.get("dashboards"), self.faults),
            **{name: _plain(sections.get(name)) for name in _PLAIN_SECTIONS},
            more={
                **{name: _plain(sections.get(name)) for name in _FURTHER_SECTIONS},
                "english": inherited_texts(sections.get("dashboards"), self.english),
                "sees": self._sees(),
            },
        )
        if not self.faults.wrong:
            for key, faces, one in self._fresh:
                self.reuse.keep(key, faces, one)
        return registry

    # -- entities -------------------------------------------------------------------------------------------------

    def _entities(self) -> dict[str, Made]:
        """Every entity compiled; those compiled before from the same are found first, for the others to draw on."""
        keys = {key: self.reuse.key(definition) for key, definition in self.model.entities.items()}
        found = (
            {} if self.fresh else {key: hit for key, name in keys.items() if (hit := self.reuse.find(name)) is not None}
        )
        self.model.reused = {
            key: (made.entity, frozenset(name for name, _ in faces)) for key, (faces, made) in found.items()
        }
        return {
            key: found[key][1] if key in found else self._make(definition, keys[key])
            for key, definition in self.model.entities.items()
        }

    def _make(self, definition: EntityDef, key: bytes) -> Made:
        self.model.traces.append({definition.key})
        if definition.key in self.stack.owner:
            self.checker.check_entity(definition)
        made = self.maker.make(definition)
        faces = self.reuse.faces(self.model.traces.pop())
        made.digest = hashlib.blake2b(key + repr(faces).encode(), digest_size=16).hexdigest()
        self._fresh.append((key, faces, made))
        return made

    def _joined(self, made: Mapping[str, Made]) -> dict[str, Entity]:
        """Entities with the collections that others give them and the roll-ups that their saves move."""
        moved: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
        for holder, one in made.items():
            for source, back, field in one.moves:
                moved.setdefault(source, []).append((holder, field, back))
        joined: dict[str, Entity] = {}
        for key, one in made.items():
            definition = self.model.entities[key]
            inverses = {
                name: Inverse(name, i.source, i.field, made[i.source].entity.plural, i.through_pairs)
                for name, i in definition.inverses.items()
                if made[i.source].entity.fields[i.field].source != "computed"  # no column leads back from it
            }
            joined[key] = one.join(inverses, tuple(sorted(set(moved.get(key, ())))))
        return joined

    def _check_rest(self) -> None:
        for layer in self.stack.layers:
            if self.fresh or layer.rank != "platform":
                self.checker.check_layer(layer)
        translations = self.stack.sections.get("translations")
        if self.fresh and translations is not None and not self.model.incomplete:
            self.checker.check_translations(translations)
        for name, node in self.stack.sections.items():
            if name == "entities":
                continue
            key = self.reuse.section_key(name)
            if not self.fresh and self.reuse.find(key) is not None:
                continue
            self.model.traces.append(set())
            self.checker.check_section(name, node)
            self._fresh.append((key, self.reuse.faces(self.model.traces.pop()), Made.nothing()))

    # -- the rest -------------------------------------------------------------------------------------------------

    def _modules(self) -> dict[str, Module]:
        return {layer.name: self._module(layer.name, layer.settled) for layer in self.stack.modules}

    def _module(self, name: str, node: Node) -> Module:
        version, icon, own = node.get("version"), node.get("icon"), node.at("translations", "en")
        english = texts.flatten(own).get("module.label")
        label = texts.label(node, name, "module", {"module.label": english} if english else {})
        depends = tuple(requirement(word.value)[0] for word in words(node.get("depends")))
        return Module(
            name, label, str(version.value) if version else "0.0.0", str(icon.value) if icon else "box", depends
        )

    def _roles(self) -> dict[str, Label]:
        made = {key: texts.label(node, key, f"roles.{key}", self.english) for key, node in self.model.roles.items()}
        made.setdefault("admin", Label("系统管理员", "Administrator"))
        return made

    def _sees(self) -> dict[str, tuple[str, ...]]:
        """Role -> the classes of sensitive fields it sees."""
        seen = {key: words(node.get("sees")) for key, node in self.model.roles.items()}
        return {key: tuple(word.value for word in said) for key, said in seen.items() if said}

    def _menu(self) -> tuple[dict[str, Any], ...]:
        menu = self.stack.sections.get("menu")
        return tuple(self._menu_group(key, node) for key, node in menu.items()) if menu is not None else ()

    def _menu_group(self, key: str, node: Node) -> dict[str, Any]:
        icon, items = node.get("icon"), node.get("items")
        label = texts.label(node, key, f"menu.{key}", self.english)
        entries = tuple(item.plain() for item in items.live()) if items is not None else ()
        return {"key": key, "label": label, "icon": icon.value if icon else "folder", "items": entries}


def _plain(node: Node | None) -> dict[str, Any]:
    plain = node.plain() if node is not None else {}
    return plain if isinstance(plain, dict) else {}
