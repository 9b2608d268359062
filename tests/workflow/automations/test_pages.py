"""The pages of jobs, schedules and automations: what an administrator reads and presses; nobody else finds them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from yuanke import jobs
from yuanke.kernel.actor import Enterprise
from yuanke.workflow.automations import upkeep

from tests.served import browser


@pytest.fixture
def dialect() -> str:
    return "sqlite"


class Admin:
    """Pages and buttons of one person."""

    def __init__(self, app: Any, name: str) -> None:
        self.app, self.client = app, browser(app, "acme", name)

    def page(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text[:500]
        return re.sub(r"\s+", " ", answer.text)

    def press(self, path: str, status: int = 303, **form: str) -> str:
        answer = self.client.post(path, data=form, headers={"X-CSRF-Token": self.client.token})
        assert answer.status_code == status, answer.text[:500]
        return answer.text


@pytest.fixture
def see(app: Any, front_desk: Enterprise) -> Any:
    return lambda name: Admin(app, name)


@pytest.fixture
def worked(app: Any, see: Any) -> tuple[Any, int]:
    """Two visits by chief: one welcomed, and one whose automation was refused."""
    from yuanke.access.sessions import actor_of
    from yuanke.records import Records

    installation = app.installation
    with installation.unit("acme", write=True) as unit:
        chief = next(r.id for r in unit.execute(unit.tables["user"].select()) if r.username == "chief")
        door = Records(unit, actor_of(unit, chief, "api"))
        first = door.create("visit", {"name": "北京某信息", "amount": "150"}).id
        other = door.create("visit", {"name": "西安博远"}).id
    with installation.unit("acme", write=True) as unit:
        Records(unit, actor_of(unit, chief, "api")).update("visit", other, {"note": "refuse"})
    with installation.unit("acme", write=True) as unit:
        upkeep.look_after(unit)
    jobs.run_pending(installation, "acme")
    return installation, first


def test_nobody_but_an_administrator_finds_them(see):
    chief = see("chief")
    for path in ("/settings/jobs", "/settings/automations", "/settings/automations/visit/welcome"):
        chief.page(path, 404)
    chief.press("/settings/automations/visit/welcome/pause", 404)
    chief.press("/settings/automations/pause", 404)


def test_jobs_are_shown_by_state_with_what_went_wrong_and_put_back(see, worked):
    root = see("root")
    page = root.page("/settings/jobs?state=failed")
    assert "有 1 处需要修改：Text 不能为空" in page and "重试" in page
    retry = re.search(r'action="(/settings/jobs/\d+/retry)"', page)[1]
    root.press(retry)
    assert root.page("/settings/jobs?state=failed").count("/retry") == 0
    root.press(retry)  # it waits already: said, not failed
    assert "只有失败或已停止的任务可以重试" in root.page("/settings/jobs")


def test_a_waiting_job_is_stopped(see, worked):
    root = see("root")
    page = root.page("/settings/jobs?state=queued")
    assert "定时自动化" in page and "Chase" in page
    for stop in re.findall(r'action="(/settings/jobs/\d+/cancel)"', page):
        root.press(stop)
    assert "没有任务" in root.page("/settings/jobs?state=queued")


def test_what_is_planned_is_listed_with_its_next_time(see, worked):
    page = see("root").page("/settings/jobs?show=schedules")
    assert "周一至周五 08:00" in page and "每天 01:00" in page


def test_automations_say_when_they_run_and_how_it_went(see, worked):
    root = see("root")
    page = root.page("/settings/automations")
    for said in (
        "欢迎",
        "新建之后",
        "修改“金额、物品”之后",
        "成交、流失之后",
        "到 ends_on - days(3) 时",
        "外部系统调用时",
        "保存之前",
        "每小时",
    ):
        assert said in page, said
    failed = root.page("/settings/automations?show=failed")
    assert "Broken" in failed and "欢迎" not in failed
    one = root.page("/settings/automations/visit/welcome")
    assert "amount &gt; 100" in one and "北京某信息" in one and "chief" in one.lower()
    assert "有 1 处需要修改" in root.page("/settings/automations/visit/broken")
    root.page("/settings/automations/visit/nothing", 404)


def test_one_is_paused_and_all_are(see, worked):
    root = see("root")
    root.press("/settings/automations/visit/welcome/pause")
    assert "已暂停" in root.page("/settings/automations/visit/welcome")
    assert "欢迎" in root.page("/settings/automations?show=off")
    root.press("/settings/automations/visit/welcome/resume")
    assert "automations/visit/welcome" not in root.page("/settings/automations?show=off")
    root.press("/settings/automations/pause")
    assert "全部自动化已暂停" in root.page("/settings/automations")
    root.press("/settings/automations/resume")
    assert "全部暂停" in root.page("/settings/automations")


def test_a_dry_run_asks_for_a_record_and_shows_what_it_would_do(see, worked):
    installation, visit = worked
    root = see("root")
    assert "在哪条记录上试" in root.page("/settings/automations/visit/welcome/dry-run")
    assert "请选择一条记录" in root.press("/settings/automations/visit/welcome/dry-run", 422)
    found = root.press("/settings/automations/visit/welcome/dry-run", 200, record=str(visit))
    assert "什么都没有改变" in found and "北京某信息" in found and "150" in found
    with installation.unit("acme") as unit:
        assert len(unit.execute(unit.tables["entry"].select()).all()) == 1  # the one of the real run


def test_a_secret_is_shown_once(see):
    root = see("root")
    assert "还没有密钥" in root.page("/settings/automations/order_in/paid")
    shown = root.press("/settings/automations/order_in/paid/secret", 200)
    assert "whsec_" in shown and "密钥只显示这一次" in shown
    assert not re.search(r"whsec_[A-Za-z0-9+/]{20}", root.page("/settings/automations/order_in/paid"))


def test_in_english(see, worked):
    root = see("root")
    root.client.post("/lang", data={"locale": "en"}, headers={"X-CSRF-Token": root.client.token})
    page = root.page("/settings/automations")
    assert "After: New" in page and "Every hour" in page and "When another system calls" in page
    assert "Background jobs" in root.page("/settings/jobs")
