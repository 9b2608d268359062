"""Documents that cannot lie: the reference is written from the definitions, the schema has a sentence for every key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from yuanke.fieldtypes import catalogue
from yuanke.metadata.dialect.records import Key, Record
from yuanke.metadata.faults import CODES
from yuanke.metadata.jsonschema import definition_json_schema
from yuanke.metadata.reader import read
from yuanke.metadata.reference import MARK, dialect_reference, records, title

ROOT = Path(__file__).parent.parent.parent
KEYS = [(record, word, key) for record in records() for word, key in record.keys.items()]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return definition_json_schema()


def test_the_reference_in_docs_is_the_one_of_the_definitions() -> None:
    text = (ROOT / "docs" / "dialect.md").read_text(encoding="utf-8")
    assert text.partition(MARK)[2].strip() == dialect_reference().strip(), (
        "python -m yuanke.metadata.reference docs/dialect.md"
    )


def test_the_reference_has_every_part_every_key_every_type_and_every_code() -> None:
    text = dialect_reference()
    for record, word, _ in KEYS:
        assert f"## {title(record)}\n" in text and f"| `{word}` |" in text
    for name in (*(n for n, k in catalogue().items() if type(k).__module__.startswith("yuanke.")), *CODES):
        assert f"| `{name}` |" in text or f"| {name} |" in text


@pytest.mark.parametrize(
    ("record", "word", "key"),
    KEYS,
    ids=lambda part: part.name if isinstance(part, Record) else part if isinstance(part, str) else "",
)
def test_every_key_has_a_sentence_and_an_example_that_is_of_its_shape(
    record: Record, word: str, key: Key, schema: dict[str, Any]
) -> None:
    assert len(key.says) > 8 and key.says.rstrip()[-1] in ".`", key.says
    if key.example and "..." not in key.example:
        node, faults = read(f"{word}: {key.example}", "example.yaml")
        assert node is not None and not faults, key.example
        shape = {**key.shape.schema(), "definitions": schema["definitions"]}
        found = [error.message for error in jsonschema.Draft7Validator(shape).iter_errors(node.plain()[word])]
        assert not found, key.example


def test_the_schema_is_draft_7_and_every_property_of_a_part_has_a_sentence(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    for name, body in schema["definitions"].items():
        for form in [body, *body.get("anyOf", [])]:
            for word, said in form.get("properties", {}).items():
                assert said.get("description"), f"{name}.{word}"


@pytest.mark.parametrize(
    "path",
    sorted(
        [
            *(ROOT / "modules").glob("*.yaml"),
            *(ROOT / "platform/yuanke/system").glob("*.yaml"),
            ROOT / "tests/faults/_crm.yaml",
            ROOT / "tests/faults/_acme.yaml",
        ]
    ),
    ids=lambda p: p.stem,
)
def test_files_that_are_right_fit_the_schema_as_they_are_written(path: Path, schema: dict[str, Any]) -> None:
    node, faults = read(path.read_bytes(), str(path))
    assert node is not None and not faults
    jsonschema.Draft7Validator(schema).validate(node.plain())


@pytest.mark.parametrize(
    "name",
    ["unknown_file_key", "unknown_entity_key", "unknown_field_key", "list_for_map", "text_for_flag", "wrong_colour"],
)
def test_an_editor_with_the_schema_marks_what_the_check_marks(name: str, schema: dict[str, Any]) -> None:
    node, _ = read((ROOT / f"tests/faults/{name}.yaml").read_bytes(), name)
    assert node is not None
    assert list(jsonschema.Draft7Validator(schema).iter_errors(node.plain()))


def test_the_schema_allows_null_and_list_changes_in_a_customization(schema: dict[str, Any]) -> None:
    patch = {
        "customization": "acme",
        "entities": {
            "customer": {
                "fields": {"note": None, "level": {"options": {"a": None}}},
                "views": {"list": {"columns+": ["fax"], "columns-": ["note"]}},
                "permissions": {"sales": None},
            }
        },
    }
    jsonschema.Draft7Validator(schema).validate(patch)
