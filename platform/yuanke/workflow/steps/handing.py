"""Steps that merge, transfer and share records, where their entity has the feature.

The one rule: like every data step they run with the engine's rights; what the entity refuses of the verb stays refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from yuanke.access.grants import engine_of
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.environment import StoredValues
from yuanke.records.merging import merge
from yuanke.records.sharing import share
from yuanke.records.transferring import transfer
from yuanke.workflow.names import ActNames, evaluate
from yuanke.workflow.steps.kinds import Body, StepRun, step
from yuanke.workflow.steps.telling import people

VERBS = frozenset({"merge", "transfer", "share"})


@step("transfer")
def transfer_step(body: Body, names: ActNames, run: StepRun) -> Any:
    """``{target, to, with, keep, reason}``: records get another owner, with what follows them."""
    to = people(body["to"], names)
    for entity, ids in _targets(body, names):
        _transfer(run, entity, ids, to, {key: _value(names, body.get(key)) for key in ("with", "keep", "reason")})
    names.refresh()
    return names.record


@step("share")
def share_step(body: Body, names: ActNames, run: StepRun) -> Any:
    """``{target, to, role, level, expires, with, reason}``: ``to`` are people or departments."""
    receivers = _receivers(body, names)
    told = {key: _value(names, body.get(key)) for key in ("level", "expires", "with", "reason")}
    for entity, ids in _targets(body, names):
        _share(run, entity, ids, receivers, told)
    return names.record


@step("merge")
def merge_step(body: Body, names: ActNames, run: StepRun) -> Any:
    """``{keep, lose, choices, reason}``: ``lose`` goes into ``keep``, which is the result."""
    kept = _one(names.value(str(body["keep"])) if body.get("keep") is not None else names.record)
    lost = [_one(record) for record in _records(names.value(str(body["lose"])))]
    said = body.get("choices") or {}
    choices = {
        key: kept.get("id") if value == "keep" else lost[0].get("id") if value == "lose" else value
        for key, value in said.items()
    }
    actor = engine_of(run.actor)
    merge(
        run.unit,
        actor,
        kept.entity,
        kept.get("id"),
        [one.get("id") for one in lost],
        choices,
        _value(names, body.get("reason")),
    )
    run.tell("merge", {"entity": kept.entity.key, "keep": kept.get("id"), "lose": [one.get("id") for one in lost]})
    names.refresh()
    return kept


def run_verb(record: StoredValues, verb: str, asked: Mapping[str, Any], run: StepRun) -> None:
    """``run: {action: transfer, target: .., with: {to: ..}}``: the verb as if it were an action of the record."""
    ids, plain = [record.get("id")], {key: _id(value) for key, value in asked.items()}
    if verb == "transfer":
        to = [plain["to"]] if plain.get("to") is not None else []
        _transfer(
            run,
            record.entity,
            ids,
            to,
            {"with": plain.get("include"), "keep": plain.get("keep"), "reason": plain.get("reason")},
        )
    elif verb == "share":
        receivers = [{kind: plain[kind]} for kind in ("user", "department", "role") if plain.get(kind) is not None]
        _share(run, record.entity, ids, receivers or [{"user": plain.get("to")}], plain)
    else:
        merge(run.unit, engine_of(run.actor), record.entity, record.get("id"), [int(plain["lose"])])


def _transfer(run: StepRun, entity: Entity, ids: Sequence[int], to: Sequence[int], told: Mapping[str, Any]) -> None:
    if len(to) != 1:
        raise Refused(message("转移要写明交给哪一个人"))
    keep, reason = told.get("keep"), told.get("reason")
    transfer(
        run.unit, engine_of(run.actor), entity, ids, to[0], _names_of(told.get("with")),
        "none" if keep is None else str(keep), None if reason is None else str(reason),
    )  # fmt: skip
    run.tell("transfer", {"entity": entity.key, "ids": list(ids), "to": to[0]})


def _share(
    run: StepRun, entity: Entity, ids: Sequence[int], receivers: Sequence[Mapping[str, Any]], told: Mapping[str, Any]
) -> None:
    expires, reason = told.get("expires"), told.get("reason")
    share(
        run.unit, engine_of(run.actor), entity, ids, receivers, str(told.get("level") or "read"),
        expires if isinstance(expires, date) else None, _names_of(told.get("with")), None if reason is None else str(reason),
    )  # fmt: skip
    run.tell("share", {"entity": entity.key, "ids": list(ids), "to": list(receivers)})


def _targets(body: Body, names: ActNames) -> list[tuple[Entity, list[int]]]:
    """The records a step is about, by entity: those of ``target``, else this one."""
    found: dict[str, tuple[Entity, list[int]]] = {}
    for record in _records(names.record if body.get("target") is None else names.value(str(body["target"]))):
        found.setdefault(record.entity.key, (record.entity, []))[1].append(record.get("id"))
    return list(found.values())


def _records(value: Any) -> list[StoredValues]:
    held = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in held if isinstance(one, StoredValues)]


def _one(value: Any) -> StoredValues:
    if not isinstance(value, StoredValues):
        raise Refused(message("没有可以合并的记录"))
    return value


def _receivers(body: Body, names: ActNames) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"role": body["role"]}] if body.get("role") else []
    said = body.get("to")
    for one in said if isinstance(said, list) else [said] if said is not None else []:
        value = evaluate(names, one) if isinstance(one, str) and one.startswith("=") else names.value(str(one))
        for held in value if isinstance(value, (list, tuple)) else [value]:
            kind = held.entity.key if isinstance(held, StoredValues) else "user"
            if held is not None:
                found.append({"department" if kind == "department" else "user": _id(held)})
    return found


def _value(names: ActNames, said: Any) -> Any:
    return [_value(names, one) for one in said] if isinstance(said, list) else evaluate(names, said)


def _names_of(value: Any) -> list[str] | None:
    return None if value is None else [str(one) for one in (value if isinstance(value, (list, tuple)) else [value])]


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value
