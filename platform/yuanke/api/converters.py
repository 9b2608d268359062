"""What may stand in an address: keys of the dialect and ids of records. Anything else is no address of ours (404)."""

from __future__ import annotations

from werkzeug.routing import BaseConverter, IntegerConverter, Map


class Key(BaseConverter):
    """An entity, field, transition or report: ``[a-z][a-z0-9_]*``."""

    regex = "[a-z][a-z0-9_]{0,79}"


class Identity(IntegerConverter):
    """The id of a record: a whole number that fits 64 bits."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**63 - 1, min=1)
