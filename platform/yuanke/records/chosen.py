"""The records that a verb of many (merge, transfer, share) is about: seen, within the right, and not refused.

The one rule: one record that is not for the actor makes all of them "not found"; nothing says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from yuanke import expressions
from yuanke.access.grants import engine_of, grant
from yuanke.access.scopes import run_values
from yuanke.expressions import Expression
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity
from yuanke.records.environment import StoredValues
from yuanke.records.fetch import fetch_for_update
from yuanke.records.names import readable_scope
from yuanke.storage import Unit

LABELS = {"merge": message("合并"), "transfer": message("转移"), "share": message("共享")}


def offered(unit: Unit, actor: Actor, entity: Entity, feature: str) -> Mapping[str, Any]:
    """Settings of a feature. Raises RecordNotFound where the entity has none, AccessDenied without the right."""
    settings = entity.features.get(feature)
    if settings is None:
        raise RecordNotFound(message("{entity}没有“{feature}”功能", entity=entity.label, feature=LABELS[feature]))
    if not actor.engine:
        given = grant(unit, actor, entity, feature)
        if not given.allowed:
            raise AccessDenied(given.reason)
        if actor.kind == "readonly":
            raise AccessDenied(message("你的账号是只读账号"))
    return settings if isinstance(settings, Mapping) else {}


def rows_of(unit: Unit, actor: Actor, entity: Entity, ids: Sequence[int], verb: str) -> dict[int, dict[str, Any]]:
    """The rows of ``ids`` under lock; one he may see but not ``verb`` carries ``@unwritable``. Raises RecordNotFound when one
    is not for the actor."""
    found = fetch_for_update(unit, actor, entity, sorted(set(ids)), verb)
    if set(ids) - found.keys():
        raise RecordNotFound()
    return {record_id: found[record_id] for record_id in ids}


def refusal(
    unit: Unit, actor: Actor, entity: Entity, row: Mapping[str, Any], verb: str
) -> AccessDenied | Refused | None:
    """Why ``verb`` may not happen to this record: outside the right, or a declared ``refuse`` or check of the verb."""
    if row.get("@unwritable"):
        return AccessDenied(message("你可以查看但不能{verb}这条{entity}", verb=LABELS[verb], entity=entity.label))
    values = _Asking(unit, actor, entity, row)
    for name, declared, refuses in _declared(entity, verb):
        source = declared["when"] if refuses else declared["valid_when"]
        if bool(compiled(unit, actor, entity, source).evaluate(values)) == refuses:
            return Refused(_said(declared, entity, values, name), check=name)
    return None


def _declared(entity: Entity, verb: str) -> list[tuple[str, Mapping[str, Any], bool]]:
    """(name, rule, whether its condition refuses when true) of the rules that name the verb."""
    found = []
    for held, refuses in ((entity.checks, False), (entity.more.get("refuse") or {}, True)):
        for name, rule in held.items():
            at = rule.get("at") or rule.get("verbs") or ()
            named = (at,) if isinstance(at, str) else at
            warns = rule.get("warn") or rule.get("otherwise", "refuse") != "refuse"
            if verb in named and not warns:
                found.append((name, rule, refuses and "valid_when" not in rule))
    return found


def _said(rule: Mapping[str, Any], entity: Entity, values: Mapping[str, Any], name: str) -> Message:
    said = rule.get("message")
    if not said:
        return message("这条{entity}不符合规则 {rule}", entity=entity.label, rule=name)
    return message(str(said), **{key: values.get(key) for key in entity.fields if "{" + key + "}" in str(said)})


_kept: WeakKeyDictionary[Entity, dict[tuple[str, str], Expression]] = WeakKeyDictionary()


def compiled(unit: Unit, actor: Actor, entity: Entity, source: Any) -> Expression:
    """A condition on a record of ``entity``, kept with it."""
    kept, mark = _kept.setdefault(entity, {}), (unit.registry.digest, str(source))
    found = kept.get(mark)
    if found is None:
        scope = readable_scope(unit, engine_of(actor), entity)
        found = kept[mark] = expressions.compile(str(source).removeprefix("=").strip(), scope, expect="bool")
    return found


class _Asking(StoredValues):
    """A stored record with ``me`` and ``settings``."""

    def __init__(self, unit: Unit, actor: Actor, entity: Entity, row: Mapping[str, Any]) -> None:
        super().__init__(unit, entity, row)
        self.more = run_values(unit, actor)

    def get(self, key: str, default: Any = None) -> Any:
        return self.more[key] if key in ("me", "settings") else super().get(key, default)
