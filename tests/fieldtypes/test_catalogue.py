"""Types come through the hook: the platform's always, a plugin's while it is registered."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from yuanke.fieldtypes import OPERATORS, FieldType, catalogue
from yuanke.fieldtypes.text import Text
from yuanke.kernel.hooks import hooks, impl
from yuanke.kernel.text import Label

#: the names of the dialect, with those that its telling keys stand for
NAMES = """
text long_text rich_text integer number quantity money price percent bool date datetime time month duration rating
phone email url region address user department file image tags json color barcode choice choices link dynamic_link
links rows sequence
"""


class Stars(Text):
    name = "stars"


class Plugin:
    def __init__(self, *kinds: FieldType) -> None:
        self.kinds = kinds

    @impl
    def field_types(self) -> list[FieldType]:
        return list(self.kinds)


@pytest.fixture
def plugins() -> Iterator[list[object]]:
    brought: list[object] = []
    yield brought
    for plugin in brought:
        hooks().unregister(plugin)


def register(plugins: list[object], *kinds: FieldType) -> None:
    plugin = Plugin(*kinds)
    hooks().register(plugin)
    plugins.append(plugin)


def test_every_type_of_the_dialect_is_there() -> None:
    assert set(catalogue()) >= set(NAMES.split())
    assert all(name == kind.name for name, kind in catalogue().items())


def test_it_is_collected_once_also_by_many_threads() -> None:
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(catalogue())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(map(id, seen))) == 1


def test_a_plugins_type_comes_and_goes_with_it(plugins: list[object]) -> None:
    before = catalogue()
    register(plugins, Stars())
    assert "stars" in catalogue()
    assert list(catalogue())[: len(before)] == list(before)
    hooks().unregister(plugins.pop())
    assert "stars" not in catalogue()


def test_two_types_of_one_name_are_refused_naming_both(plugins: list[object]) -> None:
    register(plugins, Stars())
    register(plugins, Stars())
    with pytest.raises(ValueError, match=r"'stars'.*taken by Stars"):
        catalogue()


def test_a_plugin_cannot_replace_a_type_of_the_platform(plugins: list[object]) -> None:
    register(plugins, Text())
    with pytest.raises(ValueError, match=r"'text'.*taken by Text"):
        catalogue()


@pytest.mark.parametrize("kind", catalogue().values(), ids=lambda kind: kind.name)
def test_a_type_says_all_that_screens_and_docs_need(kind: FieldType) -> None:
    assert isinstance(kind.label, Label) and isinstance(kind.help, Label)
    assert kind.label.zh != kind.label.en or kind.name == "json"
    assert kind.help.zh != kind.help.en
    assert kind.widget and kind.example
    assert set(kind.operators) <= set(OPERATORS)
    assert kind.operators[-2:] == ("empty", "filled")
    assert kind.stored == (kind.name not in ("links", "rows"))
