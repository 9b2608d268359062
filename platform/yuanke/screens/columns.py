"""Columns of a list: which, in what order, how wide, and what phones show of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yuanke.metadata.registry import Entity, Field
from yuanke.screens.reader import Reader

#: what a phone shows of a row: the title, one sum, one state, one tag, the first record or person, one date
PHONE = ("title", "sum", "state", "tag", "sub", "due")


def listed(reader: Reader, entity: Entity, wanted: Sequence[str], titled: bool = True) -> list[Field]:
    """The fields of ``wanted`` that the reader may see; ``titled`` puts the title first when none names it."""
    readable = reader.records.grant(entity.key).readable
    fields = [entity.fields[k] for k in wanted if k in entity.fields and k in readable and not entity.fields[k].retired]
    title = entity.fields.get(entity.title)
    if titled and title is not None and title not in fields and title.key in readable:
        fields.insert(0, title)
    return fields


def styles(entity: Entity, fields: Sequence[Field]) -> list[str]:
    """CSS classes of the columns; each place of the phone's row is given once."""
    taken: set[str] = set()
    return [_style(entity, field, taken) for field in fields]


def _style(entity: Entity, field: Field, taken: set[str]) -> str:
    classes = ["yk-r"] if field.type.numeric else []
    place = _place(entity, field)
    if place and place not in taken:
        taken.add(place)
        classes.append(f"yk-s-{place}")
    return " ".join(classes)


def _place(entity: Entity, field: Field) -> str | None:
    if field.key == entity.title:
        return "title"
    if field.options is not None and not field.multiple:
        state = entity.workflow is not None and entity.workflow.get("field") == field.key
        return "state" if state or field.key in ("status", "state") else "tag"
    if field.type.numeric:
        return "sum"
    if len(field.targets) == 1 and not field.pairs:
        return "sub"
    return "due" if field.type.name in ("date", "datetime") else None


def sortable(field: Field) -> bool:
    return not (
        field.rows or field.pairs or field.multiple or len(field.targets) > 1 or field.type.kind == "json"
    ) and (field.has_column or field.formula is not None)


def heads(
    reader: Reader, entity: Entity, fields: Sequence[Field], sort: tuple[str, ...], url: Any
) -> list[dict[str, Any]]:
    """Column heads as `_list.html` takes them; clicking the sorted one turns it round."""
    now = sort[0] if sort else ""
    found = []
    for field, css in zip(fields, styles(entity, fields), strict=True):
        on = now.removeprefix("-") == field.key
        down = now.startswith("-")
        found.append({
            "key": field.key, "label": reader.say(field.label), "css": css,
            "sort": ("descending" if down else "ascending") if on else None,
            "sort_url": url(sort=field.key if on and down else f"-{field.key}" if on else field.key, after=None)
            if sortable(field) else None,
        })  # fmt: skip
    return found
