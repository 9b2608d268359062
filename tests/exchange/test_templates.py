"""A template is understood by the import as it is, and offers the options of choices."""

from __future__ import annotations

import openpyxl
from yuanke import jobs
from yuanke.exchange.prepared import fillable
from yuanke.exchange.proposing import mapping_of, propose
from yuanke.exchange.reading import open_table
from yuanke.exchange.templates import write_template


def test_a_filled_in_template_is_imported_without_a_mapping(company, tmp_path):
    path = tmp_path / "t.xlsx"
    with company.installation.unit(company.at) as unit:
        actor = company.actor(unit, "ann")
        firm = unit.registry.entities["firm"]
        writable = fillable(unit, actor, firm)
        keys = write_template(firm, writable, path)
    assert keys[0] == "name" and "secret" not in keys and "number" not in keys and "deals_total" not in keys
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    (validation,) = [v for v in sheet.data_validations.dataValidation if "重点" in (v.formula1 or "")]
    assert validation.formula1 == '"重点,普通,一般"'
    values = {"name": "甲", "code": "007", "level": "重点", "phone": "13800138000", "revenue": 12.5, "owner": "ann"}
    for column, key in enumerate(keys, 1):
        sheet.cell(2, column).value = values.get(key)
    book.save(path)
    with open_table(path, "t.xlsx") as table:
        assert table.sheets == ["客户"]
        proposals = propose(firm, table.header, table.sample(), unit.place, writable)
        mapping = mapping_of(firm, proposals, sure_only=True)
    assert set(values) <= set(mapping.columns)
    job_id = company.start({**mapping.plain(), "file": "t.xlsx"}, {"t.xlsx": path.read_bytes()}, "ann")
    jobs.run_pending(company.installation, company.at)
    assert company.job(job_id).result["created"] == 1, company.said(company.job(job_id))
    (record,) = company.all("firm", "admin", "name", "code", "level", "owner")
    assert (record["name"], record["code"], record["level"], record["owner"].id) == (
        "甲",
        "007",
        "a",
        company.ids["ann"],
    )
