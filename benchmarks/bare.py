"""F1: bare Flask views on the same kind of server, which run F0's statements and answer the bytes that the platform answers.

The one rule: no rights, no sessions, no templates, no checks; only what any answer over HTTP costs in Python.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from benchmarks.floors import CUSTOMER, LIST, ORDER, Floor

#: in the order of the platform's answer to one record
RECORD = (
    "number", "owner", "department", "created_at", "created_by", "updated_at", "updated_by", "name", "phone", "industry", "level",
    "region", "status", "annual_revenue", "next_follow_at", "notes",
)  # fmt: skip
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def money(value: Any) -> Any:
    """Minor units (SQLite) or a Decimal (PostgreSQL) as the exact text."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return f"{value // 100}.{value % 100:02d}"


def instant(value: Any) -> Any:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if isinstance(value, datetime) else value


def link(value: Any, title: Any) -> Any:
    return None if value is None else {"id": value, "title": title}


def day(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else value.isoformat()


def listed(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"id": row[0], "version": row[1], **dict(zip(LIST, row[2:12]))}
    said["owner"] = link(said["owner"], row[12])
    said["annual_revenue"] = money(said["annual_revenue"])
    said["next_follow_at"] = instant(said["next_follow_at"])
    return said


def whole(row: Any) -> dict[str, Any]:
    at = dict(zip(CUSTOMER, row))
    owner, creator, changer = row[len(CUSTOMER) :]
    said = {"id": at["id"], "version": at["version"], **{key: at[key] for key in RECORD}}
    said["owner"], said["created_by"] = link(at["owner"], owner), link(at["created_by"], creator)
    said["updated_by"] = link(at["updated_by"], changer)
    said["created_at"], said["updated_at"] = instant(at["created_at"]), instant(at["updated_at"])
    said["annual_revenue"], said["next_follow_at"] = money(at["annual_revenue"]), instant(at["next_follow_at"])
    return said


def reply(value: Any) -> Response:
    return Response(_encode(value), mimetype="application/json")


def build(where: str, page: Path) -> Flask:
    """The views; ``page`` is a file with the HTML of the list page, which is sent as it is."""
    app = Flask("bare")
    floor = Floor(where)
    html: list[bytes] = []

    @app.get("/empty")
    def empty() -> Response:
        return Response(b"{}", mimetype="application/json")

    @app.get("/list")
    def own_list() -> Response:
        rows = floor.own_list(int(request.args["owner"]))
        return reply(
            {"result": [listed(row) for row in rows[:50]], "next": "WzA1MDAwXQ", "count": None, "count_capped": False}
        )

    @app.get("/counted")
    def counted() -> Response:
        owner = int(request.args["owner"])
        rows, count = floor.own_list(owner), floor.own_count(owner)
        return reply(
            {"result": [listed(row) for row in rows[:50]], "next": "WzA1MDAwXQ", "count": count, "count_capped": False}
        )

    @app.get("/filtered")
    def filtered() -> Response:
        rows, count = floor.filtered(request.args["level"], request.args["part"])
        return reply(
            {"result": [listed(row) for row in rows[:50]], "next": "WzA1MDAwXQ", "count": count, "count_capped": False}
        )

    @app.get("/page")
    def list_page() -> Response:
        owner = int(request.args["owner"])
        floor.own_list(owner)
        floor.own_count(owner)
        if not html:
            html.append(page.read_bytes())
        return Response(html[0], mimetype="text/html")

    @app.get("/detail/<int:customer>")
    def detail(customer: int) -> Response:
        one, contacts, orders = floor.detail(customer, int(request.args["owner"]))
        said = whole(one)
        at = link(one[0], said["name"])
        people = [
            {"id": r[0], "version": r[1], "name": r[2], "customer": at, "mobile": r[4], "title": r[5]}
            for r in contacts[:50]
        ]
        bought = [
            {"id": r[0], "version": r[1], "customer": at, "date": day(r[3]), "amount": money(r[4]), "status": r[5]}
            for r in orders[:20]
        ]
        more = {"next": None, "count": None, "count_capped": False}
        said["_related"] = {"contacts": {"result": people, **more}, "orders": {"result": bought, **more}}
        return reply(said)

    @app.post("/create")
    def create() -> Response:
        values = json.loads(request.get_data())
        revenue = Decimal(values["annual_revenue"])
        values["annual_revenue"] = int(revenue * 100) if floor.sqlite else revenue
        return reply(whole(floor.create(values, int(request.args["owner"]), "销售01")))

    @app.patch("/update/<int:customer>")
    def update(customer: int) -> Response:
        given = json.loads(request.get_data())["annual_revenue"]
        revenue = int(Decimal(given) * 100) if floor.sqlite else Decimal(given)
        return reply(whole(floor.update(customer, int(request.args["owner"]), revenue)))

    @app.post("/move/<int:order>")
    def move(order: int) -> Response:
        row = floor.move(order, int(request.args["owner"]), request.args["stage"])
        said = dict(zip(ORDER, row))
        said.update(amount=money(said["amount"]), date=day(said["date"]))
        return reply({key: value for key, value in said.items() if key != "deleted_at"})

    return app


if __name__ == "__main__":
    import waitress

    waitress.serve(
        build(sys.argv[1], Path(sys.argv[3])), host="127.0.0.1", port=int(sys.argv[2]), threads=1, _quiet=True
    )
