"""Which value the record that stays gets of each field: its own where it has one, else that of the first that has.

The one rule: what was chosen counts, what nobody chose loses nothing that was filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yuanke.access.grants import Grant
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field

BOTH = "both"
Choices = Mapping[str, int | str]
Rows = Mapping[int, Mapping[str, Any]]


def choosable(entity: Entity, readable: frozenset[str] | None = None) -> list[Field]:
    """Fields that a merge decides about: what people fill in, and the owner; a state is moved by its workflow alone."""
    state = (entity.workflow or {}).get("field")
    return [
        one
        for key, one in entity.fields.items()
        if (one.source == "typed" or key == "owner") and not one.retired and key != state
        and (readable is None or key in readable)
    ]  # fmt: skip


def unites(entity: Entity, one: Field) -> bool:
    """Whether a field holds several things, so that those of both can be kept."""
    return bool(one.rows or one.pairs or one.multiple or one.type.name == "tags") and one.type.name not in (
        "file",
        "image",
    )


def checked(entity: Entity, given: Grant, ids: Sequence[int], choices: Choices) -> dict[str, int | str]:
    """``field -> id`` (or ``both``) as it may be asked. Raises ValidationFailed; a hidden field reads like none."""
    known = {one.key: one for one in choosable(entity, given.readable)}
    faults: dict[str, list[Message]] = {}
    for key, choice in choices.items():
        one = known.get(key)
        if one is None:
            faults[f"choices.{key}"] = [message("没有名为 {field} 的字段", field=key[:80])]
        elif choice == BOTH and not unites(entity, one):
            faults[f"choices.{key}"] = [message("{field} 只能取一条记录的值", field=one.label)]
        elif choice != BOTH and choice not in ids:
            faults[f"choices.{key}"] = [message("应为其中一条记录的编号，或 both")]
    if faults:
        raise ValidationFailed(faults)
    return dict(choices)


def settled(
    entity: Entity, rows: Rows, keep: int, lose: Sequence[int], choices: Choices, unite: Sequence[str]
) -> dict[str, int | str]:
    """What is taken from whom, for every field that a merge decides about."""
    found: dict[str, int | str] = {}
    for one in choosable(entity):
        if one.key in choices:
            found[one.key] = choices[one.key]
        elif one.rows or (one.key in unite and unites(entity, one)):
            found[one.key] = BOTH
        elif one.pairs or one.key == "owner":
            found[one.key] = keep
        else:
            filled = (i for i in (keep, *lose) if not _empty(own(one, rows[i].get(one.key), (keep, *lose))))
            found[one.key] = next(filled, keep)
    return found


def value_of(one: Field, choice: int | str, rows: Rows, keep: int, lose: Sequence[int]) -> Any:
    """The column value that follows from a choice."""
    if choice == BOTH:
        united = [item for i in (keep, *lose) for item in rows[i].get(one.key) or ()]
        return list({repr(item): item for item in united}.values()) or None
    return own(one, rows[int(choice)].get(one.key), (keep, *lose))


def own(one: Field, value: Any, ids: Sequence[int]) -> Any:
    """``value``, but nothing where it leads from one of the records to another of them."""
    inside = one.entity in one.targets and getattr(value, "entity", one.entity) == one.entity
    return None if inside and getattr(value, "id", value) in ids else value


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []
