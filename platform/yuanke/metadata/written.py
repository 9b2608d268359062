"""A declaration as YAML text: written anew, or written into the text it had, whose comments and order stay.

The one rule: what is written is read back to exactly the same declaration; a text where that cannot be had is written
anew.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import yaml

from yuanke.metadata.differences import same
from yuanke.metadata.layer import Layer

WIDTH = 120


def as_yaml(plain: Mapping[str, Any]) -> str:
    """YAML that the reader of the dialect reads back to exactly ``plain``, short maps on one line."""
    if not plain:
        return "{}\n"
    options: dict[str, Any] = {"allow_unicode": True, "sort_keys": False, "default_flow_style": None, "width": WIDTH}
    return str(yaml.dump(dict(plain), Dumper=_Dumper, **options))


def rewritten(text: str, plain: Mapping[str, Any]) -> str:
    """``text`` changed until it says ``plain``: places that say the same keep their comments and how they are written."""
    if says(text, plain):
        return text
    try:
        changed = _changed(text, plain)
    except Exception:  # whatever ruamel.yaml makes of a text that our own reader took
        return as_yaml(plain)
    return changed if says(changed, plain) else as_yaml(plain)


def says(text: str, plain: Mapping[str, Any]) -> bool:
    """Whether the reader reads exactly ``plain``, in this order."""
    read = Layer.read_text(text, "text", "enterprise")
    return not read.faults and read.node.digest() == Layer.from_plain("text", "enterprise", plain).node.digest()


def _changed(text: str, plain: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    writer = YAML(typ="rt")
    writer.preserve_quotes, writer.width, writer.allow_unicode = True, WIDTH, True
    writer.indent(mapping=2, sequence=4, offset=2)
    document = writer.load(text)
    _lay(document, plain, Layer.read_text(text, "text", "enterprise").plain())
    out = io.StringIO()
    writer.dump(document, out)
    return out.getvalue()


def _lay(document: Any, plain: Mapping[str, Any], was: Mapping[str, Any]) -> None:
    """Bring a map of the document to say ``plain``; ``was`` is what the reader made of it."""
    for key in [key for key in document if str(key) not in plain]:
        del document[key]
    keys = {str(key): key for key in document}
    for place, (key, value) in enumerate(plain.items()):
        if key not in keys:
            document.insert(min(place, len(document)), key, _new(value))
        elif not same(value, was.get(key)):
            held = document[keys[key]]
            below = was.get(key)
            if isinstance(value, Mapping) and isinstance(below, Mapping) and hasattr(held, "insert") and value:
                _lay(held, value, below)
            else:
                document[keys[key]] = _new(value)
    if [str(key) for key in document] != list(plain):
        for key in plain:
            document.move_to_end(keys.get(key, key))


def _new(value: Any) -> Any:
    """A value as a node of the document: maps that hold no others stand on one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, Mapping):
        made = CommentedMap((key, _new(below)) for key, below in value.items())
        if not any(isinstance(below, (Mapping, list)) for below in value.values()):
            made.fa.set_flow_style()
        return made
    if isinstance(value, (list, tuple)):
        listed = CommentedSeq(_new(below) for below in value)
        if not any(isinstance(below, (Mapping, list)) for below in value):
            listed.fa.set_flow_style()
        return listed
    return DoubleQuotedScalarString(value) if isinstance(value, str) and _quoted(value) else value


def _quoted(text: str) -> bool:
    """What YAML could take for something else than this text."""
    return text[:1] in "+-.0123456789=" and bool(text)


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.1 or 1.2 could take for a number; words like ``no`` are quoted anyway."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if text[:1] in "+-.0123456789" and text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
