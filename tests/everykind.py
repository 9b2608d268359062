"""An entity with a field of every type there is, and bodies for it: right ones, wrong ones, and anything at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from yuanke.access.sessions import actor_of
from yuanke.fieldtypes import catalogue
from yuanke.metadata import Layer
from yuanke.records import Records
from yuanke.storage import Installation, create_enterprise

from tests.fieldtypes.fieldvalues import RAW, words
from tests.served import Caller, enter, templated

#: types that are said by a key of their own
TOLD = {
    "choice": "{options: {new: 新建, won: {label: 赢单, color: green}}}",
    "choices": "{options: [email, phone, visit], multiple: true}",
    "link": "{link: tag}",
    "links": "{links: tag}",
    "dynamic_link": "{link: [tag, user]}",
    "rows": "{rows: {what: {type: text!, length: 20}, price: {type: money, min: 0}, done: {type: bool, editable: new}}}",
    "file": "{type: file, multiple: true}",
}
NUMBERED = {"sequence"}  # the entity's own number


def every_kind() -> str:
    """The module: entity ``thing`` with ``f_<type>`` of each type; ``title`` must be said; ``tag`` to link to."""
    fields = "\n".join(
        f"      f_{name}: {TOLD.get(name, name)}" for name in sorted(catalogue()) if name not in NUMBERED
    )
    return f"""
module: everything
label: 一切
roles: {{maker: 制作, looker: 查看}}
entities:
  tag:
    label: 标签
    fields: {{name: {{type: text!, unique: true}}}}
    permissions: {{maker: {{read: all, create: true, update: all, delete: all}}, looker: {{read: all}}}}
  thing:
    label: 东西
    number: T-{{seq:5}}
    fields:
      title: {{type: text!, label: 名称, length: 40}}
      once: {{type: text, editable: new}}
      fixed: {{type: text, editable: false}}
      secret: {{type: text, label: 密级}}
      double: {{type: money, formula: f_money * 2}}
{fields}
    permissions:
      maker: {{read: own, create: true, update: own, delete: own, fields: {{secret: hidden, f_color: read}}}}
      looker: {{read: all, export: all, fields: {{f_money: hidden}}}}
"""


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["", " ", "1", "tag:1", "２", "\0", "\ud800", "x" * 500, "1e999", "0x10", "a,b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=4,
)
links = st.integers(1, 3) | st.builds(lambda i: {"id": i}, st.integers(1, 3)) | st.just("known")
many = st.lists(links, max_size=4)
rows = st.lists(
    st.fixed_dictionaries(
        {}, optional={"what": words | junk, "price": RAW["money"] | junk, "done": st.booleans(), "nothing": junk}
    )
    | junk,
    max_size=3,
)
SENT: dict[str, st.SearchStrategy[Any]] = {
    **{name: raw for name, raw in RAW.items() if name not in NUMBERED},
    "choice": st.sampled_from(["new", "won"]),
    "choices": st.lists(st.sampled_from(["email", "phone", "visit"]), max_size=3),
    "link": links,
    "links": many | st.fixed_dictionaries({}, optional={"add": many, "remove": many}),
    "dynamic_link": st.builds(lambda i: {"entity": "tag", "id": i}, st.integers(1, 3)),
    "rows": rows,
}
BESIDE = ("title", "once", "fixed", "secret", "double", "number", "owner", "created_by", "id", "nothing", "f_nothing")


def bodies() -> st.SearchStrategy[dict[str, Any]]:
    """Bodies for ``thing``: of each member what its type takes, or anything; and members that are none."""
    members = {f"f_{name}": sent | junk for name, sent in SENT.items()} | dict.fromkeys(BESIDE, words | junk)
    some = st.lists(st.sampled_from(sorted(members)), min_size=1, max_size=8, unique=True)
    return some.flatmap(lambda keys: st.fixed_dictionaries({key: members[key] for key in keys}))


def upload(content: bytes = b"x", name: str = "a.txt") -> dict[str, Any]:
    return {"data": {"file": (io.BytesIO(content), name)}, "content_type": "multipart/form-data"}


def make_everything(installation: Installation) -> None:
    """Enterprise acme, which runs `every_kind`: a file, three tags, and things 1 (of root) and 2 (of maker)."""
    at = create_enterprise(installation, "acme", "一切", layers=[Layer.read_text(every_kind(), "m1.yaml", "module")])
    for name, role in (("root", "admin"), ("maker", "maker"), ("looker", "looker")):
        enter(installation, at, name, role)
    enter(installation, at, "robot", "maker", kind="interface")
    thing = {"title": "x", "f_rows": [{"what": "a"}], "f_links": [1, 2], "f_money": 3}
    with installation.unit(at, write=True) as unit:
        root, maker = (Records(unit, actor_of(unit, one, "api")) for one in (1, 2))
        unit.files.put(io.BytesIO(b"title\nx\n"), "a.csv", 1)
        for name in ("known", "b", "c"):
            root.create("tag", {"name": name})
        for door in (root, maker):
            door.create("thing", thing)
        root.update("thing", 2, {"secret": "hush"})


templated["ask"] = make_everything


@pytest.fixture
def ask(app: Any) -> Callable[[str], Caller]:
    """``ask("maker")`` is logged in at acme, as `make_everything` made it."""
    return lambda name: Caller(app, "acme", name).log_in()
