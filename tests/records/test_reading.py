from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yuanke.kernel.errors import QueryFault, RecordNotFound
from yuanke.records import Condition, LinkValue, Query


@pytest.fixture
def trading(company: Any) -> Any:
    with company.as_("boss") as door:
        ids = {}
        for name, owner in (("北京某信息技术有限公司", "ann"), ("上海百川贸易公司", "bob"), ("北信通讯", "ann")):
            ids[name] = door.create("firm", {"name": name, "owner": company.ids[owner], "secret": f"内情 {name}"}).id
        pen = door.create("product", {"name": "笔", "list_price": 5}).id
        for at, id_ in enumerate(ids.values()):
            lines = [{"product": pen, "quantity": at + 1}]
            door.create(
                "deal", {"firm": id_, "owner": company.ids["bob"], "lines": lines, "state": "won" if at else "open"}
            )
    company.firms = ids
    return company


def test_a_list_holds_exactly_what_the_actor_may_see(trading: Any) -> None:
    with trading.as_("ann", write=False) as door:
        page = door.list("firm", Query(count="exact"))
        assert {r.values["name"] for r in page.records} == {"北京某信息技术有限公司", "北信通讯"} and page.count == 2
    with trading.as_("clerk", write=False) as door:
        assert door.list("firm").count == 3


def test_a_link_one_may_not_see_is_hidden_and_filters_as_nothing(trading: Any) -> None:
    with trading.as_("bob", write=False) as door:
        deals = door.list("deal", Query(sort=("id",), fields=("firm",))).records
        assert [d.values["firm"].hidden for d in deals] == [True, False, True]
        assert deals[0].values["firm"] == LinkValue(None, None, True)
        assert door.list("deal", Query(filter="firm.name == '北信通讯'")).count == 0
        assert door.list("deal", Query(filter="firm.name == '上海百川贸易公司'")).count == 1
        assert door.list("deal", Query(conditions=(Condition("firm.name", "contains", "北"),))).count == 0


def test_a_hidden_field_reads_like_an_unknown_one_everywhere(trading: Any) -> None:
    with trading.as_("ann", write=False) as door:
        asks = [
            Query(fields=("{0}",)),
            Query(sort=("{0}",)),
            Query(filter="{0} == 'x'"),
            Query(filter="count(deals[firm.{0} == 'x']) > 0"),
            Query(conditions=(Condition("{0}", "contains", "内"),)),
        ]
        for ask in asks:
            told = set()
            for name in ("secret", "nosuch"):
                with pytest.raises(QueryFault) as fault:
                    door.list("firm", _named(ask, name))
                told.add(str(fault.value.said).replace(name, "X"))
            assert len(told) == 1, told
        record = door.get("firm", trading.firms["北信通讯"])
        assert "secret" not in record.values
        assert door.list("firm", Query(q="内情")).count == 0 and door.search("内情") == []


def _named(query: Query, name: str) -> Query:
    swap = lambda text: text.replace("{0}", name) if isinstance(text, str) else text  # noqa: E731
    return Query(
        filter=swap(query.filter),
        fields=query.fields and tuple(map(swap, query.fields)),
        sort=tuple(map(swap, query.sort)),
        conditions=tuple(Condition(swap(c.field), c.operator, c.value) for c in query.conditions),
    )


def test_fields_of_one_role_do_not_show_in_rows_of_another(trading: Any) -> None:
    """Seller (own rows, no secret) and clerk (all rows, secret, no amounts of deals): row by row, not the union."""
    with trading.as_("both", write=False) as door:
        assert door.list("firm", Query(fields=("secret",))).count == 3
        deals = door.list("deal", Query(fields=("amount",))).records
        assert {d.values["amount"] for d in deals} == {None}, "amounts belong to the seller's own rows only"
        assert door.list("deal", Query(filter="amount > 0")).count == 0


def test_a_formula_is_hidden_with_its_source(trading: Any) -> None:
    with trading.as_("clerk", write=False) as door:
        record = door.list("deal", Query(sort=("id",), limit=1)).records[0]
        assert "amount" not in record.values
        assert "limit_ok" not in door.get("deal", record.id).values


def test_declared_views_and_expressions_narrow_a_list(trading: Any) -> None:
    with trading.as_("boss", write=False) as door:
        assert door.list("deal", Query(view="open")).count == 1
        assert door.list("deal", Query(view="mine")).count == 0
        assert door.list("deal", Query(filter="amount >= 10 and state == won")).count == 2
        assert door.list("firm", Query(filter="count(deals[state == won]) == 1")).count == 2
        with pytest.raises(QueryFault):
            door.list("deal", Query(view="nosuch"))


def test_search_finds_parts_initials_and_scattered_characters(trading: Any) -> None:
    with trading.as_("boss", write=False) as door:
        for text in ("某信", "信息技", "bjmx", "mx", "KH0001", "京 技术"):
            assert [h.title for h in door.search(text)][:1] == ["北京某信息技术有限公司"], text
        assert door.search("北信")[0].title == "北信通讯"
        assert door.search("贸海")[0].title == "上海百川贸易公司", "single characters when nothing holds them together"
        assert door.search("") == [] and door.search("%_") == []
        assert [link.title for link in door.lookup("firm", "bx")] == ["北信通讯"]
    with trading.as_("bob", write=False) as door:
        assert [h.title for h in door.search("公司") if h.entity == "firm"] == ["上海百川贸易公司"]


