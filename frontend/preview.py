"""Every screen with fixture data, for looking at templates without an engine: ``python frontend/preview.py [port]``.

Development only; not part of the package (which must be installed or on PYTHONPATH). It renders the real templates in the environment that `assets.install` makes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import preview_forms as forms
import preview_lists as lists
import preview_pages as pages
from flask import Flask, Response, jsonify, redirect, render_template, request, send_from_directory
from flask_babel import Babel, get_locale
from preview_people import CUSTOMERS, PEOPLE, PRODUCTS
from preview_shell import shell
from yuanke.screens import assets


def create_app() -> Flask:
    app = Flask("preview", static_folder=None)
    app.config.update(
        SECRET_KEY="preview",
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_TRANSLATION_DIRECTORIES=str(assets.PACKAGE / "translations"),
        TEMPLATES_AUTO_RELOAD=True,
    )
    Babel(app, locale_selector=lambda: request.args.get("_l_") or request.cookies.get("l") or "zh")
    assets.install(app)
    app.jinja_env.globals["csrf_token"] = lambda: "preview"

    @app.context_processor
    def context() -> dict:
        locale = str(get_locale() or "zh")
        return {
            "shell": shell(request.path, locale),
            "locale": locale,
            "ctx": {"cell": False, "locale": locale},
            "seen": None,
        }

    def htmx() -> bool:
        return request.headers.get("HX-Request") == "true"

    @app.route("/login", methods=["GET", "POST"])
    def login():
        failed = (
            "企业名称、用户名或密码不对，请核对后再试" if request.method == "POST" or "failed" in request.args else None
        )
        page = render_template(
            "login.html",
            action="/login",
            next=None,
            enterprise=request.form.get("enterprise", "北京某信息技术有限公司"),
            username=request.form.get("username", "chenmo"),
            hide_enterprise=False,
            failed=failed,
            forgot_url="/forgot",
            remembered=True,
            demo={
                "title": "进入产品演示",
                "said": "以老板身份浏览示例企业，数据每晚重置",
                "action": "/login",
                "fields": {"enterprise": "bjmou"},
            },
            locales=shell("/")["locales"],
            locale_url="/locale",
            help="连续输错 5 次锁定 15 分钟，可请系统管理员解锁",
        )
        return page, 401 if failed else 200

    @app.post("/locale")
    def locale():
        answer = redirect(request.referrer or "/")
        answer.set_cookie("l", request.form["locale"])
        return answer

    @app.get("/records/customer")
    def customers():
        view = request.args.get("view", "list")
        if view == "kanban":
            return render_template("kanban.html", list=lists.kanban())
        if view == "calendar":
            return render_template(
                "calendar.html",
                list=lists.head("calendar"),
                calendar={
                    "events_url": "/events",
                    "move_url": "/move",
                    "create_url": "/records/customer/new?next={date}",
                    "week_start": 1,
                },
            )
        model = lists.customer_list(request.args)
        return render_template("_list.html" if htmx() else "list.html", list=model)

    @app.post("/columns")
    def columns():
        kept = "" if request.form.get("reset") else ",".join(request.form.getlist("column"))
        from werkzeug.datastructures import MultiDict

        return render_template("_list.html", list=lists.customer_list(MultiDict({"columns": kept})))

    @app.get("/search")
    def search():
        q = request.args.get("q", "")
        found = [
            {
                "title": c["name"],
                "sub": f"C{10000 + c['id']} · {PEOPLE[c['owner']]}",
                "url": f"/records/customer/{c['id']}",
            }
            for c in CUSTOMERS
            if q and q in c["name"]
        ][:6]
        groups = (
            [{"label": "客户", "icon": "users", "all_url": f"/records/customer?q={q}", "items": found}] if found else []
        )
        return render_template("_search_results.html" if htmx() else "search.html", q=q, groups=groups)

    @app.get("/lookup/<entity>")
    def lookup(entity: str):
        q = request.args.get("q", "").lower()
        everything = {
            "product": [
                {"id": c, "title": n, "sub": c, "extra": {"list_price": p, "tax": t, "unit": u}}
                for c, n, u, p, t in PRODUCTS
            ],
            "user": [
                {
                    "id": i,
                    "title": n,
                    "sub": ["chenmo", "liwj", "chenzq", "zhaoyq", "zhouhr", "sunjy", "wangsy", "hem"][i],
                }
                for i, n in enumerate(PEOPLE)
            ],
            "region": [{"id": "440305", "title": "广东 深圳 南山"}, {"id": "310115", "title": "上海 浦东新区"}],
        }.get(entity) or [{"id": c["id"], "title": c["name"], "sub": f"C{10000 + c['id']}"} for c in CUSTOMERS]
        return jsonify(result=[x for x in everything if q in (x["title"] + x.get("sub", "")).lower()][:20])

    @app.route("/records/order/new", methods=["GET", "POST"])
    def order():
        if request.method == "POST":
            if request.form.get("notes") == "ok":
                return (
                    Response(status=204, headers={"HX-Redirect": "/records/order"})
                    if htmx()
                    else redirect("/records/order", 303)
                )
            return render_template("_form.html" if htmx() else "form.html", form=forms.order(errors=True)), 422
        return render_template("form.html", form=forms.order(errors="errors" in request.args))

    @app.route("/records/customer/new", methods=["GET", "POST"])
    def customer_new():
        return render_template("form.html", form=forms.customer())

    @app.get("/")
    def workbench():
        return render_template("dashboard.html", dashboard=pages.workbench())

    @app.get("/all")
    def functions():
        return render_template("functions.html", functions=pages.functions())

    @app.get("/records/customer/<int:record>")
    def customer(record: int):
        return render_template(
            "record.html", record=pages.record(), seen={"title": "深圳恒通科技股份有限公司", "kind": "客户"}
        )

    @app.get("/related/<name>")
    def related(name: str):
        found = pages.related()
        if name == "file":
            found |= {"rows": [], "empty": {"icon": "paperclip", "title": "还没有附件", "said": "在编辑页上传"}}
        return render_template("_related.html", related=found)

    @app.get("/timeline")
    def timeline():
        return render_template("_timeline_items.html", timeline=pages.timeline() | {"more": None})

    @app.get("/edit1")
    def edit1():
        return render_template(
            "_field_edit.html",
            field=forms.field("source", "客户来源", "text", "老客户转介绍"),
            save_url="/edit1",
            cancel_url="/value1",
            version=4,
        )

    @app.route("/value1")
    @app.post("/edit1")
    def value1():
        shown = request.form.get("source", "老客户转介绍")
        return render_template(
            "_field_value.html",
            f={
                "key": "k1",
                "label": "客户来源",
                "widget": "text",
                "value": ("text", shown, None),
                "edit_url": "/edit1",
            },
        )

    @app.route("/records/customer/import", methods=["GET", "POST"])
    def importing():
        return render_template("import.html", imp=pages.importing(int(request.args.get("step", 1))))

    @app.get("/progress")
    def progress():
        return render_template("_import_progress.html", progress=pages.importing(4)["progress"])

    @app.post("/cell")
    def cell():
        row = pages.importing(3)["table"]["rows"][0]
        row |= {"mended": True, "said": "已修正"}
        for one in row["cells"]:
            one["bad"] = False
        return render_template("_import_row.html", row=row)

    @app.get("/settings")
    def settings():
        return render_template("settings.html", settings=pages.settings())

    @app.get("/settings/customize/customer")
    def customize():
        return render_template("customize.html", design=pages.design())

    @app.post("/plan")
    def plan():
        return render_template("_plan.html", plan=pages.plan(request.form["overlay"]))

    @app.get("/check")
    def check():
        source = request.args["expression"]
        if "credit_limt" in source:
            return jsonify(ok=False, said="没有字段或选项 credit_limt，是否要写 credit_limit？")
        return jsonify(ok=True, said="有效", used=["信用额度", "客户级别"], count="现有 5,000 条中 1,842 条会显示")

    @app.get("/key")
    def key():
        from pypinyin import lazy_pinyin

        return jsonify(key="_".join(lazy_pinyin(request.args["label"])))

    @app.get("/bin")
    def recycle_bin():
        return render_template("simple.html", page=pages.bin_page())

    @app.get("/fail/<int:status>")
    def failed(status: int):
        bare = "failure_bare.html" if status == 503 else "failure.html"
        return render_template(bare, failure=pages.failure(status)), status

    @app.route("/dialogs/<name>", methods=["GET", "POST"])
    def dialogs(name: str):
        if request.method == "POST" and name == "create":
            told = {"yk-created": {"for": "f-customer", "item": {"id": 77, "title": request.form["name"]}}}
            return Response("", headers={"HX-Trigger": json.dumps(told)})
        if request.method == "POST":
            told = {"yk-close-dialog": {}, "yk-toast": {"text": "已转移 2 个客户", "undo": "/undo"}}
            return Response(status=204, headers={"HX-Trigger": json.dumps(told)})
        if name == "export":
            return render_template("_export.html", export=pages.export())
        return render_template("_dialog_form.html", dialog=pages.dialog(name))

    @app.get("/events")
    def events():
        return jsonify(
            [
                {
                    "id": c["id"],
                    "title": c["name"][:8],
                    "start": c["next"].isoformat(),
                    "url": f"/records/customer/{c['id']}",
                }
                for c in CUSTOMERS
            ]
        )

    @app.post("/move")
    def move():
        if request.form.get("to") == "已流失":
            return Response("“已流失”要先填流失原因", 409, mimetype="text/plain")
        return render_template("_board_heads.html", list=lists.kanban())

    @app.post("/star")
    @app.post("/done")
    def nothing():
        return Response(status=204)

    @app.post("/files")
    def files():
        return jsonify(id=99)

    @app.get("/scripts/<name>")
    def script(name: str):
        """The sources as they are, so that a test can call one of them alone."""
        return send_from_directory(Path(__file__).parent / "scripts", name, mimetype="text/javascript")

    @app.post("/fail/<int:status>")
    def fail(status: int):
        return Response("服务器忙，请稍后再试" if status == 503 else "", status, mimetype="text/plain")

    return app


if __name__ == "__main__":
    create_app().run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 8900, threaded=True)
