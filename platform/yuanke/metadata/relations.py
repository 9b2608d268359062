"""Both ends of every relation: a link is declared once, its target has the collection. One name, one collection."""

from __future__ import annotations

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.model import EntityDef, FieldDef, InverseDef, Model
from yuanke.metadata.names import fault_of_name, plural_of
from yuanke.metadata.node import Node
from yuanke.metadata.stack import Stack
from yuanke.metadata.telling import targets_of


def relate(model: Model, stack: Stack, patterns: set[str], faults: Faults) -> None:
    """Give every target of a link its collection; links to nothing, or beyond what a module depends on, are told."""
    for definition in list(model.entities.values()):
        if definition.kind != "pair" or definition.part.linked:
            for held in definition.part.linked:
                for key in held.targets:
                    _relate(model, definition, held, key, patterns, faults)
                    _check_module(model, stack, held, key, faults)


def _relate(model: Model, definition: EntityDef, held: FieldDef, key: str, patterns: set[str], faults: Faults) -> None:
    target = model.entities.get(key)
    if target is None:
        _tell_missing(model, held, key, patterns, faults)
        return
    owned = definition.parent is not None and definition.parent_link == held.key and definition.parent[0] == key
    if not owned and definition.kind != "pair":  # the owner has the rows themselves
        _invert(model, definition, held, target, faults)


def _check_module(model: Model, stack: Stack, held: FieldDef, key: str, faults: Faults) -> None:
    target = model.entities.get(key)
    if target is None or stack.knows(held.node.layer, target.module):
        return
    detail = f'{held.node.layer} may link to it when it says "depends: [{target.module}]".'
    faults.add(
        "E303",
        _word_of(held, key),
        f'The entity "{key}" belongs to the module {target.module}',
        detail,
        target.node.key,
    )


def _word_of(held: FieldDef, key: str) -> Node:
    return next((w for w in targets_of(held.node) if w.value == key), held.node)


def _tell_missing(model: Model, held: FieldDef, key: str, patterns: set[str], faults: Faults) -> None:
    where = _word_of(held, key)
    if key in patterns:
        faults.add(
            "E219", where, f'"{key}" is a pattern, not an entity', "A record of it cannot exist; link to an entity."
        )
    elif key and not model.incomplete:
        detail = "A link names an entity of this module, of one it depends on, or of the platform."
        faults.add("E210", where, f'There is no entity "{key}"', detail + did_you_mean(key, model.entities))


def _invert(model: Model, definition: EntityDef, held: FieldDef, target: EntityDef, faults: Faults) -> None:
    name = held.inverse or _inverse_name(definition, held, target)
    said = held.node.get("inverse")
    if said is not None and (wrong := fault_of_name(name)):
        faults.add("E203", said, f'"{name}" cannot be the name of a collection', wrong)
        return
    taken, other = target.fields.get(name), target.inverses.get(name)
    if (taken is not None and not taken.retired) or other is not None:
        there = taken if taken is not None else model.entities[other.source].fields[other.field] if other else held
        detail = (
            f"{definition.key}.{held.key} gives {target.key} a collection of this name, which is taken. "
            'Say "inverse: <another name>" here.'
        )
        faults.add("E218", said or held.node.key, f"{target.key}.{name} is two things", detail, there.node.key)
        return
    model.inverse_names[(definition.key, held.key)] = name
    target.inverses[name] = InverseDef(name, definition.key, held.key, through_pairs=bool(held.pairs))


def _inverse_name(definition: EntityDef, held: FieldDef, target: EntityDef) -> str:
    """The plural of the entity, for the link named like its target, else the first; others begin with the field."""
    plural = plural_of(definition.key)
    same = [f for f in definition.part.linked if target.key in f.targets and f.inverse is None]
    named = next((f for f in same if f.key == target.key), same[0])
    return plural if held is named else f"{held.key}_{plural}"
