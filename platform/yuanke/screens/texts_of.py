"""Definitions that somebody writes as YAML on a page: read with suspicion, judged while he types.

The one rule: a text is judged by the same checks as a file; a fault says its line.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from yuanke.kernel.diagnostics import DefinitionError
from yuanke.metadata import Layer, compile_layers
from yuanke.screens.plans import faults_of
from yuanke.screens.reader import Reader
from yuanke.storage import definitions

FILE = "overlay.yaml"
LONGEST = 1_000_000


def read_overlay(text: str) -> Layer:
    """The enterprise's own layer as the text says it. Raises DefinitionError when it cannot be read."""
    if not text.strip():
        return Layer.from_plain(definitions.OWN, "enterprise", {})
    read = Layer.read_text(text, FILE, "enterprise")
    if read.faults:
        raise DefinitionError(read.faults)
    return Layer(definitions.OWN, "enterprise", read.node, file=FILE, text=text)


def judged(reader: Reader, text: str, fault: DefinitionError | None = None) -> dict[str, Any]:
    """``{ok, said, faults: [{where, said, hint}]}``: what is wrong with the text, on top of the modules that run."""
    try:
        if fault is not None:
            raise fault
        own = read_overlay(text)
        compile_layers(definitions.replaced(definitions.layers_of(reader.unit), own))
    except DefinitionError as found:
        faults = _with_lines(reader, found)
        return {"ok": False, "said": str(_("%(n)s 处错误", n=len(faults))), "faults": faults}
    return {"ok": True, "said": str(_("检查通过")), "faults": []}


def _with_lines(reader: Reader, fault: DefinitionError) -> list[dict[str, str]]:
    wrong = [d for d in fault.diagnostics if not d.is_warning]
    said = faults_of(reader, fault)
    for one, diagnostic in zip(said, wrong, strict=True):
        span = diagnostic.span
        if span.line and span.file == FILE:
            one["where"] = str(_("第 %(n)s 行", n=span.line))
        elif diagnostic.other is not None and diagnostic.other.file == FILE and diagnostic.other.line:
            one["where"] = str(_("第 %(n)s 行", n=diagnostic.other.line))
    return said
