"""Transitions and actions of an entity as the engine runs them, drawn once from its compiled declaration.

The one rule: what is declared was checked when it was declared; here it is only made ready to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Label, label_of_key, message
from yuanke.metadata.flows import ANY, PREVIOUS, states_named
from yuanke.metadata.registry import Entity, Field


@dataclass(frozen=True, eq=False)
class Act:
    """One verb of an entity. ``kind``: transition (moves the state) or action.

    ``sources``: states it may begin in, None = any; ``to``: the state it leads to, ``previous``, or None; ``targets``:
    the states among which ``to`` is asked, where it names several (``to: open``). ``said`` is the checked declaration.
    """

    entity: Entity
    key: str
    kind: str
    label: Label
    said: Mapping[str, Any]
    ask: Mapping[str, Field] = field(default_factory=dict)
    sources: frozenset[str] | None = None
    to: str | None = None
    targets: tuple[str, ...] = ()

    @property
    def is_transition(self) -> bool:
        return self.kind == "transition"

    @property
    def internal(self) -> bool:
        """Not for people: only automations, other acts and other documents run it."""
        return bool(self.said.get("internal") or self.said.get("hidden"))

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.said.get("roles") or ())

    @property
    def verb(self) -> str:
        """The right that is asked: the act itself where permissions name it or it is an action, else update."""
        named = any(self.key in p.verbs for p in self.entity.permissions.values())
        return self.key if named or not self.is_transition else "update"

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        return self.said.get("do") or ()

    def text(self, word: str) -> Label | None:
        """``help``, ``confirm`` or ``message`` in both languages."""
        return self.entity.act_labels.get(f"{self.key}.{word}")


_known: WeakKeyDictionary[Entity, Mapping[str, Act]] = WeakKeyDictionary()


def acts(entity: Entity) -> Mapping[str, Act]:
    """All acts of ``entity`` by key, transitions first, in the order of their declaration."""
    found = _known.get(entity)
    if found is None:
        found = _known[entity] = {**_transitions(entity), **_actions(entity)}
    return found


def act(entity: Entity, key: str) -> Act:
    """Raises RecordNotFound when the entity has no such act."""
    found = acts(entity).get(key)
    if found is None:
        raise RecordNotFound(message("{entity}没有名为 {act} 的操作", entity=entity.label, act=key[:80]))
    return found


def state_field(entity: Entity) -> Field | None:
    """The field that holds the state of the workflow; None without a workflow."""
    return entity.fields.get(entity.workflow["field"]) if entity.workflow else None


def _transitions(entity: Entity) -> dict[str, Act]:
    declared = (entity.workflow or {}).get("transitions") or {}
    return {key: _transition(entity, key, said) for key, said in declared.items()}


def _transition(entity: Entity, key: str, said: Mapping[str, Any]) -> Act:
    given = said["from"]
    words = [given] if isinstance(given, str) else list(given)
    to, field = str(said["to"]), state_field(entity)
    options = (field.options if field else None) or {}
    sources = None if ANY in words else frozenset().union(*(states_named(options, str(word)) for word in words))
    targets = () if to in options or to == PREVIOUS else tuple(k for k in options if k in states_named(options, to))
    return Act(entity, key, "transition", _label(entity, key), said, entity.asks.get(key, {}), sources, to, targets)


def _actions(entity: Entity) -> dict[str, Act]:
    declared = entity.more.get("actions") or {}
    return {
        key: Act(entity, key, "action", _label(entity, key), said, entity.asks.get(key, {}))
        for key, said in declared.items()
    }


def _label(entity: Entity, key: str) -> Label:
    return entity.act_labels.get(key) or Label(label_of_key(key), label_of_key(key))
