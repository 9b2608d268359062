"""The dialect reference: every key with its meaning, value and example, written from the definitions that check files.

Rule: `docs/dialect.md` behind its mark is exactly this text; ``python -m yuanke.metadata.reference docs/dialect.md``
writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from yuanke.fieldtypes import catalogue
from yuanke.metadata.dialect.context import Shape
from yuanke.metadata.dialect.file import CUSTOMIZATION, MODULE, SECTIONS
from yuanke.metadata.dialect.records import Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import Either, ListOf
from yuanke.metadata.faults import CODES

MARK = "<!-- From here on the text is written by yuanke.metadata.reference. -->"


def dialect_reference() -> str:
    """Markdown: one section for each part of a file, the field types, and the codes of faults."""
    parts = [*_sections(), _types(), _codes()]
    return "\n\n".join(parts) + "\n"


def records() -> list[Record]:
    """Every part of the dialect that has keys, from the file down, each once."""
    found: list[Record] = []
    waiting: list[Shape] = [MODULE, CUSTOMIZATION]
    seen: set[int] = set()
    while waiting:
        shape = waiting.pop(0)
        if id(shape) in seen:
            continue
        seen.add(id(shape))
        if isinstance(shape, Record):
            found.append(shape)
            waiting += [key.shape for key in shape.keys.values()]
        waiting += _inside(shape)
    return found


def _inside(shape: Shape) -> list[Shape]:
    if isinstance(shape, Ref):
        return [shape.target]
    if isinstance(shape, Either):
        return list(shape.shapes)
    if isinstance(shape, ListOf):
        return [shape.item]
    return [shape.value, *shape.further()] if isinstance(shape, MapOf) else list(shape.further())


def _sections() -> Iterator[str]:
    for record in records():
        lines = [f"## {title(record)}", ""]
        if record.told:
            lines += [record.told, ""]
        lines += ["| key | meaning | value | example |", "|---|---|---|---|"]
        shared = SECTIONS if record is CUSTOMIZATION else {}
        lines += [_row(word, key) for word, key in record.keys.items() if word not in shared]
        if shared:
            lines += ["", "And every section of a module file, from settings to translations."]
        yield "\n".join(lines)


def title(record: Record) -> str:
    """The heading of a part: ``a field`` -> ``Field``."""
    name = record.name.removeprefix("a ").removeprefix("an ")
    return name[0].upper() + name[1:]


def _row(word: str, key: Key) -> str:
    must = " (must be there)" if key.required else " (checked, not in force yet)" if key.idle else ""
    example = f"`{word}: {key.example}`" if key.example else ""
    return f"| `{word}` | {_cell(key.says)}{must} | {_cell(key.shape.words())} | {_cell(example)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _types() -> str:
    lines = ["## Field types", "", "| type | 名称 | meaning | example |", "|---|---|---|---|"]
    for name, kind in catalogue().items():
        if not type(kind).__module__.startswith("yuanke."):
            continue  # a plugin's: its own documents tell of it
        lines.append(f"| `{name}` | {kind.label.zh} | {_cell(kind.help.en)} | {_cell(f'`{kind.example}`')} |")
    return "\n".join(lines)


def _codes() -> str:
    lines = [
        "## Codes of faults",
        "",
        "Codes with E are faults, those with W are warnings.",
        "",
        "| code | meaning |",
        "|---|---|",
    ]
    return "\n".join([*lines, *(f"| {code} | {means.en} |" for code, means in CODES.items())])


def write(path: Path) -> None:
    """Put the reference behind the mark of ``path``; what stands before it is written by hand."""
    before, mark, _ = path.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise SystemExit(f"{path} has no line {MARK}")
    path.write_text(f"{before}{MARK}\n\n{dialect_reference()}", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
