"""docs/plugins.md has a heading for every hook, and shows the example as it is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from yuanke.kernel.hooks import Specs

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")


def hooks() -> list[str]:
    """``before_save(save)`` for every hook, in the order of the specs."""
    found = []
    for name, spec in vars(Specs).items():
        if hasattr(spec, "yuanke_spec"):
            arguments = [argument for argument in inspect.signature(spec).parameters if argument != "self"]
            found.append(f"{name}({', '.join(arguments)})")
    return found


def test_every_hook_has_its_heading_with_its_arguments_and_no_other_has() -> None:
    assert hooks(), "the marker of a hook spec has another name"
    assert re.findall(r"^### (.+)$", PAGE, re.MULTILINE) == hooks()


def test_every_heading_says_something() -> None:
    for section in re.split(r"^### .+$", PAGE, flags=re.MULTILINE)[1:]:
        assert len(section.split()) > 8


def test_the_example_is_shown_as_it_is() -> None:
    source = (ROOT / "plugins" / "credit_code.py").read_text(encoding="utf-8")
    assert f"```python\n{source.rstrip()}\n```" in PAGE


def test_the_files_it_names_are_there() -> None:
    for name in re.findall(r"`((?:plugins|tests)/[\w/]+(?:\.py)?)`", PAGE):
        assert (ROOT / name).exists(), name
