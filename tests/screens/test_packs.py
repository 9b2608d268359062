"""The pages of packs: what runs, what could, installed and upgraded after the plan was seen, taken out with the data kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict
from yuanke.storage import definitions
from yuanke.storage.packs import signing

from tests.screens.changing import changing, head, take_back
from tests.screens.conftest import Site, Visitor, texts
from tests.screens.html import Form, dialog_form

HERE = "/settings/packs"
GYM = """
module: gym
label: 健身房
version: {version}
entities:
  course:
    label: {label}
    fields:
      name: {{type: text!, label: 名称}}
      seats: {{type: integer, label: 名额}}
"""
README = """# 健身房

课程和**会员**。<script>alert(1)</script> [坏](javascript:alert(1)) [好](https://example.com)
![图](https://example.com/x.png)

| 对象 | 用途 |
|---|---|
| 课程 | 排课 |
"""


@pytest.fixture
def shelf(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of packs with the gym in it; after the test nothing of it runs."""
    monkeypatch.setenv("YUANKE_PACKS", str(tmp_path))
    ship(tmp_path)
    with site.app.installation.unit(site.enterprise) as unit:
        before = definitions.layers_of(unit)
    yield tmp_path
    from yuanke.storage.apply import change

    take_back(site)
    change(site.app.installation, site.enterprise, lambda unit: before, None, {"*": "restore"})


def ship(folder: Path, version: str = "1.0.0", label: str = "课程") -> Path:
    (folder / "gym").mkdir(exist_ok=True)
    (folder / "gym" / "README.md").write_text(README, "utf-8")
    file = folder / "gym" / "gym.yaml"
    file.write_text(GYM.format(version=version, label=label), "utf-8")
    return file


def installed(root: Visitor) -> None:
    form = planned(root)
    if form.action.endswith("/plan"):  # another test left its table behind
        form = dialog_form(root.post(form.action, MultiDict({**form.values, "decide.course": "fresh"}), htmx=True).text)
    assert root.post(form.action, form.values, htmx=True).headers["HX-Redirect"] == HERE


def planned(root: Visitor) -> Form:
    answer = root.post(f"{HERE}/gym/plan", {}, htmx=True)
    assert answer.status_code == 200, answer.text
    return dialog_form(answer.text)


def modules(site: Site) -> dict[str, str]:
    with site.app.installation.unit(site.enterprise) as unit:
        return {x.name: str(x.plain().get("version", "")) for x in definitions.layers_of(unit) if x.rank == "module"}


def test_a_pack_is_looked_at_before_it_is_installed(as_: Callable[[str], Visitor], shelf: Path) -> None:
    root = as_("root")
    page = root.get(HERE).text
    assert "健身房" in page and "世界" in texts(page.split("yk-packs-i")[-1])
    html = root.get(f"{HERE}/gym").text
    assert "<strong>会员</strong>" in html and "<table>" in html and 'href="https://example.com"' in html
    assert "<script>alert" not in html and "javascript:" not in html.replace("(javascript:alert(1))", "")
    assert "example.com/x.png" not in html, "no picture is fetched from elsewhere"
    assert signing.digest_of([shelf / "gym" / "gym.yaml"]) in html and "没有签名" in html
    assert root.get(f"{HERE}/nix").status_code == root.get(f"{HERE}/..").status_code == 404


def test_it_is_installed_after_its_plan_was_seen_and_taken_out_with_its_data_kept(
    site: Site, as_: Callable[[str], Visitor], shelf: Path
) -> None:
    root, at = as_("root"), head(site)
    form = planned(root)
    assert head(site) == at and form.action == f"{HERE}/gym/apply"
    assert (
        root.post(form.action, MultiDict({**form.values, "reason": "开一家"}), htmx=True).headers["HX-Redirect"] == HERE
    )
    assert modules(site)["gym"] == "1.0.0" and root.get("/records/course").status_code == 200
    assert "开一家" in root.get("/settings/customize/versions").text
    course = site.door("root", lambda r: r.create("course", {"name": "瑜伽"}).id)
    out = dialog_form(root.post(f"{HERE}/installed/gym/remove/plan", {}, htmx=True).text)
    assert root.post(out.action, out.values, htmx=True).headers["HX-Redirect"] == HERE
    assert "gym" not in modules(site) and root.get("/records/course").status_code == 404
    again = planned(root)
    assert again.action == f"{HERE}/gym/plan", "what lies there is asked about"
    form = dialog_form(root.post(again.action, MultiDict({**again.values, "decide.course": "restore"}), htmx=True).text)
    assert root.post(form.action, form.values, htmx=True).headers["HX-Redirect"] == HERE
    assert site.get("course", course, "root").values["name"] == "瑜伽"


def test_an_upgrade_asks_where_the_enterprise_changed_the_same(
    site: Site, as_: Callable[[str], Visitor], shelf: Path
) -> None:
    root = as_("root")
    installed(root)
    changing(site, {"entities": {"course": {"label": "团课", "fields": {"seats": {"label": "座位"}}}}})
    ship(shelf, "2.0.0", "班次")
    assert "更新到 2.0.0" in root.get(HERE).text and "已安装 1.0.0" in root.get(f"{HERE}/gym").text
    asked = planned(root)
    assert asked.action == f"{HERE}/gym/plan"
    at = head(site)
    assert "choose.entities.course.label" in root.post(f"{HERE}/gym/apply", asked.values, htmx=True).text
    assert head(site) == at, "nothing is decided silently"
    chosen = MultiDict({**asked.values, "choose.entities.course.label": "theirs"})
    form = dialog_form(root.post(asked.action, chosen, htmx=True).text)
    assert root.post(form.action, form.values, htmx=True).headers["HX-Redirect"] == HERE
    with site.app.installation.unit(site.enterprise) as unit:
        course = unit.registry.entities["course"]
        assert (course.label.zh, course.fields["seats"].label.zh) == ("班次", "座位")
    assert modules(site)["gym"] == "2.0.0"


def test_a_pack_that_is_broken_or_was_changed_after_signing_is_told_and_not_installed(
    as_: Callable[[str], Visitor], shelf: Path
) -> None:
    root = as_("root")
    file = shelf / "gym" / "gym.yaml"
    key = shelf / "key"
    public = signing.new_key(key)
    signing.sign([file], key)
    assert public in root.get(f"{HERE}/gym").text and "有签名" in root.get(HERE).text
    file.write_text(file.read_text("utf-8").replace("名额", "位子"), "utf-8")
    assert "它在签名之后被改过" in root.get(f"{HERE}/gym").text
    for act in ("plan", "apply"):
        assert root.post(f"{HERE}/gym/{act}", {}, htmx=True).status_code == 409
    file.write_text("module: gym\nentities: [\n", "utf-8")
    assert root.get(HERE).status_code == 200
    assert root.post(f"{HERE}/gym/plan", {}, htmx=True).status_code == 422


def test_an_empty_shelf_says_where_packs_are_put(
    as_: Callable[[str], Visitor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUANKE_PACKS", str(tmp_path))
    monkeypatch.setenv("YUANKE_MODULES", str(tmp_path))
    assert str(tmp_path) in as_("root").get(HERE).text


def test_nobody_but_an_administrator_opens_them(as_: Callable[[str], Visitor], shelf: Path) -> None:
    mo = as_("mo")
    assert mo.get(HERE).status_code == mo.get(f"{HERE}/gym").status_code == 403
    for act in ("gym/plan", "gym/apply", "installed/world/remove/plan", "installed/world/remove/apply"):
        assert mo.post(f"{HERE}/{act}", {}, htmx=True).status_code == 403
