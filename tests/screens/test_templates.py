"""Rules that templates, styles and scripts keep, told with the line that breaks one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "platform" / "yuanke" / "screens"
FRONTEND = ROOT / "frontend"
TEMPLATES = sorted([*(SCREENS / "templates").rglob("*.html"), *(SCREENS / "widgets").rglob("*.html")])
SCRIPTS = sorted([FRONTEND / "app.js", *(FRONTEND / "scripts").glob("*.js")])
FORBIDDEN = {
    "a style attribute (the CSP blocks it)": r"\sstyle\s*=",
    "an inline handler (the CSP blocks it)": r"\son[a-z]+\s*=\s*[\"']",
    "hx-on, js: or hx-live (they compile text)": r"hx-on|=\s*[\"']js:|hx-live|hx-vals=[\"']js",
    "x-html (Alpine's CSP build has none)": r"x-html",
    "a file of somebody else's server": r"(src|href)=\"https?:",
    "the safe filter on something from outside": r"\|\s*safe\b(?![^{]*%\})",
}
#: markup that a template itself wrote, handed on through a variable or a macro's argument
SAFE = re.compile(r"'[^']*'\s*\|\s*safe|\"<b>0</b>\"\|safe|format\(field\.length\)\)\|safe")


def lines(files: list[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{file.relative_to(ROOT)}:{number}", line


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_no_template_holds(rule: str) -> None:
    pattern = re.compile(FORBIDDEN[rule])
    broken = [place for place, line in lines(TEMPLATES) if pattern.search(SAFE.sub("", line))]
    assert not broken


def test_scripts_compile_no_text() -> None:
    pattern = re.compile(r"\beval\(|new Function|insertAdjacentHTML|document\.write|setAttribute\('style'")
    assert not [place for place, line in lines(SCRIPTS) if pattern.search(line)]


def test_html_is_made_from_text_in_four_known_places_only() -> None:
    # a row's own template, the editor's own content, the cross of a look-up, a form that the server drew: nothing else
    # may be parsed as HTML
    known = {"rows.js", "rich.js", "lookup.js", "designer.js"}
    found = {file.name for file in SCRIPTS if re.search(r"innerHTML|html:", file.read_text(encoding="utf-8"))}
    assert found <= known


def test_every_template_parses_and_says_what_it_needs() -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"])
    silent = []
    for file in TEMPLATES:
        source = file.read_text(encoding="utf-8")
        environment.parse(source, filename=str(file))
        if not source.lstrip().startswith("{#") and file.name not in ("_board_head.html", "_failure.html"):
            silent.append(file.name)
    assert not silent


def test_every_class_that_a_template_names_is_styled() -> None:
    styles = "".join(f.read_text(encoding="utf-8") for f in (FRONTEND / "styles").glob("*.scss"))
    other = re.compile(r'(id|for|aria-\w+|form|hx-\w+|data-[\w-]+|href|value)="[^"]*"|\{#.*?#\}', re.S)
    name = re.compile(r"(?<![\w#\"'-])yk-[a-z0-9-]*[a-z0-9]")
    used = {n for file in TEMPLATES for n in name.findall(other.sub("", file.read_text(encoding="utf-8")))}
    # hooks of scripts, and names that end in something computed
    hooks = {"yk-row", "yk-all", "yk-row-no", "yk-file-list", "yk-lookup", "yk-unit"}
    unknown = {n for n in used - hooks if f".{n}" not in styles and f"{n}-" not in styles}
    assert not {n for n in unknown if not re.fullmatch(r"yk-w-\d+|yk-w|yk-l", n)}


def test_every_word_that_a_script_says_is_given() -> None:
    words = (SCREENS / "templates" / "_words.html").read_text(encoding="utf-8")
    given = set(re.findall(r'"(\w+)": _\(', words))
    source = "".join(file.read_text(encoding="utf-8") for file in SCRIPTS)
    said = set(re.findall(r"\bsay\('(\w+)'[,)]", source)) | set(
        re.findall(r"'(fault\w*|act_\w+|tag_\w+|half_row|whole_row|lookup_\w+)'", source)
    )
    assert said - {"lookup_ready"} <= given
    assert given <= {word for word in given if f"'{word}'" in source}, "words nobody says"


def test_htmx_finds_nothing_written_the_old_way() -> None:
    node, checker = shutil.which("node"), ROOT / "node_modules/htmx.org/dist/scripts/upgrade-check.js"
    if node is None or not checker.is_file():
        pytest.skip("needs node and the checkout's node_modules")
    told = subprocess.run(
        [node, str(checker), str(SCREENS)], capture_output=True, text=True, check=False, cwd=ROOT
    ).stdout
    # hx-disable is meant in its new sense; a nested element that sends has its own hx-target, hx-swap, hx-sync
    old = [
        line for line in told.splitlines() if "[" in line and "[inheritance]" not in line and "hx-disable " not in line
    ]
    assert not old


def test_the_lock_names_no_host_and_pins_every_package() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in entry for path, entry in packages.items() if path)
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert all(
        re.fullmatch(r"\d+\.\d+\.\d+", v) for kind in ("dependencies", "devDependencies") for v in wanted[kind].values()
    )
