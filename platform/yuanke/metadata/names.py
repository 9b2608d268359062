"""What may be a name: lower-case words, short, no word of Python and none that the engine uses itself."""

from __future__ import annotations

import keyword
import re

from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node

NAME = re.compile(r"[a-z][a-z0-9_]*")
LONGEST = 60

#: field names the engine uses itself (§2.10)
RESERVED_FIELDS = frozenset(
    [
        "id",
        "owner",
        "department",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "version",
        "deleted_at",
        "me",
        "this",
        "old",
        "self",
        "settings",
        # columns that PostgreSQL gives every table by itself
        "tableoid",
        "ctid",
        "xmin",
        "xmax",
        "cmin",
        "cmax",
    ]
)
#: also taken inside expressions
RESERVED_NAMES = frozenset(["this", "me", "old", "self", "settings", "asked", "event", "record", "row", "empty"])
#: entity names that are words of addresses
RESERVED_ENTITIES = frozenset(
    [
        "new",
        "batch",
        "merge",
        "transfer",
        "share",
        "related",
        "settings",
        "me",
        "this",
        "old",
        "self",
        "record",
        "row",
        "event",
        "asked",
        "empty",
    ]
)


def fault_of_name(word: str) -> str | None:
    """Why ``word`` cannot be a name at all, or None."""
    if len(word) > LONGEST:
        return f"A name has at most {LONGEST} characters, this one {len(word)}."
    if keyword.iskeyword(word):
        return (
            f'"{word}" is a word of the expression language and could not be written in one. Choose another.'
            if word not in ("from", "to", "class", "in", "is")
            else _INSTEAD[word]
        )
    if not NAME.fullmatch(word):
        return f"Names are lower-case letters, digits and _, beginning with a letter{_suggest(word)}."
    return None


_INSTEAD = {
    "from": '"from" is a word of the expression language; a period is "since" and "till", a move has a "source".',
    "class": '"class" is a word of the expression language; "category" or "grade" say the same.',
    "in": '"in" is a word of the expression language; choose another name.',
    "is": '"is" is a word of the expression language; choose another name.',
}


def _suggest(word: str) -> str:
    tame = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()).strip("_")
    return f', like "{tame}"' if NAME.fullmatch(tame) else ", the label may be in any language"


def check_name(word: str, where: Node, faults: Faults, what: str, taken: frozenset[str] = frozenset()) -> bool:
    """Tells E203 or E204 at the key of ``where``; True when ``word`` may be a name."""
    wrong = fault_of_name(word)
    if wrong:
        faults.add("E203", where.key, f'"{word}" cannot be the name of {what}', wrong)
        return False
    if word in taken:
        faults.add(
            "E204",
            where.key,
            f'"{word}" is a name of the engine',
            f"Every record has it already, or the database keeps it to itself; choose another name for {what}.",
        )
        return False
    return True


def plural_of(word: str) -> str:
    """Name of the collection at the other end of a link: ``order`` -> ``orders``, ``category`` -> ``categories``."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"
