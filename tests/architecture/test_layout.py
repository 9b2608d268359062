"""House rules that are programs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "platform" / "yuanke"
SOURCES = sorted(ENGINE.rglob("*.py"))
#: entities whose key is a plain English word as well: only their telling fields can be looked for
PLAIN_WORDS = {
    "order",
    "task",
    "product",
    "lead",
    "quote",
    "receipt",
    "payment",
    "shipment",
    "contract",
    "project",
    "requirement",
    "trip",
    "stock",
    "note",
    "action",
    "call",
}
#: kinds of fields and settings of the platform that a module has an entity of too
PLATFORM_WORDS = {"barcode", "currency", "region"}
#: two-word keys that the platform's own entities have too
PLATFORM_KEYS = {
    "ext_code",
    "start_at",
    "end_at",
    "done_at",
    "media_type",
    "valid_when",
    "is_default",
    "submitted_at",
    "to_department",
    "signed_by",
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
    """Entity keys, and field keys of two words and more (a single word like ``name`` says nothing of where it is from)."""
    from yuanke.metadata import Layer

    keys: set[str] = set()
    for path in sorted((ROOT / "modules").glob("*.yaml")):
        for key, entity in (Layer.read_file(path, "module").plain().get("entities") or {}).items():
            keys |= {key, *(k for k in entity.get("fields") or {} if "_" in k)}
    telling = sorted(keys - PLAIN_WORDS - PLATFORM_WORDS - PLATFORM_KEYS - {"user", "department"})
    assert {"customer", "opportunity", "supplier"} <= set(telling)
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, telling)) + r")s?(?![\w-])")


def test_the_platform_folder_never_hides_the_standard_library() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
    said = subprocess.run(
        [sys.executable, "-c", "import platform; print(platform.system())"], cwd=ROOT, capture_output=True, text=True
    )
    assert said.returncode == 0 and said.stdout.strip()


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_every_module_says_why_it_exists(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree), f"{path} has no docstring"


def test_no_statement_is_built_from_text() -> None:
    """Names from outside resolve to columns; SQL text is never glued (reliability: injection by order, field, filter)."""
    glued = re.compile(r"\b(?:sa\.text|exec_driver_sql\(\s*sa\.text)\(\s*(?:f[\"']|[^)]*\.format\()")
    found = [str(p.relative_to(ROOT)) for p in SOURCES if glued.search(p.read_text(encoding="utf-8"))]
    assert not found, found


def test_no_file_of_the_engine_is_a_god_file() -> None:
    """Files aim at 100 lines; beyond 420 one holds more than one thing (the tables of the dialect's words are data)."""
    tables = ENGINE / "metadata" / "dialect"
    long = {
        str(p.relative_to(ROOT)): n
        for p in SOURCES
        if p.parent != tables and (n := len(p.read_text(encoding="utf-8").splitlines())) > 420
    }
    assert not long, long


def test_names_say_what_things_are() -> None:
    vague = re.compile(r"^class \w*(?:Manager|Helper|Utils?)\b", re.MULTILINE)
    allowed = {"SecurityManager"}  # Flask-AppBuilder's word for its own thing
    found = [
        f"{p.relative_to(ROOT)}: {hit}"
        for p in SOURCES
        for hit in vague.findall(p.read_text(encoding="utf-8"))
        if hit.split()[1] not in allowed
    ]
    assert not found, found


def test_the_packages_point_one_way() -> None:
    said = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "platform"},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stdout[-3000:]
