"""The description of merge, transfer, share and duplicates, for entities that know them and callers that may."""

from __future__ import annotations

from yuanke.access.grants import grant
from yuanke.api.operations import Json, operation, parameter
from yuanke.metadata.registry import Entity
from yuanke.web.requests import Current

_OBJECT: Json = {"type": "object"}
_LISTED: Json = {"type": "object", "properties": {"result": {"type": "array", "items": {"type": "object"}}}}


def handing(held: Current, at: str, entity: Entity, locale: str) -> list[tuple[str, Json]]:
    """Paths of one entity."""

    def may(verb: str) -> bool:
        return verb in entity.features and grant(held.unit, held.actor, entity, verb).allowed

    found: list[tuple[str, Json]] = []
    if may("merge"):
        look = operation(f"preview merge of {entity.key}", entity, locale, _OBJECT)
        look["parameters"] = [
            {"name": "ids", "in": "query", "required": True, "schema": {"type": "string"}, "description": "Ids, commas between"},
            {"name": "keep", "in": "query", "schema": {"type": "integer", "minimum": 1}, "description": "The one that stays"},
        ]  # fmt: skip
        made = operation(f"merge {entity.key}", entity, locale, _OBJECT, body="Merge", key=True)
        found.append((f"{at}/merge", {"get": look, "post": made}))
    if may("transfer"):
        made = operation(f"transfer {entity.key}", entity, locale, _LISTED, body="Transfer", key=True)
        found.append((f"{at}/transfer", {"post": made}))
    if may("share"):
        given = operation(f"share {entity.key}", entity, locale, _OBJECT, body="Share", key=True)
        taken = operation(f"unshare {entity.key}", entity, locale, _OBJECT, body="Unshare", key=True)
        listed = operation(f"shares of {entity.key}", entity, locale, _LISTED)
        found += [(f"{at}/share", {"post": given}), (f"{at}/unshare", {"post": taken})]
        found.append((f"{at}/{{id}}/shares", {"parameters": [parameter("id")], "get": listed}))
    if entity.duplicates and grant(held.unit, held.actor, entity, "read").allowed:
        same = operation(f"duplicates of new {entity.key}", entity, locale, _LISTED, body="Duplicates")
        groups = operation(f"groups of duplicate {entity.key}", entity, locale, _LISTED, parameters=("few",))
        found.append((f"{at}/duplicates", {"get": groups, "post": same}))
        if may("merge"):
            search = operation(f"look for duplicate {entity.key}", entity, locale, {"$ref": "#/components/schemas/Job"}, status="202", key=True)  # fmt: skip
            apart = operation(f"keep apart {entity.key}", entity, locale, None, body="Apart", status="204", key=True)
            found += [(f"{at}/duplicates/search", {"post": search}), (f"{at}/duplicates/apart", {"post": apart})]
    if entity.key == "change_set":
        back = operation("undo change_set", entity, locale, _OBJECT, key=True)
        found.append((f"{at}/{{id}}/undo", {"parameters": [parameter("id")], "post": back}))
    if entity.key == "user" and held.actor.is_admin:
        leave = operation("hand over of user", entity, locale, _OBJECT, body="HandOver", key=True)
        found.append((f"{at}/{{id}}/hand_over", {"parameters": [parameter("id")], "post": leave}))
    return found
