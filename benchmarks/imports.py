"""W2: ten thousand rows through the system's own import, customers and then contacts that link to them by number."""

from __future__ import annotations

import csv
import io
import random
import time
from typing import Any

from benchmarks import invented
from benchmarks.client import Client

ROWS = 10_000
GOAL = 4_000.0  # rows a second


def customers_csv(rows: int) -> bytes:
    chance = random.Random(9)
    industries = ("软件", "机械", "化工", "零售", "金融", "教育", "医疗", "物流")
    table = [["名称", "电话", "行业", "级别", "地区", "年营业额", "下次跟进", "备注"]]
    for number in range(rows):
        table.append([
            invented.company(chance), invented.mobile(chance).removeprefix("+86"), chance.choice(industries), f"{chance.choice('ABCD')} 级",
            chance.choice(invented.PLACES), f"{chance.randrange(10**7)}.50", f"2026-0{number % 9 + 1}-05 14:30", f"第{number}行",
        ])  # fmt: skip
    return _written(table)


def contacts_csv(rows: int, customers: int) -> bytes:
    chance = random.Random(10)
    table = [["姓名", "客户", "手机", "职务"]]
    for _ in range(rows):
        number = f"C{chance.randrange(1, customers + 1):07d}"
        table.append(
            [
                invented.person(chance),
                number,
                invented.mobile(chance).removeprefix("+86"),
                chance.choice(invented.TITLES),
            ]
        )
    return _written(table)


def _written(table: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue().encode("utf-8-sig")


def run_import(client: Client, entity: str, content: bytes) -> float:
    """Upload, wait for the job, and answer the rows a second, the upload included."""
    boundary = "bench-boundary"
    head = (
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{entity}.csv\"\r\n"
        "Content-Type: text/csv\r\n\r\n"
    ).encode()  # fmt: skip
    client.headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
    began = time.perf_counter()
    job = client.right("POST", f"/api/v1/imports/{entity}", head + content + f"\r\n--{boundary}--\r\n".encode()).json
    del client.headers["Content-Type"]
    while (now := client.right("GET", f"/api/v1/jobs/{job['id']}").json)["state"] in ("queued", "running"):
        time.sleep(0.02)
    spent = time.perf_counter() - began
    counts: dict[str, Any] = now["result"] or {}
    rows = content.count(b"\n") - 1
    if now["state"] != "done" or counts.get("created") != rows:
        raise SystemExit(f"the import of {entity} ended as {now['state']}: {counts or now}")
    return rows / spent
