"""The real application in a real Chromium: served from this process with its worker, one company that runs all modules.

Every test makes the records it changes, and no test counts on the order of the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.watching import SIZES, Watch, ready
from tests.served import PASSWORD

if TYPE_CHECKING:
    from yuanke.kernel.actor import Enterprise
    from yuanke.records import Records
    from yuanke.storage import Installation

PEOPLE = {"mo": ("陈默", ("boss", "admin")), "lin": ("林晓", ("sales",))}
CUSTOMERS = ["杭州之江科技有限公司", "深圳嘉禾电子有限公司", "上海智联软件有限公司", "北京启明教育集团"]

PRODUCTS = [("P-1", "协同平台标准版", "1000"), ("P-2", "移动审批模块", "2600"), ("P-3", "实施服务", "500")]


@dataclass
class Company:
    """``ids`` are the records everybody begins with: ``customers``, ``products``, ``supplier``, ``opportunity``, ``order``."""

    installation: Installation
    enterprise: Enterprise
    address: str
    users: dict[str, int]
    ids: dict[str, Any] = field(default_factory=dict)

    def door(self, work: Callable[[Records], Any], username: str = "mo") -> Any:
        """``work`` with the door of this person, committed."""
        from yuanke.access.sessions import actor_of
        from yuanke.records import Records

        with self.installation.unit(self.enterprise, write=True) as unit:
            return work(Records(unit, actor_of(unit, self.users[username], "screen")))

    def make(self, entity: str, username: str = "mo", **values: Any) -> int:
        return self.door(lambda records: records.create(entity, values).id, username)

    def get(self, entity: str, record_id: int) -> Any:
        return self.door(lambda records: records.get(entity, record_id))

    def order(self, username: str = "mo", **values: Any) -> int:
        """An order of the first customer with one line of three pieces at 1,000."""
        line = {"product": self.ids["products"][0], "quantity": "3"}
        start = {"customer": self.ids["customers"][0], "subject": "年度采购", "lines": [line]}
        return self.make("order", username, **{**start, **values})

    def opportunity(self, **values: Any) -> int:
        start = {
            "name": "之江扩容",
            "customer": self.ids["customers"][0],
            "expect_sign_on": "2027-03-31",
            "expect_amount": "50000",
        }
        return self.make("opportunity", **{**start, **values})


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The application on a free port, with the jobs' worker that ``yuanke serve`` runs."""
    from waitress.server import create_server
    from yuanke.access import people
    from yuanke.app import create_app
    from yuanke.jobs import Runner
    from yuanke.storage import create_enterprise

    app = create_app({"YUANKE_HOME": tmp_path_factory.mktemp("company"), "YUANKE_DATABASE_URL": None})
    enterprise = create_enterprise(app.installation, "acme", "爱客科技")
    with app.installation.unit(enterprise, write=True) as unit:
        users = {key: people.create_user(unit, key, name, PASSWORD, roles) for key, (name, roles) in PEOPLE.items()}
    server = create_server(app, host="127.0.0.1", port=0, threads=4, ident="yuanke")
    thread = threading.Thread(target=server.run, daemon=True)
    jobs = Runner(app.installation).start()
    made = Company(app.installation, enterprise, f"http://127.0.0.1:{server.effective_port}", users)
    _fill(made)
    thread.start()
    yield made
    jobs.stop()
    server.close()
    app.installation.close()


def _fill(company: Company) -> None:
    """Four known customers and forty like them, three products, one of each of what hangs on a customer."""
    make, ids = company.make, company.ids
    many = [{"name": f"华北客户{n:02}有限公司", "level": "abc"[n % 3]} for n in range(40)]
    ids["customers"] = [make("customer", name=name, tel="0571-88886666") for name in CUSTOMERS]
    company.door(lambda records: records.batch("customer", create=many))
    kind = make("product_category", name="软件")
    ids["products"] = [
        make("product", code=code, name=name, category=kind, unit="套", list_price=price, tax_rate="13")
        for code, name, price in PRODUCTS
    ]
    ids["contact"] = make("contact", name="周敏", customer=ids["customers"][0])
    ids["supplier"] = make("supplier", name="苏州连接器厂")
    ids["opportunity"] = company.opportunity()
    ids["order"] = company.order()
    make("customer", "lin", name="林晓的客户")


class Desks:
    """One context for each person and size, made and logged in when it is first asked for."""

    def __init__(self, browser: Browser, company: Company) -> None:
        self.browser, self.company = browser, company
        self.made: dict[tuple[str, str], BrowserContext] = {}

    def blank(self, size: str) -> BrowserContext:
        return self.browser.new_context(
            viewport=SIZES[size], locale="zh-CN", has_touch=size == "phone", base_url=self.company.address,
            reduced_motion="reduce",
        )  # fmt: skip

    def of(self, username: str, size: str) -> BrowserContext:
        if (username, size) not in self.made:
            context = self.made[username, size] = self.blank(size)
            page = context.new_page()
            log_in(page, username)
            page.close()
        return self.made[username, size]


def log_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    for name, value in (("enterprise", "acme"), ("username", username), ("password", password)):
        page.fill(f"[name={name}]", value)
    page.click("button.yk-lg-go")
    ready(page)


@pytest.fixture(scope="session")
def desks(browser: Browser, company: Company) -> Iterator[Desks]:
    made = Desks(browser, company)
    yield made
    for context in made.made.values():
        context.close()


@pytest.fixture
def at_work(desks: Desks) -> Iterator[Callable[..., Page]]:
    """``at_work("/records/order/new", "lin", "phone", allow=(422,))`` -> a page of the real application, ready.

    At the end of the test none of its pages may have said anything: no error, no breach of the CSP.
    """
    watched: list[tuple[Page, Watch]] = []

    def open_(path: str, username: str = "mo", size: str = "desktop", allow: tuple[int, ...] = ()) -> Page:
        context = desks.of(username, size) if username else desks.blank(size)
        page = context.new_page()
        page.set_default_timeout(8000)
        watch = Watch(page)
        watch.allow(*allow)
        watched.append((page, watch))
        page.goto(path)
        ready(page)
        return page

    yield open_
    for page, _ in watched:
        page.close(run_before_unload=False)
    said = [text for _, watch in watched for text in watch.said]
    assert not said, said
