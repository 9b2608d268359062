"""Automations of an entity as the engine runs them, drawn once from its checked declaration.

The one rule: one automation has one trigger; a transition that says ``every:`` counts as an automation that tries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Label, label_of_key, message
from yuanke.metadata.registry import Entity, Field, Registry

#: trigger -> the key that says it
TRIGGERS = ("after", "before", "every", "at", "hook")
ANY = frozenset({"*"})


@dataclass(frozen=True, eq=False)
class Automation:
    """``trigger``: after | before (``verbs``: verb -> the fields one of which must have changed, none = whatever),
    every (``schedule``), at (``moment``, an expression), hook (``match`` finds its record by what was sent)."""

    entity: Entity
    key: str
    label: Label
    trigger: str
    said: Mapping[str, Any]
    verbs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ask: Mapping[str, Field] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """``deal.chase``: how runs, pauses and moments name it."""
        return f"{self.entity.key}.{self.key}"

    @property
    def schedule(self) -> str:
        return str(self.said["every"])

    @property
    def moment(self) -> str:
        return str(self.said["at"])

    @property
    def when(self) -> str | None:
        said = self.said.get("when")
        return None if said is None else str(said)

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        return self.said.get("do") or ()

    @property
    def active(self) -> bool:
        return self.said.get("active") is not False


_known: WeakKeyDictionary[Entity, Mapping[str, Automation]] = WeakKeyDictionary()


def automations(entity: Entity) -> Mapping[str, Automation]:
    """All of ``entity`` by key, in the order of their declaration."""
    found = _known.get(entity)
    if found is None:
        found = _known[entity] = {one.key: one for one in (*_declared(entity), *_tried(entity))}
    return found


def every_automation(registry: Registry) -> Iterator[Automation]:
    for entity in registry.entities.values():
        yield from automations(entity).values()


def find(registry: Registry, address: str) -> Automation:
    """The automation ``deal.chase``; RecordNotFound when there is none (any more)."""
    entity, _, key = address.partition(".")
    known = registry.entities.get(entity)
    found = automations(known).get(key) if known is not None else None
    if found is None:
        raise RecordNotFound(message("没有名为 {name} 的自动化", name=address[:120]))
    return found


def _declared(entity: Entity) -> Iterator[Automation]:
    for key, said in (entity.more.get("automations") or {}).items():
        trigger = next(word for word in TRIGGERS if said.get(word) is not None)
        verbs = _verbs(said[trigger]) if trigger in ("after", "before") else {}
        yield Automation(entity, key, _label(entity, key), trigger, said, verbs, entity.asks.get(key, {}))


def _verbs(said: Any) -> dict[str, frozenset[str]]:
    """``update``, ``[create, win]`` or ``{update: [stage, owner]}``."""
    if isinstance(said, Mapping):
        return {verb: frozenset(fields or ()) for verb, fields in said.items()}
    return {verb: frozenset() for verb in ([said] if isinstance(said, str) else said)}


def _tried(entity: Entity) -> Iterator[Automation]:
    """Transitions that are tried on a schedule, on every record in a state they begin in."""
    from yuanke.workflow.acts import acts

    for act in acts(entity).values():
        if act.said.get("every") is not None:
            said = {"every": act.said["every"], "do": [{"run": act.key}], "act": act.key}
            if act.said.get("when") is not None:
                said["when"] = act.said["when"]
            yield Automation(entity, act.key, act.label, "every", said)


def _label(entity: Entity, key: str) -> Label:
    return entity.act_labels.get(key) or Label(label_of_key(key), label_of_key(key))
