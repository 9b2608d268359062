"""An import does what its mapping says to every row, tells every row it could not take, and never writes one twice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from yuanke import jobs
from yuanke.exchange import importing
from yuanke.exchange.drafts import CHUNK, Draft
from yuanke.exchange.shaping import Shaped
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, TooManyRequests

FIRM = {"entity": "firm", "columns": {"name": "名称", "ext_code": "编码"}}


def counts(job: jobs.Job) -> tuple[int, int, int, int]:
    assert job.state == "done", (job.state, job.error)
    return tuple(job.result[k] for k in ("created", "updated", "skipped", "failed"))  # type: ignore[return-value]


def test_rows_become_records_with_typed_values(company):
    mapping = {
        "entity": "firm",
        "columns": {
            "name": "名称",
            "level": "等级",
            "phone": "电话",
            "region": "省市",
            "revenue": "营收",
            "founded": "日期",
            "notes": "备注",
        },
    }
    job = company.bring(
        mapping,
        [
            ["名称", "等级", "电话", "省市", "营收", "日期", "备注"],
            ["甲公司", "重点", "0755-86310021", "广东 深圳", "1,260.50", "2024/3/5", "第一行\n第二行"],
            ["乙公司", "", "", "", "", "", ""],
        ],
    )
    assert counts(job) == (2, 0, 0, 0)
    first, second = company.all(
        "firm", "admin", "name", "number", "level", "phone", "region", "revenue", "founded", "notes"
    )
    assert (
        first["level"] == "a"
        and first["revenue"] == Decimal("1260.50")
        and first["founded"].isoformat() == "2024-03-05"
    )
    assert first["region"] == "广东省/深圳市" and first["notes"] == "第一行\n第二行"
    assert second["level"] == "b" and second["phone"] is None  # an empty cell leaves the default
    assert (first["number"], second["number"]) == ("KH0001", "KH0002")


def test_every_fault_of_a_row_is_told_at_its_field_and_nothing_of_the_row_is_written(company):
    mapping = {"entity": "firm", "columns": {"name": "名称", "level": "等级", "revenue": "营收", "founded": "日期"}}
    job = company.bring(
        mapping,
        [
            ["名称", "等级", "营收", "日期"],
            ["好的", "A", "1", "2024-01-01"],
            ["坏的", "重要", "约 800", "2025/13/1"],
            ["", "重点", "1", ""],
            ["也好", "重点", "2", ""],
        ],
    )
    assert counts(job) == (2, 0, 0, 2)
    said = company.said(job)
    assert {field for field, _ in said[3]} == {"level", "revenue", "founded"}
    assert {field for field, _ in said[4]} == {"name"}
    assert [r["name"] for r in company.all("firm", "admin", "name")] == ["好的", "也好"]
    ((_, body),) = [n for n in company.notes(job) if n[0] == 3]
    assert body["cells"] == ["坏的", "重要", "约 800", "2025/13/1"]
    assert [e["columns"] for e in body["errors"]] == [["等级"], ["营收"], ["日期"]]


def test_the_error_file_has_the_refused_rows_and_can_be_sent_again(company):
    mapping = {"entity": "firm", "columns": {"name": "名称", "revenue": "营收"}}
    job = company.bring(mapping, [["名称", "营收"], ["甲", "1"], ["乙", "约 800"], ["=丙", "x"]])
    content = company.file(job.result["error_file"]).decode("utf-8-sig")
    lines = content.splitlines()
    assert lines[0] == "名称,营收,问题"
    assert len(lines) == 3 and lines[1].startswith("乙,约 800,年营收：")
    assert lines[2].startswith("'=丙,x,")
    mended = content.replace("约 800", "800").replace(",x,", ",7,")
    assert counts(company.bring(mapping, mended.encode("utf-8-sig"))) == (2, 0, 0, 0)
    assert {r["name"] for r in company.all("firm", "admin", "name")} == {"甲", "乙", "=丙"}


def test_a_dry_run_says_the_same_and_writes_nothing(company):
    mapping = {**FIRM, "key": "ext_code"}
    company.bring(mapping, [["名称", "编码"], ["旧", "K1"]])
    rows = [["名称", "编码"], ["新名", "K1"], ["丙", "K2"], ["丙二", "K2"], ["", "K3"]]
    dry = company.bring(mapping, rows, dry=True)
    assert [r["name"] for r in company.all("firm", "admin", "name")] == ["旧"]
    assert company.said(dry).keys() == {5}
    wet = company.bring(mapping, rows)
    assert counts(dry) == counts(wet) == (1, 2, 0, 1)
    assert [(r["name"], r["number"]) for r in company.all("firm", "admin", "name", "number")] == [
        ("新名", "KH0001"),
        ("丙二", "KH0002"),
    ]


def test_a_key_updates_what_is_there_and_leaves_empty_cells_alone(company):
    mapping = {"entity": "firm", "key": "ext_code", "columns": {"ext_code": "编码", "name": "名称", "phone": "电话"}}
    company.bring(mapping, [["编码", "名称", "电话"], ["K1", "甲", "13800138000"]])
    job = company.bring(mapping, [["编码", "名称", "电话"], ["K1", "甲二", ""], ["K2", "乙", ""]])
    assert counts(job) == (1, 1, 0, 0)
    assert [(r["name"], r["phone"]) for r in company.all("firm", "admin", "name", "phone")] == [
        ("甲二", "13800138000"),
        ("乙", None),
    ]
    cleared = company.bring({**mapping, "empties": "clear"}, [["编码", "名称", "电话"], ["K1", "甲二", ""]])
    assert counts(cleared) == (0, 1, 0, 0)
    assert company.all("firm", "admin", "phone")[0]["phone"] is None


@pytest.mark.parametrize(
    "when, expected", [("update", ("新", "13900139000")), ("fill", ("旧", "13900139000")), ("skip", ("旧", None))]
)
def test_what_happens_to_records_that_are_there_can_be_chosen(company, when, expected):
    mapping = {"entity": "firm", "key": "ext_code", "columns": {"ext_code": "编码", "name": "名称", "phone": "电话"}}
    company.bring(mapping, [["编码", "名称", "电话"], ["K1", "旧", ""]])
    job = company.bring({**mapping, "when_found": when}, [["编码", "名称", "电话"], ["K1", "新", "13900139000"]])
    assert counts(job) == ((0, 0, 1, 0) if when == "skip" else (0, 1, 0, 0))
    (record,) = company.all("firm", "admin", "name", "phone")
    assert (record["name"], record["phone"]) == expected


def test_a_key_that_nobody_writes_only_updates(company):
    company.bring(FIRM, [["名称", "编码"], ["甲", "K1"]])
    mapping = {"entity": "firm", "key": "number", "columns": {"number": "编号", "name": "名称"}}
    job = company.bring(mapping, [["编号", "名称"], ["KH0001", "甲二"], ["KH0009", "丙"]])
    assert counts(job) == (0, 1, 0, 1)
    assert company.said(job) == {3: [("number", "没有找到或无权修改")]}


def test_an_empty_or_ambiguous_key_is_told(company):
    company.bring(FIRM, [["名称", "编码"], ["甲", "K1"], ["乙", "K1"]])
    job = company.bring({**FIRM, "key": "ext_code"}, [["名称", "编码"], ["甲", "K1"], ["丙", ""]])
    said = company.said(job)
    assert "2 条记录符合" in said[2][0][1] and "不能为空" in said[3][0][1]


def test_a_row_whose_key_belongs_to_a_hidden_record_is_refused_and_nothing_is_told_of_it(company):
    company.bring({**FIRM, "key": "ext_code"}, [["名称", "编码"], ["安的", "K1"]], who="ann")
    job = company.bring({**FIRM, "key": "ext_code"}, [["名称", "编码"], ["抢走", "K1"], ["新的", "K2"]], who="bob")
    assert counts(job) == (1, 0, 0, 1)
    assert company.said(job) == {2: [("ext_code", "没有找到或无权修改")]}
    assert [r["name"] for r in company.all("firm", "ann", "name")] == ["安的"]


def test_links_are_found_by_number_unique_key_title_and_a_named_field(company):
    company.bring(
        {"entity": "firm", "columns": {"name": "名称", "ext_code": "编码", "code": "代码"}},
        [["名称", "编码", "代码"], ["甲", "K1", "C1"], ["乙", "K2", "C2"], ["同名", "K3", "C3"], ["同名", "K4", "C4"]],
    )
    rows = [["客户"], ["KH0001"], ["C2"], ["乙"], ["#1"], ["同名"], ["没有的"], [" 甲 "]]
    job = company.bring({"entity": "deal", "columns": {"firm": "客户"}}, rows)
    assert counts(job) == (5, 0, 0, 2)
    assert [r["firm"].title for r in company.all("deal", "admin", "firm")] == ["甲", "乙", "乙", "甲", "甲"]
    said = company.said(job)
    assert "有 2 条客户符合“同名”" in said[6][0][1] and "没有找到客户“没有的”" in said[7][0][1]
    by = company.bring(
        {"entity": "deal", "links": {"firm": {"column": "码", "by": "ext_code"}}}, [["码"], ["K4"], ["C1"]]
    )
    assert counts(by) == (1, 0, 0, 1)


def test_users_are_found_by_user_name_or_name(company):
    rows = [["名称", "销售"], ["甲", "ann"], ["乙", "Bob"], ["丙", "nobody"]]
    job = company.bring({"entity": "firm", "columns": {"name": "名称"}, "links": {"owner": "销售"}}, rows)
    assert counts(job) == (2, 0, 0, 1)
    assert [r["owner"].id for r in company.all("firm", "admin", "owner")] == [company.ids["ann"], company.ids["bob"]]


def test_a_link_to_a_hidden_record_reads_like_one_that_is_not_there(company):
    company.bring(FIRM, [["名称", "编码"], ["秘密客户", "K1"]], who="ann")
    job = company.bring(
        {"entity": "deal", "columns": {"firm": "客户"}}, [["客户"], ["秘密客户"], ["子虚乌有"]], who="bob"
    )
    said = company.said(job)
    assert said[2][0][1].replace("秘密客户", "X") == said[3][0][1].replace("子虚乌有", "X")
    assert company.all("deal", "admin", "firm") == []


def test_several_links_in_one_cell(company):
    company.bring({"entity": "product", "columns": {"name": "n"}}, [["n"], ["笔"], ["纸"], ["墨"]])
    company.bring(FIRM, [["名称", "编码"], ["甲", "K1"]])
    job = company.bring(
        {"entity": "deal", "columns": {"firm": "客户", "tags": "产品"}},
        [["客户", "产品"], ["甲", "笔、纸"], ["甲", "笔,砚"]],
    )
    assert counts(job) == (1, 0, 0, 1)
    assert [t.title for t in company.all("deal", "admin", "tags")[0]["tags"]] == ["笔", "纸"]
    assert "没有找到产品“砚”" in company.said(job)[3][0][1]


def test_links_cost_one_query_a_field_and_chunk_not_one_a_row(company):
    import sqlalchemy as sa

    company.bring(FIRM, [["名称", "编码"], *([f"客户{n}", f"K{n}"] for n in range(100))])
    statements = []

    def count(connection, cursor, statement, *rest):
        if statement.lstrip().upper().startswith("SELECT") and "firm" in statement:
            statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        rows = [["码"], *([f"K{n}"] for n in range(100))]
        job = company.bring({"entity": "deal", "links": {"firm": {"column": "码", "by": "ext_code"}}}, rows)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    assert counts(job) == (100, 0, 0, 0)
    assert len(statements) < 20


def test_rows_may_link_to_rows_further_down_the_same_file(company):
    mapping = {
        "entity": "firm",
        "key": "ext_code",
        "columns": {"name": "名称", "ext_code": "编码"},
        "links": {"parent": {"column": "上级", "by": "ext_code"}},
    }
    rows = [["名称", "编码", "上级"], ["子", "K1", "K3"], ["孙", "K2", "K1"], ["父", "K3", ""], ["孤", "K4", "K9"]]
    assert company.said(company.bring(mapping, rows, dry=True)).keys() == {5}
    job = company.bring(mapping, rows)
    assert counts(job) == (3, 0, 0, 1) and job.result["incomplete"] == 0
    found = {
        r["name"]: r["parent"].title if r["parent"] else None for r in company.all("firm", "admin", "name", "parent")
    }
    assert found == {"子": "父", "孙": "子", "父": None}


def test_a_link_to_a_row_that_failed_is_told(company):
    mapping = {
        "entity": "firm",
        "key": "ext_code",
        "columns": {"name": "名称", "ext_code": "编码"},
        "links": {"parent": {"column": "上级", "by": "ext_code"}},
    }
    job = company.bring(mapping, [["名称", "编码", "上级"], ["子", "K1", "K3"], ["", "K3", ""]])
    assert counts(job) == (1, 0, 0, 1) and job.result["incomplete"] == 1
    assert "没有导入成功" in company.said(job)[2][0][1]


def test_expressions_over_columns(company):
    mapping = {
        "entity": "firm",
        "columns": {
            "name": "=First + ' ' + Last",
            "revenue": "=年收入_万 * 10000",
            "level": "=a if Grade == 'top' else c",
            "notes": "=lower(First)",
        },
    }
    rows = [
        ["First", "Last", "年收入(万)", "Grade"],
        ["Ada", "L", "126", "top"],
        ["Bob", "M", "0.5", ""],
        ["C", "", "", ""],
    ]
    job = company.bring(mapping, rows)
    found = company.all("firm", "admin", "name", "revenue", "level", "notes")
    assert [(r["name"], r["revenue"], r["level"], r["notes"]) for r in found[:2]] == [
        ("Ada L", Decimal("1260000.00"), "a", "ada"),
        ("Bob M", Decimal("5000.00"), "c", "bob"),
    ]
    assert job.result["rows"] == 3


def test_values_of_the_file_may_stand_for_options(company):
    mapping = {
        "entity": "firm",
        "columns": {"name": "名称", "level": {"column": "等级", "values": {"战略": "a", "流失": "c"}}},
    }
    job = company.bring(mapping, [["名称", "等级"], ["甲", "战略"], ["乙", " 流失 "], ["丙", "普通"]])
    assert counts(job) == (3, 0, 0, 0)
    assert [r["level"] for r in company.all("firm", "admin", "level")] == ["a", "c", "b"]


def test_constants_fill_every_row(company):
    company.bring({**FIRM, "constants": {"level": "c", "owner": "ann"}}, [["名称", "编码"], ["甲", "K1"]])
    (record,) = company.all("firm", "admin", "level", "owner")
    assert (record["level"], record["owner"].id) == ("c", company.ids["ann"])


DEAL = {
    "entity": "deal",
    "key": "ext_code",
    "columns": {"ext_code": "OrderID"},
    "links": {"firm": {"column": "Cust", "by": "ext_code"}},
    "rows": {
        "lines": {
            "file": "lines.csv",
            "match": "OrderID",
            "columns": {"quantity": "Qty", "price": "Price"},
            "links": {"product": {"column": "Prod", "by": "ext_code"}},
        }
    },
}


def goods(company) -> None:
    company.bring(FIRM, [["名称", "编码"], ["甲", "C1"]])
    company.bring(
        {"entity": "product", "columns": {"name": "n", "ext_code": "c"}},
        [["n", "c"], ["笔", "1"], ["纸", "2"], ["墨", "3"]],
    )


def test_lines_come_from_a_file_of_their_own(company):
    goods(company)
    lines = [
        ["OrderID", "Prod", "Qty", "Price"],
        ["10", "1", "2", "3.5"],
        ["11", "2", "1", "1"],
        ["10", "2", "1", "0.3333"],
    ]
    job = company.bring(DEAL, [["OrderID", "Cust"], ["10", "C1"], ["11", "C1"], ["12", "C1"]], lines=lines)
    assert counts(job) == (3, 0, 0, 0)
    first, second, third = company.all("deal", "admin", "lines", "amount")
    assert [(r.values["product"].title, r.values["total"]) for r in first["lines"]] == [
        ("笔", Decimal("7.00")),
        ("纸", Decimal("0.33")),
    ]
    assert (first["amount"], second["amount"], third["lines"]) == (Decimal("7.33"), Decimal("1.00"), [])


def test_bringing_lines_again_changes_the_standing_ones_and_adds_none(company):
    goods(company)
    rows = [["OrderID", "Cust"], ["10", "C1"]]
    company.bring(
        DEAL,
        rows,
        lines=[
            ["OrderID", "Prod", "Qty", "Price"],
            ["10", "1", "2", "3"],
            ["10", "2", "1", "1"],
            ["10", "3", "1", "9"],
        ],
    )
    before = [r.id for r in company.all("deal", "admin", "lines")[0]["lines"]]
    job = company.bring(
        DEAL, rows, lines=[["OrderID", "Prod", "Qty", "Price"], ["10", "1", "5", "3"], ["10", "2", "1", "1"]]
    )
    assert counts(job) == (0, 1, 0, 0)
    (deal,) = company.all("deal", "admin", "lines", "amount")
    assert [r.id for r in deal["lines"]] == before[:2]
    assert deal["amount"] == Decimal("16.00")


def test_lines_may_be_found_by_a_key_of_theirs(company):
    goods(company)
    rows = [["OrderID", "Cust"], ["10", "C1"]]
    keyed = {**DEAL, "rows": {"lines": {**DEAL["rows"]["lines"], "key": "product"}}}
    company.bring(
        keyed, rows, lines=[["OrderID", "Prod", "Qty", "Price"], ["10", "1", "2", "3"], ["10", "2", "1", "1"]]
    )
    ids = {r.values["product"].title: r.id for r in company.all("deal", "admin", "lines")[0]["lines"]}
    company.bring(
        keyed, rows, lines=[["OrderID", "Prod", "Qty", "Price"], ["10", "2", "7", "1"], ["10", "1", "2", "3"]]
    )
    now = {
        r.values["product"].title: (r.id, r.values["quantity"])
        for r in company.all("deal", "admin", "lines")[0]["lines"]
    }
    assert now == {"笔": (ids["笔"], 2), "纸": (ids["纸"], 7)}


def test_a_faulty_line_refuses_its_record_and_names_its_own_file_and_row(company):
    goods(company)
    lines = [
        ["OrderID", "Prod", "Qty", "Price"],
        ["10", "1", "2", "3"],
        ["10", "9", "-1", "x"],
        ["11", "1", "1", "1"],
        ["11", "1", "-5", "1"],
        ["77", "1", "1", "1"],
    ]
    job = company.bring(DEAL, [["OrderID", "Cust"], ["10", "C1"], ["11", "C1"]], lines=lines)
    assert counts(job) == (0, 0, 0, 2) and job.result["unclaimed"] == 1
    by_row = {}
    for row, body in company.notes(job):
        by_row.setdefault(row, []).extend(
            (e["field"], e.get("file"), e.get("row"), tuple(e["columns"])) for e in body["errors"]
        )
    assert ("lines.product", "lines.csv", 3, ("Prod",)) in by_row[2] and (
        "lines.price",
        "lines.csv",
        3,
        ("Price",),
    ) in by_row[2]
    assert ("lines.quantity", "lines.csv", 5, ("Qty",)) in by_row[3]
    assert by_row[0][0][0] == "lines"
    assert company.file(job.result["error_file"])[:2] == b"PK"


def test_lines_may_stand_below_each_other_in_one_file(company):
    goods(company)
    mapping = {
        "entity": "deal",
        "key": "ext_code",
        "columns": {"ext_code": "单号", "firm": "客户"},
        "rows": {"lines": {"columns": {"quantity": "数量", "price": "单价", "product": "产品"}}},
    }
    rows = [
        ["单号", "客户", "产品", "数量", "单价"],
        ["A1", "甲", "笔", "2", "3"],
        ["A1", "甲", "纸", "1", "1"],
        ["", "", "墨", "1", "2"],
        ["A2", "甲", "笔", "1", "1"],
        ["A3", "甲", "", "", ""],
        ["A4", "甲", "没有", "1", "1"],
        ["", "", "笔", "1", "1"],
    ]
    job = company.bring(mapping, rows)
    assert counts(job) == (3, 0, 0, 1)
    assert [r["amount"] for r in company.all("deal", "admin", "amount")] == [
        Decimal("9.00"),
        Decimal("1.00"),
        None,
    ] or [r["amount"] for r in company.all("deal", "admin", "amount")] == [
        Decimal("9.00"),
        Decimal("1.00"),
        Decimal("0.00"),
    ]
    error_file = company.file(job.result["error_file"]).decode("utf-8-sig").splitlines()
    assert len(error_file) == 3  # both rows of the refused record


def test_one_bad_row_spoils_no_other_even_where_the_whole_batch_is_refused(company):
    """An own row given to another owner leaves the create grant: the door refuses the batch, the import finds the
    row."""
    rows = [["名称", "销售"], *([f"客户{n}", "ann" if n != 7 else "bob"] for n in range(20))]
    job = company.bring({"entity": "firm", "columns": {"name": "名称"}, "links": {"owner": "销售"}}, rows, who="ann")
    assert job.result["created"] + job.result["failed"] == 20
    assert job.result["failed"] == 1 and company.said(job).keys() == {9}


def test_a_row_that_is_longer_than_the_header_is_told(company):
    job = company.bring(FIRM, "名称,编码\n甲,K1\n乙, 公司,K2\n".encode())
    assert counts(job) == (1, 0, 0, 1)
    assert "3 格" in company.said(job)[3][0][1]


def test_killed_between_chunks_it_goes_on_and_does_nothing_twice(company, monkeypatch):
    rows = [["名称", "编码"], *([f"客户{n}", f"K{n}"] for n in range(3 * CHUNK + 10))]
    chunks = []
    keep = importing.Import._keep

    def dies(self, step, drafts, outcome):
        keep(self, step, drafts, outcome)
        chunks.append(len(drafts))
        if len(chunks) == 2:
            raise RuntimeError("the process is gone before this chunk is committed")

    monkeypatch.setattr(importing.Import, "_keep", dies)
    job_id = company.start({**FIRM, "file": "main.csv"}, {"main.csv": rows})
    jobs.run_pending(company.installation, company.at)
    waiting = company.job(job_id)
    assert waiting.state == "queued" and waiting.result["created"] == CHUNK
    with clock.stopped(clock.after(600)):
        jobs.run_pending(company.installation, company.at)
    assert counts(company.job(job_id)) == (3 * CHUNK + 10, 0, 0, 0)
    with company.as_("admin", write=False) as door:
        from yuanke.records import Query

        assert door.list("firm", Query(count="exact", limit=1)).count == 3 * CHUNK + 10


def test_a_cancelled_import_keeps_what_it_did_and_says_how_much(company, monkeypatch):
    rows = [["名称", "编码"], *([f"客户{n}", f"K{n}"] for n in range(2 * CHUNK))]
    job_id = company.start({**FIRM, "file": "main.csv"}, {"main.csv": rows})
    report = jobs.Run.report

    def cancels(self, *told):
        report(self, *told)
        self.stop = True

    monkeypatch.setattr(jobs.Run, "report", cancels)
    step = jobs.Run.step

    def stops(self):
        if getattr(self, "stop", False):
            with company.installation.unit(company.at, write=True) as unit:
                jobs.cancel(unit, company.actor(unit, "boss"), self.id)
        return step(self)

    monkeypatch.setattr(jobs.Run, "step", stops)
    jobs.run_pending(company.installation, company.at)
    job = company.job(job_id)
    assert (job.state, job.result["created"]) == ("cancelled", CHUNK)
    assert len(company.all("firm", "admin", "name")) == CHUNK


def test_a_hopeless_mapping_is_given_up_early(company, monkeypatch):
    monkeypatch.setattr(importing, "HOPELESS", 100)
    job = company.bring(
        {"entity": "firm", "columns": {"name": "名称", "revenue": "名称"}},
        [["名称"], *([f"客户{n}"] for n in range(1000))],
    )
    assert job.state == "failed" and "先检查对应关系" in job.error.say()


def test_a_mapping_may_only_name_what_its_actor_may_fill(company):
    rows = [["a", "b"], ["1", "2"]]
    hidden = company.bring({"entity": "firm", "columns": {"name": "a", "secret": "b"}}, rows, who="ann")
    unknown = company.bring({"entity": "firm", "columns": {"name": "a", "nothing": "b"}}, rows, who="ann")
    assert hidden.state == unknown.state == "failed"
    assert (
        hidden.error.say().replace("secret", "X").split("，是否")[0]
        == unknown.error.say().replace("nothing", "X").split("，是否")[0]
    )
    for name in ("id", "version", "created_at", "number", "deals_total"):
        job = company.bring({"entity": "firm", "columns": {"name": "a", name: "b"}}, rows, who="admin")
        assert job.state == "failed", name
    assert company.all("firm") == []


def test_who_may_not_create_may_not_import(company):
    with pytest.raises(AccessDenied):
        company.start({**FIRM, "file": "main.csv"}, {"main.csv": [["名称"], ["甲"]]}, who="clerk")


def test_a_file_of_somebody_else_is_not_found(company):
    file_id = company.upload("main.csv", [["名称", "编码"], ["甲", "K"]], who="ann")
    with pytest.raises(RecordNotFound):
        company.start({**FIRM, "file": "main.csv"}, {"main.csv": file_id}, who="bob")


def test_the_queue_has_an_end(company, monkeypatch):
    from yuanke.exchange import kinds

    monkeypatch.setattr(kinds, "MOST_WAITING", 3)
    file_id = company.upload("main.csv", [["名称", "编码"], ["甲", "K"]])
    for _ in range(3):
        company.start({**FIRM, "file": "main.csv"}, {"main.csv": file_id})
    with pytest.raises(TooManyRequests):
        company.start({**FIRM, "file": "main.csv"}, {"main.csv": file_id})


def test_history_says_that_it_came_by_import(company):
    company.bring(FIRM, [["名称", "编码"], ["甲", "K1"]])
    with company.as_("admin", write=False) as door:
        (entry,) = door.history("firm", 1)
        assert (entry.door, entry.by.id) == ("import", company.ids["boss"])


def test_owned_rows_may_come_by_themselves_and_their_record_follows(company):
    goods(company)
    company.bring(
        DEAL,
        [["OrderID", "Cust"], ["10", "C1"], ["11", "C1"]],
        lines=[["OrderID", "Prod", "Qty", "Price"], ["10", "1", "2", "3"]],
    )
    with company.installation.unit(company.at) as unit:
        rows = unit.registry.entities["deal"].fields["lines"].rows
        link = unit.registry.entities[rows].parent_link
    mapping = {
        "entity": rows,
        "key": [link, "product"],
        "columns": {"quantity": "Qty", "price": "Price"},
        "links": {link: {"column": "OrderID", "by": "ext_code"}, "product": {"column": "Prod", "by": "ext_code"}},
    }
    lines = [
        ["OrderID", "Prod", "Qty", "Price"],
        ["10", "1", "5", "3"],
        ["10", "2", "1", "1"],
        ["11", "1", "1", "x"],
        ["99", "1", "1", "1"],
        ["11", "2", "-1", "1"],
    ]
    job = company.bring(mapping, lines)
    assert counts(job) == (1, 1, 0, 3), company.said(job)
    first, second = company.all("deal", "admin", "lines", "amount")
    assert first["amount"] == Decimal("16.00") and len(first["lines"]) == 2 and second["lines"] == []
    assert company.said(job).keys() == {4, 5, 6} and company.said(job)[6][0][0] == "quantity"
    assert counts(company.bring(mapping, lines[:3])) == (0, 2, 0, 0)
    assert company.all("deal", "admin", "amount")[0]["amount"] == Decimal("16.00")


def test_what_is_unique_may_not_stand_twice_in_a_file_either(company):
    mapping = {"entity": "firm", "columns": {"name": "名称", "code": "代码"}}
    rows = [["名称", "代码"], ["甲", "C1"], ["乙", "C2"], ["丙", "C1"]]
    dry, wet = company.bring(mapping, rows, dry=True), company.bring(mapping, rows)
    assert counts(dry) == counts(wet) == (2, 0, 0, 1)
    assert company.said(dry) == {4: [("code", "与文件第 2 行重复")]}
    assert company.said(wet)[4][0][0] == "code"


def test_faults_are_grouped_by_what_mends_them(company):
    from yuanke.exchange.telling import reasons

    mapping = {"entity": "firm", "columns": {"name": "名称", "level": "等级", "revenue": "营收"}}
    rows = [
        ["名称", "等级", "营收"],
        *([f"客户{n}", "战略", "1"] for n in range(12)),
        ["甲", "流失", "1"],
        ["", "A", "约 800"],
    ]
    job = company.bring(mapping, rows, dry=True)
    found = reasons(iter(company.notes(job)), rows[0])
    assert [(r.field, r.column, r.text, r.count) for r in found] == [
        ("level", "等级", "战略", 12),
        ("level", "等级", "流失", 1),
        ("name", "名称", "", 1),
        ("revenue", "营收", "约 800", 1),
    ]
    assert found[0].label is not None and found[0].label.say() == "客户级别"


def test_cells_of_a_workbook_that_have_no_value_are_told_at_their_row(company):
    import io

    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("客户")
    sheet.write_row(0, 0, ["名称", "代码", "营收", "日期"])
    sheet.write_row(1, 0, ["甲", "12345678901234567", 1234.56])
    sheet.write_datetime(1, 3, datetime(2024, 3, 5), book.add_format({"num_format": "yyyy/m/d"}))
    sheet.write_row(2, 0, ["乙"])
    sheet.write_number(2, 1, 12345678901234567)
    sheet.write_formula(2, 2, "=1+1", None, "")
    sheet.write_formula(3, 0, '="丙"', None, "丙")
    sheet.write_formula(3, 2, "=1/3", None, 1 / 3)
    sheet.write_number(3, 1, 13800138000)
    book.close()
    mapping = {"entity": "firm", "columns": {"name": "名称", "code": "代码", "revenue": "营收", "founded": "日期"}}
    job_id = company.start({**mapping, "file": "b.xlsx"}, {"b.xlsx": stream.getvalue()})
    jobs.run_pending(company.installation, company.at)
    job = company.job(job_id)
    assert counts(job) == (2, 0, 0, 1), company.said(job)
    assert [field for field, _ in company.said(job)[3]] == ["code", "revenue"]
    first, second = company.all("firm", "admin", "name", "code", "revenue", "founded")
    assert (first["code"], first["revenue"], first["founded"].isoformat()) == (
        "12345678901234567",
        Decimal("1234.56"),
        "2024-03-05",
    )
    assert (second["name"], second["code"], second["revenue"]) == ("丙", "13800138000", Decimal("0.33"))
    assert company.file(job.result["error_file"])[:2] == b"PK"


def test_chunks_grow_and_shrink_with_the_time_they_take():
    from yuanke.exchange.drafts import CHUNK, LARGEST_CHUNK, LEAST_CHUNK, Drafting

    drafting = Drafting.__new__(Drafting)
    drafting.children, drafting._size = {}, CHUNK
    chunk = [Draft(n, n, (), Shaped()) for n in range(CHUNK)]
    for seconds, expected in (
        (0.025, 2 * CHUNK),
        (0.0001, LARGEST_CHUNK),
        (5.0, LARGEST_CHUNK // 2),
        (5.0, LARGEST_CHUNK // 4),
    ):
        drafting.took(chunk, seconds)
        assert drafting._size == expected
    for _ in range(5):
        drafting.took(chunk, 5.0)
    assert drafting._size == LEAST_CHUNK