def test_related_lists_show_only_what_hangs_there_and_may_be_seen(trading: Any) -> None:
    firm = trading.firms["北信通讯"]
    with trading.as_("boss", write=False) as door:
        assert door.related("firm", firm, "deals").count == 1
    with trading.as_("ann", write=False) as door:
        assert door.related("firm", firm, "deals").count == 0, "the deals are bob's"
        with pytest.raises(RecordNotFound):
            door.related("firm", trading.firms["上海百川贸易公司"], "deals")


def test_history_tells_before_and_after_under_field_rights(trading: Any) -> None:
    firm = trading.firms["北信通讯"]
    with trading.as_("boss") as door:
        door.update("firm", firm, {"level": "a", "secret": "新内情"})
        entries = door.history("firm", firm)
        assert [e.verb for e in entries] == ["update", "create"]
        assert entries[0].changes["level"] == ("b", "a") and "secret" in entries[0].changes
        assert entries[0].by.title == "boss" and entries[0].door == "api"
    with trading.as_("ann", write=False) as door:
        assert set(door.history("firm", firm)[0].changes) == {"level", "rank"}


@pytest.mark.parametrize("sort", [("-amount",), ("reason", "-signed_on"), ("firm",), ("-reason",), ()])
def test_pages_follow_each_other_without_gap_or_repeat(trading: Any, sort: tuple[str, ...]) -> None:
    with trading.as_("boss") as door:
        firm = trading.firms["北信通讯"]
        for at in range(9):
            door.create("deal", {"firm": firm, "state": "lost", "reason": f"r{at % 3}"} if at % 2 else {"firm": firm})
        whole = [r.id for r in door.list("deal", Query(sort=sort, limit=100)).records]
        seen, after = [], None
        while True:
            page = door.list("deal", Query(sort=sort, limit=2, after=after))
            seen += [r.id for r in page.records]
            after = page.next
            if after is None:
                break
        assert seen == whole and len(whole) == 12


@pytest.mark.parametrize("after", ["x", "bnVsbA", "W10", "WzEsMiwzLDRd", "eyJhIjoxfQ"])
def test_a_foreign_cursor_is_a_clear_fault(trading: Any, after: str) -> None:
    with trading.as_("boss", write=False) as door, pytest.raises(QueryFault):
        door.list("firm", Query(after=after))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60), name=st.sampled_from(["filter", "sort", "view", "after", "q"]))
def test_no_text_in_a_query_breaks_the_door(trading: Any, text: str, name: str) -> None:
    value: Any = (text,) if name == "sort" else text
    with trading.as_("boss", write=False) as door, contextlib.suppress(QueryFault):
        door.list("firm", Query(**{name: value}))


def test_money_is_exact_and_sums_are_exact(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id
        pen = door.create("product", {"name": "笔"}).id
        for _ in range(30):
            door.create("deal", {"firm": firm, "lines": [{"product": pen, "price": "0.10"}]})
        assert door.get("firm", firm).values["deals_total"] == Decimal("3.00")
        assert door.list("firm", Query(filter="sum(deals.amount) == 3")).count == 1


PLACES = """
entities:
  place:
    fields:
      name: text!
      region: region
      tags: tags
      marks: {options: [x, y, z], multiple: true}
      size: integer
    permissions: {admin: {read: all}}
"""


@pytest.mark.parametrize(
    ("field", "operator", "value", "found"),
    [
        ("region", "within", ["广东省"], "ab"),
        ("region", "within", ["广东省/深圳市", None], "ac"),
        ("tags", "within", ["新"], "a"),
        ("marks", "within", ["y", "z"], "ab"),
        ("marks", "contains", "x", "a"),
        ("size", "in", [1, None], "ac"),
        ("size", "between", [2, None], "b"),
        ("name", "contains", "%", ""),
        ("name", "starts", "b", "b"),
        ("tags", "empty", None, "bc"),
        ("size", "ne", 1, "bc"),
    ],
)
def test_clicked_filters_mean_what_they_say(
    installation: Any, enterprise: Any, field: str, operator: str, value: Any, found: str
) -> None:
    from tests.records.conftest import Company

    company = Company(installation, enterprise(PLACES), {"admin": ["admin"]})
    with company.as_("admin") as door:
        door.create(
            "place", {"name": "a", "region": "广东省/深圳市/南山区", "tags": ["新"], "marks": ["x", "y"], "size": 1}
        )
        door.create("place", {"name": "b", "region": "广东省/广州市", "marks": ["z"], "size": 2})
        door.create("place", {"name": "c"})
        page = door.list("place", Query(conditions=(Condition(field, operator, value),), sort=("name",)))
        assert "".join(r.values["name"] for r in page.records) == found
