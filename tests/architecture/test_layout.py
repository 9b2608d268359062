"""House rules that are programs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "platform" / "yuanke"
SOURCES = sorted(ENGINE.rglob("*.py"))
#: keys of modules that are also plain words of the engine or of the platform's own entities
COMMON = {
    "name", "label", "key", "type", "kind", "status", "state", "number", "number_", "note", "notes", "remark", "title", "subject", "amount",
    "total", "date", "start", "end", "stage", "level", "owner", "tags", "unit", "code", "email", "mobile", "tel", "phone", "address", "region", "source",
    "quantity", "price", "discount", "currency", "position", "parent", "file", "files", "image", "lines", "order", "task", "user", "department",
    "description", "reason", "result", "priority", "open", "count", "month", "day", "year", "next_on", "web", "fax", "rate", "tax", "summary",
    "location", "category", "style", "gender", "manager", "head", "children", "text", "value", "language", "locked", "photo", "calendar", "items",
    "net", "gross", "gift", "batch", "items_", "weight", "intro", "relation", "industry", "contacts", "score", "barcode", "place", "leap", "nth",
    "assignees", "progress", "done_at", "start_at", "end_at", "people", "employees", "brand", "size", "spec", "lead", "birthday", "ext_code",
}


def test_the_engine_knows_no_entity_of_the_modules() -> None:
    """Entity keys and telling field keys of ``modules/*.yaml`` appear nowhere in the engine's code, data or templates."""
    found = []
    words = _keys_of_modules()
    for path in [*SOURCES, *ENGINE.rglob("*.yaml"), *ENGINE.rglob("*.html")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            hit = words.search(line)
            if hit and "translations" not in path.parts:
                found.append(f"{path.relative_to(ROOT)}:{number}: {hit.group(0)}")
    assert not found, "\n".join(found[:40])


def _keys_of_modules() -> re.Pattern[str]:
    from yuanke.metadata import Layer

    keys: set[str] = set()
    for path in sorted((ROOT / "modules").glob("*.yaml")):
        for key, entity in (Layer.read_file(path, "module").plain().get("entities") or {}).items():
            keys |= {key, *(entity.get("fields") or {})}
    telling = sorted(keys - COMMON)
    assert {"customer", "opportunity", "supplier"} <= set(telling)
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, telling)) + r")(?![\w-])")


def test_the_platform_folder_never_hides_the_standard_library() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
    said = subprocess.run([sys.executable, "-c", "import platform; print(platform.system())"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0 and said.stdout.strip()


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_every_module_says_why_it_exists(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree), f"{path} has no docstring"


def test_no_statement_is_built_from_text() -> None:
    """Names from outside resolve to columns; SQL text is never glued (reliability: injection by order, field, filter)."""
    glued = re.compile(r"(?:\btext|literal_column)\(\s*f[\"']|\.format\([^)]*\)\s*\)\s*#\s*sql", re.IGNORECASE)
    found = [str(p.relative_to(ROOT)) for p in SOURCES if glued.search(p.read_text(encoding="utf-8"))]
    assert not found, found


def test_no_file_of_the_engine_is_a_god_file() -> None:
    """Files aim at 100 lines; beyond 420 one holds more than one thing."""
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 420}
    assert not long, long


def test_names_say_what_things_are() -> None:
    vague = re.compile(r"^class \w*(?:Manager|Helper|Utils?)\b", re.MULTILINE)
    allowed = {"SecurityManager"}  # Flask-AppBuilder's word for its own thing
    found = [
        f"{p.relative_to(ROOT)}: {hit}" for p in SOURCES for hit in vague.findall(p.read_text(encoding="utf-8")) if hit.split()[1] not in allowed
    ]
    assert not found, found


def test_the_packages_point_one_way() -> None:
    said = subprocess.run([str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout[-3000:]
