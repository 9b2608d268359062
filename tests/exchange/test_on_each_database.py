"""The whole way once on each database: check, import, update, links between rows, export, and back."""

from __future__ import annotations

from decimal import Decimal

from yuanke.records import Query

MAPPING = {
    "entity": "firm",
    "key": "ext_code",
    "columns": {"ext_code": "编码", "name": "名称", "revenue": "营收", "founded": "日期", "level": "等级"},
    "links": {"parent": {"column": "上级", "by": "ext_code"}, "owner": "销售"},
}
ROWS = [
    ["编码", "名称", "营收", "日期", "等级", "上级", "销售"],
    ["K1", "子公司", "1234.56", "2024-02-29", "重点", "K2", "ann"],
    ["K2", "母公司", "0.10", "", "", "", "Bob"],
    ["K3", "错的", "很多", "2023-02-29", "", "K9", "nobody"],
    ["K1", "子公司改", "99999999999999.99", "", "", "", ""],
]


def test_the_whole_way(company_there):
    company = company_there
    dry = company.bring(MAPPING, ROWS, who="admin", dry=True)
    assert company.all("firm") == []
    wet = company.bring(MAPPING, ROWS, who="admin")
    for job in (dry, wet):
        assert [job.result[k] for k in ("created", "updated", "failed", "incomplete")] == [2, 1, 1, 0], company.said(
            job
        )
        assert {field for field, _ in company.said(job)[4]} == {"revenue", "founded", "parent", "owner"}
    first, second = company.all("firm", "admin", "name", "revenue", "founded", "level", "parent", "owner", "number")
    assert (first["name"], first["revenue"], first["level"], first["parent"].title) == (
        "子公司改",
        Decimal("99999999999999.99"),
        "a",
        "母公司",
    )
    assert (second["owner"].id, second["number"]) == (company.ids["bob"], "KH0002")

    columns = ["ext_code", "name", "revenue", "founded", "level", "parent", "owner"]
    before = company.all("firm", "admin", *columns)
    for form in ("csv", "xlsx"):
        job, raw = company.take("firm", form, who="admin", columns=columns, query=Query(sort=("id",)))
        assert job.result["rows"] == 2
        file_id = company.upload(f"back.{form}", raw, "admin")
        labels = dict(
            zip(columns, ("外部编码", "客户名称", "年营收", "建立日期", "客户级别", "上级客户"), strict=False)
        )
        back = company.start(
            {"entity": "firm", "file": "back", "key": "ext_code", "columns": labels}, {"back": file_id}, "admin"
        )
        from yuanke import jobs

        jobs.run_pending(company.installation, company.at)
        assert company.job(back).result["updated"] == 2, company.said(company.job(back))
        assert company.all("firm", "admin", *columns) == before
