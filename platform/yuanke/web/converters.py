"""What may stand in an address: keys of the dialect and ids of records. Anything else is no address of ours (404)."""

from __future__ import annotations

from werkzeug.routing import BaseConverter


class Key(BaseConverter):
    """An entity, field, transition or report: ``[a-z][a-z0-9_]*``."""

    regex = "[a-z][a-z0-9_]{0,79}"


class Identity(BaseConverter):
    """The id of a record: a whole number that fits 64 bits, said by the pattern (a refused value reads as 405)."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)
