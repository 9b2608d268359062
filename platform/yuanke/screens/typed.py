"""What somebody typed into a control, as its widget takes it again.

The one rule: a refused form shows every letter as it was sent, right or wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.registry import Field
from yuanke.records.carried import titles_of
from yuanke.screens.controls import file_item
from yuanke.screens.incoming import raw_of
from yuanke.screens.reader import Reader


def typed(reader: Reader, field: Field, made: Mapping[str, Any], name: str) -> Any:
    """``made`` is the control as it would stand without a POST; read-only ones keep their value."""
    sent = request.form
    if made["readonly"]:
        return made["value"]
    if field.type.name == "dynamic_link":
        chosen, entity = sent.get(f"{name}.id", ""), sent.get(f"{name}.entity", "")
        return (
            {"entity": entity, "id": chosen, "title": _title(reader, entity, chosen)}
            if chosen and entity in field.targets
            else None
        )
    if field.pairs:
        return [{"id": one, "title": _title(reader, field.targets[0], one)} for one in sent.getlist(name) if one]
    if field.targets:
        chosen = sent.get(name, "")
        return {"id": chosen, "title": _title(reader, field.targets[0], chosen)} if chosen else None
    if field.type.name in ("file", "image"):
        return _files(reader, made, sent.getlist(name))
    if field.type.name in ("bool", "tags") or field.multiple or made["widget"] == "choices":
        return raw_of(field, name, sent)
    if field.type.name == "region":
        text = sent.get(name, "")
        return {"id": text, "title": text.replace("/", " ")} if text else None
    if field.type.name == "rating":
        return raw_of(field, name, sent) or 0
    return sent.get(name, "")


def _title(reader: Reader, entity: str, chosen: str) -> str:
    target = reader.registry.entities.get(entity)
    if target is None or not chosen.isdigit() or len(chosen) > 18:
        return chosen
    return titles_of(reader.unit, reader.actor, target, [int(chosen)]).get(int(chosen), f"#{chosen}")


def _files(reader: Reader, made: Mapping[str, Any], ids: list[str]) -> list[dict[str, Any]]:
    """Files that stand already keep their address; fresh ones are the author's own."""
    held = {str(item["id"]): item for item in made["value"]}
    found = []
    for one in ids:
        item = held.get(one) or _fresh(reader, one)
        if item is not None:
            found.append(item)
    return found


def _fresh(reader: Reader, one: str) -> dict[str, Any] | None:
    if not one.isdigit() or len(one) > 18:
        return None
    try:
        info = reader.unit.files.info(int(one))
    except RecordNotFound:
        return None
    mine = info.created_by == reader.actor.user_id
    return file_item({"id": info.id, "name": info.name, "size": info.size}) if mine else None
