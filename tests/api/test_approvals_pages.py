"""Approvals as pages: what a browser without scripts does, whose they are, both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.api.test_approvals_api import firm  # noqa: F401
from tests.claims import make_company
from tests.served import browser, templated

templated["firm"] = lambda installation: make_company(installation, "acme")
As = Callable[[str], Any]


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def as_(app: Any, firm: Any) -> As:  # noqa: F811
    """``as_("zhu")``: a browser that has logged in."""
    known: dict[str, Any] = {}

    def open_(name: str) -> Any:
        if name not in known:
            known[name] = browser(app, "acme", name)
        return known[name]

    return open_


@pytest.fixture
def claim(firm: Any) -> int:  # noqa: F811
    made = (
        firm("li").post("/records/claim", {"name": "出差", "items": [{"what": "酒店", "amount": "1500.00"}]}).json["id"]
    )
    firm("li").post(f"/records/claim/{made}/transitions/submit", {})
    return int(made)


def post(client: Any, path: str, **form: Any) -> Any:
    return client.post(path, data={**form, "csrf_token": client.token})


class Text(HTMLParser):
    """What people read of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skip += tag in ("script", "style")
        self.said += [
            value or "" for name, value in attrs if name in ("aria-label", "placeholder", "title", "data-confirm")
        ]

    def handle_endtag(self, tag: str) -> None:
        self.skip -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.skip:
            self.said.append(data)


def read(html: str) -> str:
    parser = Text()
    parser.feed(html)
    return " ".join(parser.said)


def test_the_box_shows_the_paper_with_its_chain(as_: As, claim: int) -> None:
    page = as_("zhu").get("/approvals").text
    for said in ("出差", "¥1,500.00", "部门主管", "等待", "Cai、Cao", "不需要", "酒店"):
        assert said in page, said
    assert "没有等你审批的单据" in as_("cai").get("/approvals").text
    assert as_("zhu").get("/approvals?box=nothing").status_code == 400
    assert as_("zhu").get("/approvals?at=999").status_code == 200, "a paper that is not there is none"


def test_a_dialog_decides_without_scripts(as_: As, claim: int, firm: Any) -> None:  # noqa: F811
    zhu = as_("zhu")
    assert "同意这份报销单？" in zhu.get("/approvals/tasks/1/approve").text
    answer = post(zhu, "/approvals/tasks/1/approve", note="好", back="box")
    assert answer.status_code == 303 and answer.location.endswith("/approvals")
    assert firm("li").get(f"/records/claim/{claim}").json["approval"] == "pending"
    answer = post(as_("cai"), "/approvals/tasks/2/reject", note="")
    assert answer.status_code == 303, "without scripts one is led back and told"
    page = as_("cai").get("/approvals/tasks/2/approve").text
    assert 'name="items.0.approved_amount"' in page and 'name="offset"' in page
    post(as_("cai"), "/approvals/tasks/2/approve", **{"items.0.approved_amount": "1400", "offset": "", "note": ""})
    stands = firm("li").get(f"/records/claim/{claim}").json
    assert (stands["state"], stands["approved_total"]) == ("approved", "1400.00")


def test_what_is_not_mine_is_not_there(as_: As, claim: int) -> None:
    for who in ("wang", "gao"):
        for path in ("/approvals/tasks/1/approve", "/approvals/1/cc"):
            assert as_(who).get(path).status_code == 404, (who, path)
        assert post(as_(who), "/approvals/tasks/1/approve").status_code == 404
        assert post(as_(who), "/approvals/1/withdraw").status_code == 404
    assert as_("zhu").get("/approvals/tasks/1/nothing").status_code == 404
    assert as_("zhu").post("/approvals/tasks/1/approve", data={"note": "x"}).status_code == 400, "without the token"


def test_the_applicant_reminds_and_withdraws_on_the_page_of_the_record(as_: As, claim: int, firm: Any) -> None:  # noqa: F811
    li = as_("li")
    page = li.get(f"/records/claim/{claim}").text
    assert "催办" in page and "撤回" in page and f"/records/claim/{claim}/edit" not in page
    assert post(li, "/approvals/1/remind").status_code == 303
    assert "刚刚催办过" in (post(li, "/approvals/1/remind") and li.get(f"/records/claim/{claim}").text)
    post(li, "/approvals/1/withdraw")
    page = li.get(f"/records/claim/{claim}").text
    assert "已撤回" in page and "撤回了审批" in page and f"/records/claim/{claim}/edit" in page


def test_a_deputy_is_entered_and_ended(as_: As, firm: Any) -> None:  # noqa: F811
    zhu = as_("zhu")
    known = {one["username"]: one["id"] for one in firm("root").get("/records/user?fields=username").json["result"]}
    refused = post(zhu, "/approvals/deputies", deputy=known["zhu"], since="2026-01-01", till="2099-01-01")
    assert refused.status_code == 422 and "不能委托给自己" in refused.text
    refused = post(zhu, "/approvals/deputies", deputy=known["cai"], since="2026-01-02", till="2026-01-01")
    assert refused.status_code == 422 and "结束不能早于开始" in refused.text
    assert (
        post(
            zhu, "/approvals/deputies", deputy=known["cai"], since="2026-01-01", till="2099-01-01", entities="claim"
        ).status_code
        == 303
    )
    page = zhu.get("/approvals/deputies").text
    assert "生效中" in page and "报销单" in page
    assert "你正在代 Zhu 审批" in as_("cai").get("/approvals/deputies").text
    assert post(as_("li"), "/approvals/deputies/1/end").status_code == 404
    assert post(zhu, "/approvals/deputies/1/end").status_code == 303
    assert "生效中" not in zhu.get("/approvals/deputies").text


def test_english_pages_have_no_chinese(as_: As, claim: int, app: Any) -> None:
    zhu = as_("zhu")
    post(zhu, "/lang", locale="en")
    paths = [
        "/approvals",
        "/approvals?batch=1",
        "/approvals?box=mine",
        "/approvals?box=cc",
        "/approvals/deputies",
        f"/records/claim/{claim}",
    ]
    paths += [f"/approvals/tasks/1/{verb}" for verb in ("approve", "reject", "return", "reassign", "add_signer")] + [
        "/approvals/1/cc"
    ]
    for path in paths:
        answer = zhu.get(path)
        assert answer.status_code == 200, path
        said = re.sub("出差|酒店|爱客 科技|销售部|元|语言|简体中文", "", read(answer.text))
        left = re.findall(r"[\u3400-\u9fff]+", said)
        assert not left, (path, left)
