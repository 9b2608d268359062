"""Expressions that a flow map ``{ }`` or ``[ ]`` cuts at a comma or bracket: found, told, and mended by quoting.

Rule: a mended line differs from the written one by a pair of quotes only.
"""

from __future__ import annotations

import re

from yuanke.kernel.diagnostics import Span
from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node

Entry = tuple[Node, Node, bool]
_OPEN, _CLOSE = "([{", ")]}"


def unbalanced(text: str) -> int:
    """Brackets opened and not closed in ``text``; negative when more are closed. Quoted text counts for nothing."""
    depth, quote = 0, ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in _OPEN:
            depth += 1
        elif c in _CLOSE:
            depth -= 1
    return depth


def cut_entries(entries: list[Entry], is_map: bool, text: str, faults: Faults) -> list[Entry]:
    """Entries of a flow collection with cut expressions put together again, each told as E104."""
    kept: list[Entry] = []
    index = 0
    while index < len(entries):
        key, value, empty = entries[index]
        depth = unbalanced(value.raw) if isinstance(value.value, str) and value.raw is not None else 0
        last = index
        while depth > 0 and last + 1 < len(entries) and (entries[last + 1][2] or not is_map):
            last += 1
            depth += unbalanced(str(entries[last][0].raw or entries[last][0].value))
        if last > index and depth == 0:
            pieces = [value.raw or ""] + [
                str(entries[i][0].raw or entries[i][0].value) for i in range(index + 1, last + 1)
            ]
            whole = ", ".join(pieces)
            named = f" of {key.value}" if is_map else ""
            _tell(faults, value.span, named, whole, text)
            value = Node(whole, value.span, value.layer, value.key)
        elif empty and is_map and unbalanced(str(key.raw or "")):
            _tell(faults, key.span, "", str(key.raw), text)
            last = index
            index = last + 1
            continue
        kept.append((key, value, empty) if is_map else (value, value, empty))
        index = last + 1
    return kept


def _tell(faults: Faults, span: Span, named: str, whole: str, text: str) -> None:
    lines = text.splitlines()
    line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    mended = cut_line(line) or f'"{whole}"'
    faults.add(
        "E104",
        span,
        f"The value{named} is cut at a comma",
        f"Inside {{ }} and [ ] quote an expression that holds a comma or bracket:\n    {mended.strip()}",
    )


_KEY_AHEAD = re.compile(r"""\s*(?:[A-Za-z_][\w+-]*|"[^"]*"|'[^']*')\s*:(?:\s|$)""")
_VALUE = re.compile(r"""(?<=[{,\s])([A-Za-z_][\w+-]*|"\*")\s*:\s+(?=[^\s"'|>#&*!])""")


def mend(text: str) -> tuple[str, int]:
    """``text`` with the cut lines of its flow maps quoted, and how many lines that changed; others stay as they are."""
    lines = text.splitlines(keepends=True)
    changed = 0
    for index, line in enumerate(lines):
        body = line.rstrip("\r\n")
        mended = cut_line(body)
        if mended is not None and not body.lstrip().startswith("#"):
            lines[index] = mended + line[len(body) :]
            changed += 1
    return "".join(lines), changed


def cut_line(line: str) -> str | None:
    """``line`` with every cut value of its flow maps quoted, or None when nothing is to be mended.

    A value runs to the next comma that a key follows, or to the bracket that closes its map; one that holds
    a comma, a bracket or a brace on the way needs quotes.
    """
    line, comment = _split_comment(line)
    position = line.find("{")
    if position < 0:
        return None
    made, changed = line[:position], False
    while (found := _VALUE.search(line, position)) is not None:
        begin = found.end()
        made += line[position:begin]
        if _is_collection(line, begin):
            position = begin
            continue
        value = line[begin : _end_of_value(line, begin)].rstrip()
        if re.search(r"[,\[\]{}]", value):
            made += '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            changed = True
        else:
            made += value
        position = begin + len(value)
    return made + line[position:] + comment if changed else None


def _split_comment(line: str) -> tuple[str, str]:
    """The line and the comment behind it: `` #`` outside quotes begins one."""
    quote = ""
    for index, c in enumerate(line):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c == "#" and (index == 0 or line[index - 1] in " \t"):
            return line[:index], line[index:]
    return line, ""


def _is_collection(line: str, begin: int) -> bool:
    """Whether a map or list of YAML begins here, and not a text that only looks like one (``{due} is late``)."""
    if line[begin] not in "{[":
        return False
    depth, quote = 0, ""
    for index in range(begin, len(line)):
        c = line[index]
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in _OPEN:
            depth += 1
        elif c in _CLOSE:
            depth -= 1
            if depth == 0:
                return line[index + 1 :].lstrip()[:1] in ("", ",", "}", "]", "#")
    return True


def _end_of_value(line: str, begin: int) -> int:
    depth, quote = 0, ""
    for index in range(begin, len(line)):
        c = line[index]
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in _OPEN:
            depth += 1
        elif c in _CLOSE:
            if depth == 0:
                return index
            depth -= 1
        elif c == "," and depth == 0 and _KEY_AHEAD.match(line, index + 1):
            return index
    return len(line)
