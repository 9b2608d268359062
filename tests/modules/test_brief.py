"""Every item of the mission's list is found on a screen, by whom it is for, over HTTP; docs/coverage.md is the same table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.modules.conftest import plain
from tests.served import browser, enter

ROOT = Path(__file__).resolve().parents[2]
BRIEF: dict[str, dict[str, dict[str, Any]]] = plain(Path(__file__).parent / "brief.yaml")
ITEMS = [(group, name, item) for group, items in BRIEF.items() for name, item in items.items()]
KINDS = ("entity", "page", "setting", "command", "waits")
VERBS = {"c": "create", "r": "read", "u": "update", "d": "delete"}


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The application with every module and its samples, as the command makes them, and one person of each role."""
    from click.testing import CliRunner
    from yuanke.app import create_app
    from yuanke.app.commands import main

    home = tmp_path_factory.mktemp("crm")
    words = ["enterprise", "create", "crm", "--label", "某公司", "--admin", "root", "--password", "geheim-geheim"]
    made = CliRunner(env={"YUANKE_HOME": str(home), "YUANKE_DATABASE_URL": None}).invoke(main, [*words, "--samples"])
    assert made.exit_code == 0, made.output
    app = create_app({"YUANKE_HOME": home, "YUANKE_DATABASE_URL": None, "ENTERPRISE_LIMIT": "off"})
    at = app.installation.enterprise("crm")
    with app.installation.unit(at) as unit:
        roles = list(dict.fromkeys(["admin", *unit.registry.roles]))
    for role in roles:
        enter(app.installation, at, role, role)
    yield app
    app.installation.close()


@pytest.fixture(scope="module")
def person(crm: Any) -> Callable[[str], Any]:
    """``person("sales")`` is a browser in which somebody of this role has logged in."""
    from tests.served import PASSWORD

    known: dict[str, Any] = {}

    def of(role: str) -> Any:
        if role not in known:
            known[role] = browser(crm, "crm", role, PASSWORD)
        return known[role]

    return of


def test_the_samples_of_every_module_are_there(crm: Any) -> None:
    """`yuanke enterprise create --samples` makes what the modules declare, each one of them."""
    with crm.installation.unit(crm.installation.enterprise("crm")) as unit:
        for entity, named in unit.registry.samples.items():
            table = unit.tables[entity]
            assert unit.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() >= len(named), entity


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(group, name, item, id=f"{group}-{name}") for group, name, item in ITEMS if kind in item]


def test_every_item_says_where_it_is_found() -> None:
    wrong = [name for _, name, item in ITEMS if sum(kind in item for kind in KINDS) != 1]
    assert not wrong
    assert all(item["waits"] in ("ledgers", "reports") for _, _, item in ITEMS if "waits" in item)


@pytest.mark.parametrize(("group", "name", "item"), of_kind("entity"))
def test_an_item_is_a_list_a_form_and_rights(
    crm: Any, person: Callable[[str], Any], group: str, name: str, item: dict[str, Any]
) -> None:
    from yuanke.access.grants import grant
    from yuanke.access.sessions import actor_of
    from yuanke.storage import Unit

    entity = item["entity"]
    for role, verbs in item["roles"].items():
        who = person(role)
        page = who.get(f"/records/{entity}")
        assert page.status_code == 200, f"{role} does not open the list of {entity}"
        if "c" in verbs:
            assert who.get(f"/records/{entity}/new").status_code == 200, f"{role}: the form of a new {entity}"

        def allowed(unit: Unit, role: str = role) -> set[str]:
            (user,) = [u for u in unit.execute(unit.tables["user"].select()).mappings() if u["username"] == role]
            actor = actor_of(unit, user["id"], "screen")
            return {v for v, verb in VERBS.items() if grant(unit, actor, unit.registry.entities[entity], verb).allowed}

        with crm.installation.unit(crm.installation.enterprise("crm")) as unit:
            assert set(verbs) <= allowed(unit), f"{role} may {allowed(unit)} with {entity}, wanted {verbs}"


@pytest.mark.parametrize(("group", "name", "item"), of_kind("page"))
def test_an_item_is_a_page(person: Callable[[str], Any], group: str, name: str, item: dict[str, Any]) -> None:
    for role in item.get("roles", {"boss": "r"}):
        answer = person(role).get(item["page"])
        assert answer.status_code in (200, 302), f"{role} does not open {item['page']}"


@pytest.mark.parametrize(("group", "name", "item"), of_kind("setting"))
def test_an_item_is_a_parameter(person: Callable[[str], Any], group: str, name: str, item: dict[str, Any]) -> None:
    assert f'name="{item["setting"]}' in person("admin").get("/settings/parameters").text


def test_tests_that_are_named_stand() -> None:
    missing = [item["test"] for _, _, item in ITEMS if "test" in item and not (ROOT / item["test"]).exists()]
    assert not missing


def test_the_table_of_the_docs_is_this_one() -> None:
    """`python -m tests.modules.test_brief` writes it."""
    assert (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8") == table()


def test_every_page_that_the_menu_leads_to_opens_for_everybody(crm: Any, person: Callable[[str], Any]) -> None:
    """No link of the shell or of 全功能 leads to an error, for any role."""
    with crm.installation.unit(crm.installation.enterprise("crm")) as unit:
        roles = list(dict.fromkeys(["admin", *unit.registry.roles]))
    broken = []
    for role in roles:
        who = person(role)
        links = set(re.findall(r'href="(/[^"#]*)"', who.get("/all").text + who.get("/").text))
        for link in sorted(links):
            if link.startswith(("/static", "/logout")):
                continue
            status = who.get(link.replace("&amp;", "&")).status_code
            if status not in (200, 302, 303):
                broken.append(f"{role}: {link} {status}")
    assert not broken, "\n".join(broken)


WAITS = {"ledgers": "等库存和往来账", "reports": "等报表"}


def table() -> str:
    """The table of docs/coverage.md."""
    lines = [
        "# 功能对照",
        "",
        "任务书里的每一项在哪里、谁来用、由哪个测试守着。由 `python -m tests.modules.test_brief` 生成。",
        "",
    ]
    for group, items in BRIEF.items():
        lines += [f"## {group}", "", "| 任务书 | 在哪里 | 谁 | 测试 |", "|---|---|---|---|"]
        for name, item in items.items():
            lines.append(f"| {name} | {_where(item)} | {_who(item)} | {_tests(item)} |")
        lines.append("")
    return "\n".join(lines)


def _where(item: dict[str, Any]) -> str:
    if "entity" in item:
        return f"`/records/{item['entity']}`"
    if "page" in item:
        return f"`{item['page']}`"
    if "setting" in item:
        return f"系统参数 `{item['setting']}`"
    if "command" in item:
        return f"`{item['command']}`"
    return f"{WAITS[item['waits']]}{'：' + item['why'] if item.get('why') else ''}"


def _who(item: dict[str, Any]) -> str:
    words = {"c": "建", "r": "看", "u": "改", "d": "删"}
    return "；".join(f"{role} {''.join(words[v] for v in verbs)}" for role, verbs in item.get("roles", {}).items())


def _tests(item: dict[str, Any]) -> str:
    return "" if "waits" in item else f"`{item.get('test', 'tests/modules/test_brief.py')}`"


if __name__ == "__main__":
    (ROOT / "docs" / "coverage.md").write_text(table(), encoding="utf-8")
