"""The CRM's module files: they compile without a fault or a warning, carry what the business asks for, and read well.

`wanted_fields.yaml` lists what is wanted; a field that a module lacks stands in `LEFT_OUT` with its reason, one that
goes by another name in `RENAMED`. The files of `wanted/` say the same of further entities, one file a module:
``entity: {fields: {...}, renamed: {...}, left_out: {...}, not_asked: {...}}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypinyin import lazy_pinyin
from yuanke.app.plugins import load
from yuanke.kernel.text import Label
from yuanke.metadata import Entity, Field, Layer, Registry, check_layers, compile_layers, system_layers

from tests.modules.conftest import plain

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "modules").glob("*.yaml"))
WANTED = plain(Path(__file__).parent / "wanted_fields.yaml")
CHINESE = re.compile(r"[\u4e00-\u9fff]")

RENAMED = {
    "customer": {
        "code": "number",
        "region_code": "region",
        "geo": "location",
        "biz_info": "business_info",
        "dept_id": "department",
    },
    "contact": {"department": "department_name", "charge": "duty", "mobile2": "mobile_second"},
    "anniversary": {
        "remind_at_time": "remind_time",
        "next_date": "next_on",
        "remind_ids": "reminded",
        "action_template": "deed",
    },
    "product": {"price": "list_price", "ext_codes": "shop_codes"},
    "opportunity": {"code": "number", "member_ids": "members"},
    "opportunity_product": {"qty": "quantity"},
    "task": {"contact_ids": "contacts", "assignee_ids": "assignees", "stage_after": "advance_to"},
}

#: entity -> field -> why it is not there (yet)
LEFT_OUT = {
    "customer": {
        "pinyin": "the search index finds initials of every text, no field is needed",
        "merged_into": "kept by the platform's merging, which redirects the old record",
    },
    "anniversary": {
        "last_remind_on": "kept by the reminders of the platform",
        "care_id": "its care records are shown with it, the last one by its day",
    },
    "product": {
        "stock_qty": "added by the module of stock",
        "stock_amount": "added by the module of stock",
    },
    "opportunity": {
        "competitors": "a competitor names the deal it is in, which gives the deal its competitors",
    },
    "opportunity_product": {"sku_id": "added by the module of stock"},
    "task": {
        "repeat_rule": "needs the type recurrence",
        "comment_count": "comments are a feature of the platform, which counts them",
    },
}

#: required by the business, but not asked of a person: why
NOT_ASKED = {
    ("task", "assignees"): "left empty, the owner does it",
    ("task", "assigner"): "filled with whoever makes the task",
    ("opportunity", "status"): "follows from the stage",
}


for path in sorted((Path(__file__).parent / "wanted").glob("*.yaml")):
    for entity, said in plain(path).items():
        WANTED[entity] = said["fields"]
        RENAMED[entity] = said.get("renamed", {})
        LEFT_OUT[entity] = said.get("left_out", {})
        NOT_ASKED.update({(entity, field): reason for field, reason in said.get("not_asked", {}).items()})


@pytest.fixture(scope="session")
def layers() -> list[Layer]:
    load()
    return [*system_layers(), *(Layer.read_file(path, "module") for path in MODULES)]


@pytest.fixture(scope="session")
def registry(layers: list[Layer]) -> Registry:
    return compile_layers(layers)


def crm(registry: Registry) -> list[Entity]:
    """Entities that the module files declare themselves."""
    return [entity for entity in registry.entities.values() if entity.module != "platform"]


def own_fields(entity: Entity) -> list[Field]:
    return [field for field in entity.fields.values() if field.source != "system"]


def test_every_module_compiles_without_a_fault_or_a_warning(layers):
    assert [str(found) for found in check_layers(layers)] == []


def test_the_modules_depend_on_what_they_use_and_no_more(layers):
    """Each module compiles with nothing but what it depends on, directly or through others."""
    named = {plain(path)["module"]: path for path in MODULES}
    depends = {name: plain(path).get("depends", []) for name, path in named.items()}

    def needed(name: str) -> set[str]:
        return {name}.union(*(needed(other) for other in depends[name]))

    for name in named:
        some = [*system_layers(), *(Layer.read_file(named[other], "module") for other in sorted(needed(name)))]
        assert [str(found) for found in check_layers(some)] == [], name


@pytest.mark.parametrize("entity", WANTED)
def test_every_wanted_field_is_there_or_left_out_for_a_reason(registry, entity):
    fields = registry.entities[entity].fields
    missing = {name for name in WANTED[entity] if found_name(entity, name, fields) is None}
    assert missing == set(LEFT_OUT.get(entity, {}))


@pytest.mark.parametrize("entity", WANTED)
def test_wanted_fields_keep_their_label_their_options_and_their_rules(registry, entity):
    for name, wanted in WANTED[entity].items():
        _, flags, options, default = [*wanted, None, None][:4]
        key = found_name(entity, name, registry.entities[entity].fields)
        if key is None or key in ("owner", "department", "position"):
            continue
        field = registry.entities[entity].fields[key]
        if options:
            assert field.options is not None, (entity, key)
            assert [option.label.zh for option in field.options.values()] == options, (entity, key)
        if default and field.formula is None:
            assert field.options[field.default].label.zh == default, (entity, key)
        if "u" in flags:
            assert field.unique is not None or key == "number", (entity, key)
        if "s" in flags:
            assert field.sensitive, (entity, key)
        if "*" in flags and (entity, key) not in NOT_ASKED and field.source == "typed":
            assert field.required or field.formula is not None, (entity, key)


def found_name(entity: str, name: str, fields: object) -> str | None:
    """The key under which a wanted field lives: renamed, as it is, or without ``_id``."""
    candidates = [RENAMED.get(entity, {}).get(name, name), name.removesuffix("_id")]
    return next((key for key in candidates if key in fields), None)  # type: ignore[operator]


def test_what_is_left_out_or_not_asked_is_wanted_at_all():
    for entity, names in LEFT_OUT.items():
        assert set(names) <= set(WANTED[entity])
    for entity, names in RENAMED.items():
        assert set(names) <= set(WANTED[entity])


def test_no_option_key_is_the_pinyin_of_its_label(registry):
    wrong = []
    for entity in crm(registry):
        for field in own_fields(entity):
            for option in (field.options or {}).values():
                spoken = lazy_pinyin(option.label.zh)
                if CHINESE.search(option.label.zh) and option.key in (
                    "".join(spoken),
                    "_".join(spoken),
                    "".join(s[0] for s in spoken),
                ):
                    wrong.append(f"{entity.key}.{field.key}.{option.key}")
    assert wrong == []


def labels(registry: Registry) -> Iterator[tuple[str, Label]]:
    for key, role in registry.roles.items():
        yield f"roles.{key}", role
    for key, field in registry.settings.items():
        yield f"settings.{key}", field.label
    for entity in crm(registry):
        yield entity.key, entity.label
        yield f"{entity.key}.plural", entity.plural
        for view in entity.views.values():
            yield from (
                (f"{entity.key}.{section['key']}", section["label"]) for section in view.body.get("sections", ())
            )
            yield from ((f"{entity.key}.{key}", found["label"]) for key, found in view.body.get("filters", {}).items())
        for field in own_fields(entity):
            if entity.kind == "pair":
                continue
            yield f"{entity.key}.{field.key}", field.label
            for option in (field.options or {}).values():
                yield f"{entity.key}.{field.key}.{option.key}", option.label


def test_every_label_is_chinese_first(registry):
    plain = {"VIP客户", "IT", "H5", "QQ", "A", "B", "C", "kg", "g", "t", "English"}
    bare = [
        path
        for path, label in labels(registry)
        if not CHINESE.search(label.zh) and label.zh not in plain and not label.zh[0].isdigit()
    ]
    assert bare == []


def test_every_label_has_an_english_one_without_chinese(registry):
    wrong = [
        f"{path}: {label.en}"
        for path, label in labels(registry)
        if not label.en
        or CHINESE.search(label.en)
        or "_" in label.en
        or not (label.en[0].isupper() or label.en[0].isdigit() or len(label.en) < 3)
    ]
    assert wrong == []


def test_no_two_fields_of_an_entity_share_a_label(registry):
    for entity in crm(registry):
        shown = [field.label.zh for field in own_fields(entity)]
        assert sorted(shown) == sorted(set(shown)), entity.key


def test_every_entity_may_be_read_by_some_role_and_by_the_boss(registry):
    for entity in crm(registry):
        if entity.kind == "record":
            assert "read" in entity.permissions["boss"].verbs, entity.key


def test_every_role_has_a_workbench_and_may_read_something_on_it(registry):
    shown = {role for board in registry.dashboards.values() for role in board["for"]}
    assert set(registry.roles) <= shown | {"admin"}
    for board in registry.dashboards.values():
        for role in set(board["for"]) - {"admin"}:
            lists = [widget["list"] for widget in every_widget(registry, board) if "list" in widget]
            assert any("read" in registry.entities[name].permissions.get(role, NOBODY).verbs for name in lists), role


class NOBODY:
    verbs: dict[str, object] = {}


def every_widget(registry: Registry, board: dict) -> list[dict]:
    base = every_widget(registry, registry.dashboards[board["like"]]) if "like" in board else []
    return [*base, *board.get("widgets", {}).values()]


def test_every_record_entity_has_its_place_in_the_menu(registry):
    items = [item for group in registry.menu for item in group.get("items", ())]
    shown = {item if isinstance(item, str) else item.get("entity") for item in items}
    wanted = {
        entity.key for entity in crm(registry) if entity.kind == "record" and entity.more.get("hidden") is not True
    }
    assert wanted <= shown


def test_forms_show_every_field_a_person_fills_in(registry):
    """Fields that a later module adds are filled by formulas; all others stand in a section."""
    for entity in crm(registry):
        form = entity.views.get("form")
        if entity.kind != "record" or form is None:
            continue
        shown = {name for section in form.body["sections"] for row in section["rows"] for name in row}
        moved = {(entity.workflow or {}).get("field"), "approval"}  # by transitions and by who approves, never typed
        typed = [field.key for field in own_fields(entity) if field.source == "typed" and field.key not in moved]
        missing = [key for key in typed if key not in shown]
        assert missing == [], entity.key


def test_the_customization_of_the_sample_company_fits_the_modules(layers):
    patches = [Layer.read_file(path, "customization") for path in sorted((ROOT / "customizations").rglob("*.yaml"))]
    assert patches
    assert [str(found) for found in check_layers([*layers, *patches])] == []


def test_the_example_of_the_tutorial_is_the_one_in_the_examples_and_compiles(layers):
    path = ROOT / "docs" / "examples" / "equipment.yaml"
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) == 18
    for page in ("docs/getting-started-consultant.md", "README.md"):
        assert text in (ROOT / page).read_text(encoding="utf-8"), page
    made = compile_layers([*layers, Layer.read_file(path, "module")])
    assert [str(found) for found in check_layers([*layers, Layer.read_file(path, "module")])] == []
    assert "equipments" in made.entities["customer"].inverses


def test_every_help_text_is_there_in_english_too(registry):
    wrong = [
        entity.key
        for entity in crm(registry)
        if entity.help and CHINESE.search(entity.help.en) and entity.kind != "pair"
    ]
    for entity in crm(registry):
        fields = [] if entity.kind == "pair" else own_fields(entity)
        wrong += [f"{entity.key}.{field.key}" for field in fields if field.help and CHINESE.search(field.help.en)]
    assert wrong == []
