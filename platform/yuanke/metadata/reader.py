"""YAML text to nodes that remember where they stood.

Rule: depth, aliases and size are capped while the parser's events arrive, before anything is built from them; scalars
are those of YAML 1.2's core schema (``on``, ``no``, ``12:30`` are words, ``010`` is ten), a key stands once in a map.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml

from yuanke.kernel.diagnostics import Diagnostic, Span
from yuanke.metadata.cut import cut_entries, cut_line
from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
_TOO_DEEP = f"More than {MAX_DEPTH} levels; the dialect needs not half of them. Look for a bracket too many."
MAX_NODES = 200_000  # aliases counted each time they are used
MAX_ALIASES = 200

_Loader: Any = getattr(yaml, "CLoader", yaml.Loader)
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_START = frozenset("+-.0123456789")


def read(text: str | bytes, file: str, layer: str = "") -> tuple[Node | None, list[Diagnostic]]:
    """Nodes of one document, and every fault of reading. The node is None when the file cannot be read to its end."""
    content, faults = _decode(text, file)
    node = _build(content, file, layer, faults) if content is not None else None
    return node, faults.sorted()


def _build(content: str, file: str, layer: str, faults: Faults) -> Node | None:
    whole = Span(file)
    if len(content) > MAX_BYTES:
        faults.add(
            "E105",
            whole,
            "The file is too big",
            f"It has {len(content):,} characters; at most {MAX_BYTES:,} are read. Split it into several modules.",
        )
        return None
    builder = _Builder(content, file, layer, faults)
    try:
        for event in yaml.parse(content, Loader=_Loader):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        _tell_syntax(error, content, file, faults)
        return None
    except yaml.YAMLError as error:  # a character the reader refuses: it knows its position only
        position = getattr(error, "position", 0) or 0
        faults.add(
            "E107",
            _span_at(content, position, file),
            "A character that may not stand in a file",
            "Remove the control character, or write it as an escape inside double quotes.",
        )
        return None
    root = builder.root
    if root is None or not root.is_map:
        faults.add(
            "E108",
            root or whole,
            "The file holds no map",
            'A module file is a map that begins with "module: <name>" (a customization with "customization: <name>").',
        )
        return None
    return root


def _decode(text: str | bytes, file: str) -> tuple[str | None, Faults]:
    lines: list[str] = []
    faults = Faults(lambda span: lines[span.line - 1] if 0 < span.line <= len(lines) else "")
    content: str | None = None
    if isinstance(text, bytes) and len(text) > MAX_BYTES * 4:
        faults.add(
            "E105", Span(file), "The file is too big", f"It has {len(text):,} bytes. Split it into several modules."
        )
        return None, faults
    try:
        content = text.decode("utf-8") if isinstance(text, bytes) else text
        content.encode("utf-8")
    except UnicodeDecodeError as error:
        assert isinstance(text, bytes)
        before = text[: error.start]
        span = Span(file, before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        faults.add(
            "E107",
            span,
            "The file is not UTF-8 text",
            "Save the file as UTF-8 (without other encodings such as GBK or UTF-16).",
        )
        return None, faults
    except UnicodeEncodeError as error:
        faults.add(
            "E107",
            _span_at(text if isinstance(text, str) else "", error.start, file),
            "A character that may not stand in a file",
            "Remove the lone surrogate: it is half of a character.",
        )
        return None, faults
    content = content.removeprefix("\ufeff")
    lines.extend(content.splitlines())
    return content, faults


def _span_at(text: str, position: int, file: str) -> Span:
    before = text[:position]
    return Span(file, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _tell_syntax(error: yaml.MarkedYAMLError, content: str, file: str, faults: Faults) -> None:
    lines = content.splitlines()
    mark = error.problem_mark or error.context_mark
    if mark is not None and mark.line >= len(lines) and error.context_mark is not None:
        mark = error.context_mark  # it ran to the end of the file: where it began says more
    span = Span(file, mark.line + 1, mark.column + 1) if mark else Span(file)
    line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    mended = cut_line(line)
    if mended and mended != line:
        faults.add(
            "E104",
            span,
            "An expression in { } is cut by YAML",
            f"Inside {{ }} a value that holds , [ ] {{ }} is quoted, or stands on its own line:\n    {mended.strip()}",
        )
        return
    problem = (error.problem or "it cannot be read").strip()
    if "nesting depth" in problem:  # the parser's own cap, met while it looks ahead
        faults.add("E105", span, "The file is nested too deeply", _TOO_DEEP)
        return
    hint = "Check the indentation and the quotes of this line and the one before."
    if "\t" in line[: max(span.column, 1)] or "'\\t'" in problem:
        hint = "Indent with spaces: YAML does not allow tabs there."
    elif "anchor" in problem or "alias" in problem:
        hint = "Quote a value that begins with * or &."
    elif line.rstrip().endswith(":") is False and "mapping values are not allowed" in problem:
        hint = 'Quote a text that holds ": ", and put a space after the colon of a key.'
    faults.add("E101", span, "This is not YAML", f"{problem[0].upper()}{problem[1:]}. {hint}", _context(error, file))


def _context(error: yaml.MarkedYAMLError, file: str) -> Span | None:
    mark = error.context_mark
    return Span(file, mark.line + 1, mark.column + 1) if mark and error.problem_mark else None


class _Frame:
    """A map or list that is still open; ``entries`` are (key node, value node, value was left empty)."""

    __slots__ = ("anchor", "entries", "flow", "is_map", "key", "pending", "size_before", "span")

    def __init__(self, is_map: bool, flow: bool, span: Span, key: Span | None, anchor: str | None, size: int) -> None:
        self.is_map = is_map
        self.flow = flow
        self.span = span
        self.key = key
        self.entries: list[tuple[Node, Node, bool]] = []
        self.pending: Node | None = None
        self.anchor = anchor
        self.size_before = size


class _Builder:
    """Builds nodes from parser events with a stack of its own, so that no nesting can exhaust Python's or C's."""

    def __init__(self, text: str, file: str, layer: str, faults: Faults) -> None:
        self.text, self.file, self.layer, self.faults = text, file, layer, faults
        self.root: Node | None = None
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.size = 0
        self.aliases = 0
        self.documents = 0

    def take(self, event: Any) -> bool:
        """Use one event; False when a cap is reached and reading must stop."""
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            return self._open(event)
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            return self._close()
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.faults.add(
                    "E108",
                    self._span(event),
                    "A second document in one file",
                    "Take away the --- line, or put what follows into a file of its own.",
                )
                return False
        return True

    def _span(self, event: Any) -> Span:
        return Span(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _full(self, span: Span) -> bool:
        if self.size <= MAX_NODES:
            return False
        self.faults.add(
            "E105",
            span,
            "The file unfolds too far",
            f"Counting every use of an alias it holds more than {MAX_NODES:,} values. Write less, or split the file.",
        )
        return True

    def _scalar(self, event: Any) -> bool:
        span = self._span(event)
        self.size += 1
        plain = event.style is None or event.style == ""
        if event.tag is not None and event.tag != "!":
            self._tell_tag(span, event.tag)
        value = self._resolve(event.value, span) if plain and event.implicit[0] else event.value
        node = Node(value, span, self.layer, raw=event.value if plain else None)
        empty = plain and event.value == ""
        self._remember(event.anchor, node, 1)
        self._add(node, empty)
        return not self._full(span)

    def _resolve(self, text: str, span: Span) -> Any:
        if text in _NULL:
            return None
        if text[0] in _NUMBER_START:
            if _INTEGER.fullmatch(text) and len(text) <= 30:
                return int(text, 8 if text[:2] == "0o" else 16 if text[:2] == "0x" else 10)
            if _FLOAT.fullmatch(text) and len(text) <= 40 and any(c.isdigit() for c in text):
                return Decimal(text)
            if _INFINITE.fullmatch(text):
                self.faults.add(
                    "E106", span, "A number without end", f'"{text}" is no value of the dialect. Leave the key away.'
                )
                return None
            return text
        return _BOOL.get(text, text)

    def _open(self, event: Any) -> bool:
        span = self._span(event)
        self.size += 1
        if len(self.stack) >= MAX_DEPTH:
            self.faults.add(
                "E105",
                span,
                "The file is nested too deeply",
                _TOO_DEEP,
            )
            return False
        if event.tag is not None and event.tag != "!":
            self._tell_tag(span, event.tag)
        is_map = isinstance(event, yaml.MappingStartEvent)
        key = self.stack[-1].pending if self.stack and self.stack[-1].is_map else None
        if is_map and self.stack and self.stack[-1].is_map and key is None:
            self.faults.add(
                "E102",
                span,
                "A key must be a word",
                "Maps and lists cannot be keys; quote the text if it is meant as one.",
            )
        self.stack.append(
            _Frame(is_map, bool(event.flow_style), span, key.span if key else None, event.anchor, self.size)
        )
        return not self._full(span)

    def _close(self) -> bool:
        frame = self.stack.pop()
        entries = frame.entries
        if frame.flow:
            entries = cut_entries(entries, frame.is_map, self.text, self.faults)
        value: Any = self._map(entries) if frame.is_map else [value for _, value, _ in entries]
        node = Node(value, frame.span, self.layer, frame.key)
        self._remember(frame.anchor, node, self.size - frame.size_before + 1)
        self._add(node, False)
        return True

    def _map(self, entries: list[tuple[Node, Node, bool]]) -> dict[str, Node]:
        made: dict[str, Node] = {}
        for key, value, _ in entries:
            word = self._word(key)
            if word is None:
                continue
            if word in made:
                first = made[word].key
                self.faults.add(
                    "E103",
                    key.span,
                    f'The key "{word}" stands twice',
                    f"It stands on line {first.line}; a key may stand once in a map. Take one away or rename it.",
                    first,
                )
                continue
            value.key = key.span
            made[word] = value
        return made

    def _word(self, key: Node) -> str | None:
        if isinstance(key.value, (dict, list)):
            self.faults.add(
                "E102",
                key.span,
                "A key must be a word",
                "Maps and lists cannot be keys; quote the text if it is meant as one.",
            )
            return None
        if key.raw == "":
            self.faults.add(
                "E102", key.span, "A key is missing before the colon", "Write the key, or take the colon away."
            )
        return str(key.raw if key.raw is not None else key.value)

    def _alias(self, event: Any) -> bool:
        span = self._span(event)
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self.faults.add(
                "E105",
                span,
                "Too many aliases",
                f'More than {MAX_ALIASES} uses of *alias; say it with "like:" instead.',
            )
            return False
        known = self.anchors.get(event.anchor)
        if known is None:
            self.faults.add("E101", span, f'Nothing is called "&{event.anchor}"', "Quote a value that begins with *.")
            return False
        target, size = known
        self.size += size
        self._add(Node(target.value, span, self.layer, raw=target.raw), False)
        return not self._full(span)

    def _remember(self, anchor: str | None, node: Node, size: int) -> None:
        if anchor:
            self.anchors[anchor] = (node, size)

    def _tell_tag(self, span: Span, tag: str) -> None:
        self.faults.add(
            "E106",
            span,
            f'The tag "{tag}" has no meaning here',
            "The dialect has plain values only. Take the tag away (quote the value if it must stay text).",
        )

    def _add(self, node: Node, empty: bool) -> None:
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        if not frame.is_map:
            frame.entries.append((node, node, empty))
        elif frame.pending is None:
            frame.pending = node
        else:
            frame.entries.append((frame.pending, node, empty))
            frame.pending = None
