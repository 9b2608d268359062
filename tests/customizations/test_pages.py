"""The pages of drafts and versions on both databases: collected, previewed, applied and gone back from."""

from __future__ import annotations

import json
from typing import Any

from tests.customizations.conftest import field
from tests.customizations.test_versions import BOTH
from tests.screens.html import dialog_form
from tests.served import browser

HERE = "/settings/customize"
MOOD = {
    "entities": {
        "note": {
            "fields": {"mood": {"type": "text", "label": "心情"}, "double": {"type": "money", "label": "两倍", "formula": "amount * 2"}},
            "views": {"list": {"columns": ["title", "mood", "double"]}},
        }
    }
}  # fmt: skip


@BOTH
def test_changes_are_collected_previewed_applied_and_gone_back_from(app, root, notes) -> None:
    root.post("/records/note", {"title": "x", "amount": "12.50"})
    client: Any = browser(app, "acme", "root")

    def post(path: str, **data: str) -> Any:
        return client.post(f"{HERE}{path}", data=data, headers={"X-CSRF-Token": client.token, "HX-Request": "true"})

    at = post("/drafts/collect", overlay=json.dumps(MOOD), draft="", title="新想法").headers["HX-Redirect"]
    draft = at.removeprefix(HERE)
    assert post(f"{draft}/preview").location == "/records/note"
    seen = client.get("/records/note").text
    assert "心情" in seen and "25.00" in seen and 'class="yk-draft"' in seen
    assert "心情" in client.get(f"{HERE}/note/preview?role=clerk&overlay={json.dumps(MOOD)}").text
    assert post("/drafts/leave").status_code == 303 and "心情" not in client.get("/records/note").text
    form = dialog_form(post(f"{draft}/plan").text)
    assert "HX-Redirect" in post(form.action.removeprefix(HERE), **form.values.to_dict()).headers
    assert root.patch("/records/note/1", {"mood": "gut", "version": 1}).json["double"] == "25.00"
    back = dialog_form(post("/versions/1/plan").text)
    assert "HX-Redirect" in post(back.action.removeprefix(HERE), **back.values.to_dict()).headers
    assert "mood" not in root.get("/records/note/1").json
    forth = dialog_form(post("/versions/2/plan").text)
    assert "HX-Redirect" in post(forth.action.removeprefix(HERE), **forth.values.to_dict()).headers
    assert root.get("/records/note/1").json["mood"] == "gut"
    checked = client.get(f"{HERE}/check?entity=note&expression=amount * 3").json
    assert checked["ok"] and "37.5" in checked["sample"]


def test_a_plan_of_one_moment_is_not_applied_in_another(app, root, notes, change) -> None:
    client: Any = browser(app, "acme", "root")
    sent = {"overlay": json.dumps(field("mood", "text"))}
    headers = {"X-CSRF-Token": client.token, "HX-Request": "true"}
    form = dialog_form(client.post(f"{HERE}/note/plan", data=sent, headers=headers).text)
    change(field("weather", "text"))
    answer = client.post(form.action, data=form.values, headers=headers)
    assert "重新算出的计划" in answer.text and "HX-Redirect" not in answer.headers
    assert "mood" not in root.get("/customizations").json["entities"]["note"]["fields"]
