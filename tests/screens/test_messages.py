"""The inbox, the bell, preferences and the settings of what goes outside, as pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from yuanke import messages

from tests.screens.conftest import Site, Visitor, texts
from tests.screens.world import HOSTILE

As = Callable[[str], Visitor]


@pytest.fixture(autouse=True)
def swept(site: Site) -> Iterator[None]:
    """Each test begins with nobody told anything."""
    from yuanke.messages import OUTGOING

    yield
    with site.app.installation.unit(site.enterprise, write=True) as unit:
        for key in ("message", "reminder", "message_preference", "webhook"):
            unit.execute(unit.tables[key].delete())
        unit.execute(OUTGOING.delete())


def tell(site: Site, who: str, text: str, **more: Any) -> int:
    with site.app.installation.unit(site.enterprise, write=True) as unit:
        return messages.notify(unit, [site.users[who]], text, **more)[site.users[who]]


def unread(site: Site, who: str) -> int:
    from yuanke.access.sessions import actor_of

    with site.app.installation.unit(site.enterprise) as unit:
        return messages.unread(unit, actor_of(unit, site.users[who], "screen")).count


# -- the inbox ----------------------------------------------------------------------------------------------------


def test_the_inbox_shows_what_waits_and_on_request_everything(site: Site, as_: As) -> None:
    lin = as_("lin")
    first = tell(site, "lin", "旧消息")
    tell(site, "lin", "新消息", kind="approval", entity="deal", record=site.ids["mine"])
    tell(site, "mo", "别人的")
    assert lin.post(f"/messages/{first}/read").status_code == 303
    page = lin.get("/messages").text
    assert "新消息" in page and "旧消息" not in page and "别人的" not in page
    assert f'href="/records/deal/{site.ids["mine"]}"' in page and "审批" in page and "今天" in page
    everything = lin.get("/messages?all=1").text
    assert "新消息" in everything and "旧消息" in everything


def test_an_empty_inbox_says_so(as_: As) -> None:
    assert "没有未读消息" in as_("lin").get("/messages").text
    assert "没有消息" in as_("lin").get("/messages?all=1").text
    assert as_("gao").get("/messages").status_code == 200, "who may do nothing else is told things too"


def test_what_people_typed_is_no_markup(site: Site, as_: As) -> None:
    tell(site, "lin", HOSTILE, entity="deal", record=1)
    page = as_("lin").get("/messages").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_one_is_read_in_place_and_the_bell_is_told(site: Site, as_: As) -> None:
    made, lin = tell(site, "lin", "x"), as_("lin")
    answer = lin.post(f"/messages/{made}/read", htmx=True)
    assert answer.status_code == 200 and "is-new" not in answer.text and f"yk-m-{made}" in answer.text
    assert "yk-read" in answer.headers["HX-Trigger"] and unread(site, "lin") == 0
    assert as_("mo").post(f"/messages/{made}/read").status_code == 404


def test_marking_all_leaves_what_came_after_the_page(site: Site, as_: As) -> None:
    seen, lin = tell(site, "lin", "a"), as_("lin")
    tell(site, "lin", "b")
    assert lin.post("/messages/read-all", {"up_to": str(seen)}).status_code == 303
    assert unread(site, "lin") == 1
    lin.post("/messages/read-all")
    assert unread(site, "lin") == 0


def test_older_ones_come_page_by_page(site: Site, as_: As) -> None:
    for number in range(53):
        tell(site, "lin", f"第{number:03}条")
    lin = as_("lin")
    page = lin.get("/messages").text
    assert "第052条" in page and "第003条" in page and "第002条" not in page and "99+" not in page
    more = re.findall(r'hx-get="(/messages[?]before=\d+)"', page)[0]
    part = lin.get(more, htmx=True).text
    assert "第002条" in part and "第003条" not in part and "<html" not in part
    assert lin.get("/messages?before=x").status_code == 400


def test_the_bell_answers_304_until_something_happens(site: Site, as_: As) -> None:
    lin, mo = as_("lin"), as_("mo")
    first = lin.get("/messages/unread")
    assert first.json == {"unread": 0, "said": "", "newest": None, "approvals": ""}
    tag = first.headers["ETag"]
    assert lin.get("/messages/unread", If_None_Match=tag).status_code == 304
    assert mo.get("/messages/unread", If_None_Match=tag).status_code == 200
    made = tell(site, "lin", "第一行\n第二行", entity="deal", record=5)
    now = lin.get("/messages/unread", If_None_Match=tag)
    newest = {"id": made, "text": "第一行", "url": "/records/deal/5"}
    assert now.json == {"unread": 1, "said": "1", "newest": newest, "approvals": ""}
    assert "private" in now.headers["Cache-Control"]


def test_strangers_have_no_bell(site: Site) -> None:
    assert site.app.test_client().get("/messages/unread").status_code in (302, 401)


# -- reminders ----------------------------------------------------------------------------------------------------


def test_a_reminder_is_ended_by_whom_it_is_for(site: Site, as_: As) -> None:
    with site.app.installation.unit(site.enterprise, write=True) as unit:
        messages.remind(unit, [site.users["lin"]], "今天签约", entity="deal", record=site.ids["mine"], key="k")
        line = messages.reminders_of(unit, _actor(site, unit, "lin"))[0].id
    assert as_("mo").post(f"/reminders/{line}/done", htmx=True).status_code == 404
    answer = as_("lin").post(f"/reminders/{line}/done", htmx=True)
    assert answer.status_code == 200 and answer.text == ""
    with site.app.installation.unit(site.enterprise) as unit:
        assert messages.reminders_of(unit, _actor(site, unit, "lin")) == []


def test_the_workbench_shows_ones_own_reminders_and_messages(site: Site, as_: As) -> None:
    tell(site, "lin", "只给林")
    with site.app.installation.unit(site.enterprise, write=True) as unit:
        messages.remind(unit, [site.users["lin"]], "今天签约", entity="deal", record=site.ids["mine"], key="k")
    page = as_("lin").get("/").text
    assert "今天签约" in page and "/done" in page and "只给林" in page
    assert "今天签约" not in as_("mo").get("/").text and "没有提醒" in as_("mo").get("/").text


def _actor(site: Site, unit: Any, who: str) -> Any:
    from yuanke.access.sessions import actor_of

    return actor_of(unit, site.users[who], "screen")


# -- preferences --------------------------------------------------------------------------------------------------


def test_preferences_are_ticked_and_kept(site: Site, as_: As) -> None:
    lin = as_("lin")
    page = lin.get("/me/messages").text
    assert page.count("checked") >= 8 and "企业微信" not in page, "channels that reach nobody are not shown"
    form = {
        "shown": ["app", "mail"], "wants": ["app:approval", "app:reminder", "mail:notice"], "quiet_since": "22:00", "quiet_till": "08:00",
        "quiet_weekend": "1", "quiet_weekend:given": "1", "auto_follow:given": "1", "digest:given": "1", "digest_at": "07:15",
    }  # fmt: skip
    assert lin.post("/me/messages", form).status_code == 303
    kept = site.door("lin", lambda r: r.list("message_preference").records[0])
    kept = site.get("message_preference", kept.id, "lin").values
    assert kept["channels"] == {"app": ["approval", "reminder"], "mail": ["notice"]}
    assert (f"{kept['quiet_since']:%H:%M}", kept["quiet_weekend"], kept["auto_follow"], kept["digest"]) == (
        "22:00",
        True,
        False,
        False,
    )
    lin.post("/me/messages", {**form, "wants": []})
    assert site.door("lin", lambda r: len(r.list("message_preference").records)) == 1
    assert "22:00" in lin.get("/me/messages").text


def test_wrong_hours_are_told_at_their_field(as_: As) -> None:
    answer = as_("lin").post("/me/messages", {"shown": ["app"], "quiet_since": "25:00"})
    assert answer.status_code == 422 and "yk-wrong" in answer.text


# -- what goes outside --------------------------------------------------------------------------------------------


def test_the_mail_server_is_set_by_an_administrator_and_its_password_never_shown(site: Site, as_: As) -> None:
    root = as_("root")
    assert as_("lin").get("/settings/messages").status_code == 403
    assert as_("lin").post("/settings/messages", {"host": "x"}).status_code == 403
    form = {
        "host": "smtp.example.com", "port": "465", "security": "ssl", "username": "crm@example.com", "password": "geheim9", "sender": "",
        "sender_name": "爱客", "address": "https://crm.example.com",
    }  # fmt: skip
    assert root.post("/settings/messages", form).status_code == 303
    page = root.get("/settings/messages").text
    assert "smtp.example.com" in page and "geheim9" not in page and "已设置，留空则不变" in page
    root.post("/settings/messages", {**form, "password": "", "port": "587", "security": "starttls"})
    with site.app.installation.unit(site.enterprise) as unit:
        from yuanke.messages.account import mail_account

        kept = mail_account(unit)
    assert (kept.host, kept.port, kept.security, kept.password, kept.sender) == (
        "smtp.example.com", 587, "starttls", "geheim9", "crm@example.com",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "smtp example.com"),
        ("port", "0"),
        ("port", "x"),
        ("security", "rot13"),
        ("sender", "no address"),
        ("address", "ftp://x"),
    ],
)
def test_wrong_settings_are_told_at_their_field(as_: As, field: str, value: str) -> None:
    form = {
        "host": "smtp.example.com",
        "port": "",
        "security": "ssl",
        "username": "",
        "sender": "a@example.com",
        "address": "",
    }
    answer = as_("root").post("/settings/messages", {**form, field: value})
    assert answer.status_code == 422 and "yk-wrong" in answer.text


def test_settings_are_tried_out_by_a_job_that_says_at_once_what_is_wrong(site: Site, as_: As, monkeypatch: Any) -> None:
    root = as_("root")
    answer = root.post("/settings/messages/test")
    assert answer.status_code == 303 and answer.location == "/settings/messages", "root has no address yet"
    made = site.door("root", lambda r: r.create("webhook", {"name": "erp", "url": "http://127.0.0.1:59999/hook"}).id)
    job = root.post(f"/settings/messages/webhooks/{made}/test").location
    site.run_jobs()
    assert "不能访问" in texts(root.get(job).text)
    assert root.post("/settings/messages/webhooks/999/test").status_code == 404
    monkeypatch.setenv("YUANKE_ALLOW_ADDRESSES", "127.0.0.1")
    job = root.post(f"/settings/messages/webhooks/{made}/test").location
    site.run_jobs()
    assert "连不上" in texts(root.get(job).text), "a trial is not tried again by itself"
    assert "失败" in texts(root.get("/settings/messages").text)


def test_everything_that_goes_outside_is_switched_off_and_on(site: Site, as_: As) -> None:
    root = as_("root")
    root.post("/settings/messages/switch", {"on": "0"})
    assert "对外发送已关闭" in root.get("/settings/messages").text
    root.post("/settings/messages/switch", {"on": "1"})
    assert "对外发送已关闭" not in root.get("/settings/messages").text


# -- mentions -----------------------------------------------------------------------------------------------------


def test_only_people_who_may_read_the_record_are_offered(site: Site, as_: As) -> None:
    def offered(who: str, record: int, q: str) -> list[str]:
        return [one["insert"] for one in as_(who).get(f"/records/deal/{record}/people?q={q}").json["result"]]

    assert offered("lin", site.ids["mine"], "mo") == ["Mo"] and offered("lin", site.ids["mine"], "gao") == []
    assert offered("mo", site.ids["his"], "lin") == []
    assert as_("lin").get(f"/records/deal/{site.ids['his']}/people?q=mo").status_code == 404
