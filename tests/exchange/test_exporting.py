"""An export holds the rows of the list and the columns its reader may see, and an import takes it back."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import openpyxl
import pytest
from yuanke.exchange import exporting
from yuanke.kernel.errors import AccessDenied, QueryFault
from yuanke.records import Condition, Query

FIRMS = [
    ["名称", "编码", "等级", "电话", "营收", "日期", "内情", "销售"],
    ["甲公司", "K1", "重点", "13800138000", "1234.50", "2024-03-05", "机密一", "ann"],
    ["=cmd|' /C calc'!A0", "K2", "普通", "+86 138 0013 8001", "0.1", "", "机密二", "ann"],
    ["丙公司", "K3", "一般", "", "", "1999-12-31", "机密三", "bob"],
]
MAPPING = {
    "entity": "firm",
    "columns": {
        "name": "名称",
        "ext_code": "编码",
        "level": "等级",
        "phone": "电话",
        "revenue": "营收",
        "founded": "日期",
        "secret": "内情",
        "owner": "销售",
    },
}


@pytest.fixture
def filled(company):
    job = company.bring(MAPPING, FIRMS, who="admin")
    assert job.result["created"] == 3, company.said(job)
    return company


def read_csv(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_a_csv_holds_labels_and_values_as_people_read_them(filled):
    job, raw = filled.take(
        "firm", "csv", columns=["number", "name", "level", "revenue", "founded", "owner"], query=Query(sort=("id",))
    )
    assert job.state == "done" and job.result["rows"] == 3
    rows = read_csv(raw)
    assert rows[0] == {
        "编号": "KH0001",
        "客户名称": "甲公司",
        "客户级别": "重点",
        "年营收": "1234.50",
        "建立日期": "2024-03-05",
        next(k for k in rows[0] if k not in ("编号", "客户名称", "客户级别", "年营收", "建立日期")): "Ann",
    }
    assert rows[1]["客户名称"].startswith("'=cmd")


def test_a_workbook_holds_typed_cells_and_no_formula(filled):
    _, raw = filled.take("firm", "xlsx", columns=["name", "phone", "revenue", "founded"], query=Query(sort=("id",)))
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("客户名称", "电话", "年营收", "建立日期")
    assert rows[1][2] == 1234.5 and rows[1][3].date().isoformat() == "2024-03-05"
    assert rows[2][0].startswith("'=cmd") and rows[2][1] == "+86 138 0013 8001"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_reader_exports_his_rows_and_his_columns_only(filled):
    _, raw = filled.take("firm", "csv", who="ann")
    text = raw.decode("utf-8-sig")
    assert "机密" not in text and "内情" not in text and "丙公司" not in text
    assert len(read_csv(raw)) == 2


@pytest.mark.parametrize("who", ["boss", "ann", "bob", "admin"])
@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(filter="level == a"),
        Query(filter="revenue > 1"),
        Query(q="公司"),
        Query(conditions=(Condition("level", "in", ["a", "c"]),)),
        Query(filter="name == 'nothing'"),
        Query(sort=("-revenue",)),
    ],
)
def test_an_export_is_the_list(filled, who, query):
    _, raw = filled.take("firm", "csv", who=who, query=query, columns=["id"])
    with filled.as_(who, write=False) as door:
        listed = [str(record.id) for record in door.list("firm", query).records]
    assert [next(iter(row.values())) for row in read_csv(raw)] == listed


def test_many_pages_are_streamed_in_order(company, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 7)
    company.bring({"entity": "firm", "columns": {"name": "n"}}, [["n"], *([f"客户{n}"] for n in range(50))])
    job, raw = company.take("firm", "csv", columns=["name"], query=Query(sort=("id",)))
    assert [row["客户名称"] for row in read_csv(raw)] == [f"客户{n}" for n in range(50)]
    assert job.said.say() == "已导出 50 / 50 条"


def test_who_may_not_export_gets_nothing(filled):
    with pytest.raises(AccessDenied):
        filled.take("firm", "csv", who="clerk")
    with pytest.raises(AccessDenied):
        filled.take("product", "csv", who="boss")


@pytest.mark.parametrize("columns", [["secret"], ["nothing"], ["lines"]])
def test_a_hidden_column_reads_like_one_that_does_not_exist(filled, columns):
    with pytest.raises(QueryFault) as caught:
        filled.take("firm", "csv", who="ann", columns=columns)
    assert caught.value.said.say() == f"没有名为 {columns[0]} 的字段"


def test_a_wrong_filter_or_format_is_refused_before_a_job_is_made(filled):
    for more in ({"query": Query(filter="nothing == 1")}, {"query": Query(filter="secret == '机密一'")}):
        with pytest.raises(QueryFault):
            filled.take("firm", "csv", who="ann", **more)
    with pytest.raises(QueryFault):
        filled.take("firm", "pdf")


def test_a_link_to_a_hidden_record_is_an_empty_cell(filled):
    filled.bring(
        {"entity": "deal", "columns": {"firm": "客户", "owner": "销售"}},
        [["客户", "销售"], ["丙公司", "ann"]],
        who="admin",
    )
    _, raw = filled.take("deal", "csv", who="ann", columns=["number", "firm"])
    (row,) = read_csv(raw)
    assert list(row.values()) == ["DD0001", ""]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_was_exported_can_be_imported_back_unchanged(filled, form):
    keys = ["number", "name", "ext_code", "level", "phone", "revenue", "founded", "secret", "owner"]
    before = filled.all("firm", "admin", *keys)
    _, raw = filled.take("firm", form, who="admin", columns=keys)
    with filled.installation.unit(filled.at) as unit:
        labels = {key: unit.registry.entities["firm"].fields[key].label.zh for key in keys}
    job_id = filled.start(
        {"entity": "firm", "file": "f", "key": "number", "columns": labels},
        {"f": filled.upload(f"f.{form}", raw, "admin")},
        "admin",
    )
    assert_done(filled, job_id)
    assert filled.all("firm", "admin", *keys) == before
    with filled.as_("admin", write=False) as door:
        assert len(door.history("firm", 1)) == 1  # nothing changed, so nothing was written


def assert_done(company, job_id: int) -> None:
    from yuanke import jobs

    jobs.run_pending(company.installation, company.at)
    job = company.job(job_id)
    assert job.state == "done" and job.result["updated"] == job.result["rows"] == 3, (job, company.said(job))


def test_rows_are_exported_a_line_each_and_come_back_grouped(filled):
    filled.bring({"entity": "product", "columns": {"name": "n"}}, [["n"], ["笔"], ["纸"]])
    rows = [
        ["单", "客户", "产品", "数量", "单价"],
        ["A", "甲公司", "笔", "2", "3"],
        ["A", "甲公司", "纸", "1", "1"],
        ["B", "丙公司", "", "", ""],
    ]
    mapping = {
        "entity": "deal",
        "key": "ext_code",
        "columns": {"ext_code": "单", "firm": "客户"},
        "rows": {"lines": {"columns": {"product": "产品", "quantity": "数量", "price": "单价"}}},
    }
    filled.bring(mapping, rows)
    _, raw = filled.take("deal", "csv", columns=["ext_code", "firm"], rows="lines", query=Query(sort=("id",)))
    found = read_csv(raw)
    assert [(r["外部编码"], r["产品"], r["数量"], r["小计"]) for r in found] == [
        ("A", "笔", "2", "6.00"),
        ("A", "纸", "1", "1.00"),
        ("B", "", "", ""),
    ]
    again = filled.bring({**mapping, "columns": {"ext_code": "外部编码", "firm": "客户"}}, raw)
    assert again.result["updated"] == 2
    assert filled.all("deal", "admin", "amount")[0]["amount"] == Decimal("7.00")


def test_rights_are_asked_again_while_the_job_waits(filled):
    import sqlalchemy as sa
    from yuanke import jobs
    from yuanke.exchange import kinds

    with filled.installation.unit(filled.at, write=True) as unit:
        job_id = kinds.start_export(unit, filled.actor(unit, "ann"), "firm", "csv")
    with filled.installation.unit(filled.at, write=True) as unit:
        table = unit.tables["user"]
        unit.execute(sa.update(table).where(table.c.id == filled.ids["ann"]).values(status="disabled"))
    jobs.run_pending(filled.installation, filled.at)
    assert filled.job(job_id).state == "failed"
