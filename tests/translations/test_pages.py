"""The main pages speak the reader's language and no other; all data are ASCII, so what is Chinese was said by the product."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from babel.messages.pofile import read_po

from tests.translations.conftest import Product
from tests.translations.test_labels import labels

CATALOGUE = Path(__file__).resolve().parents[2] / "platform/yuanke/translations/en/LC_MESSAGES/messages.po"
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
#: shown in every language: the mark of the product, the switch of languages and the languages' own names
EVERYWHERE = {"元", "语言 / Language", "简体中文", "English"}
#: amounts in words and lunar days are Chinese in every language
EVERYWHERE |= {"壹拾壹元贰角伍分", "二月初二"}
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-confirm", "data-confirm-yes", "data-seen-kind", "content")
PAGES = (
    "/",
    "/all",
    "/bin",
    "/search",
    "/search?q=Alpha",
    "/search?q=nothing",
    "/settings",
    "/settings/customize/versions",
    "/settings/customize/versions/1",
    "/settings/customize/drafts",
    "/settings/packs",
    "/settings/packs/settings",
    "/settings/customize/yaml",
    "/me",
    "/me/password",
    "/no/such/page",
    "/records/nothing",
)


class Texts(HTMLParser):
    """``found``: text nodes, spoken attributes, and the words that scripts say, each stripped."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value.strip() for name, value in attrs if name in SPOKEN and value]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(" ".join(data.split()))


def addresses(product: Product) -> Iterator[str]:
    """Every page that an administrator comes to by clicking, for every kind of record."""
    yield from PAGES
    yield from (f"/dashboards/{name}" for name in product.registry.dashboards)
    for key, number in product.ids.items():
        entity = product.registry.entities[key]
        at = f"/records/{key}"
        yield from (
            at,
            f"{at}?q=nothing",
            f"{at}?filter=id+%3D",
            f"{at}/new",
            f"{at}/import",
            f"{at}/export",
            f"{at}/views/new",
        )
        yield from (f"{at}?view={view.kind}" for view in entity.views.values() if view.kind in ("kanban", "calendar"))
        yield from (f"{at}/{number}", f"{at}/{number}/edit", f"{at}/bulk?id={number}", f"{at}/transfer?id={number}")
        yield from (f"{at}/{number}/related/{name}" for name in entity.inverses)


@pytest.fixture(scope="module")
def written(product: Product) -> set[str]:
    """Chinese that definitions put into data: defaults of fields (a unit, say)."""
    found = {
        str(f.default)
        for e in product.registry.entities.values()
        for f in e.fields.values()
        if isinstance(f.default, str)
    }
    return {text for text in found if CHINESE.search(text)}


def crawl(client: Any, paths: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(address, text) of every text once."""
    seen: set[str] = set()
    for path in paths:
        answer = client.get(path)
        assert answer.status_code < 500, f"{path}: {answer.status_code}"
        for text in Texts(answer.text).found:
            if text not in seen:
                seen.add(text)
                yield path, text


def test_english_pages_have_no_chinese(product: Product, speaking: Callable[[str], Any], written: set[str]) -> None:
    allowed = EVERYWHERE | written
    found = [
        f"{path}: {text[:120]}"
        for path, text in crawl(speaking("en"), addresses(product))
        if CHINESE.search(text) and text not in allowed
    ]
    assert not found, "\n".join(found)


def test_the_designer_speaks_english_but_for_the_titles_it_edits(
    product: Product, speaking: Callable[[str], Any], written: set[str]
) -> None:
    """Sections are known by their Chinese title, which is what one edits there."""
    sections = {
        str(section["label"].zh)
        for entity in product.registry.entities.values()
        for view in entity.views.values()
        for section in view.body.get("sections", ())
    }
    client = speaking("en")
    allowed = EVERYWHERE | written | sections
    for key in product.ids:
        page = client.get(f"/settings/customize/{key}").text
        quoted = {part for part in re.findall(r'"([^"<>]*)"', page) if CHINESE.search(part)}
        shown = {text for text in Texts(re.sub(r"(?s)<script.*?</script>", "", page)).found if CHINESE.search(text)}
        assert not (quoted | shown) - allowed, key


def test_chinese_pages_have_no_english(product: Product, speaking: Callable[[str], Any]) -> None:
    """No sentence of the catalogue and no label of a definition stands there in English."""
    with CATALOGUE.open("rb") as file:
        english = {str(m.string) for m in read_po(file) if m.id and m.string != m.id and CHINESE.search(str(m.id))}
    names = [label for _, label in labels(product.registry, "", set())]
    english |= {label.en for label in names if label.en != label.zh}
    keys = {key for entity in product.registry.entities.values() for key in entity.fields} | set(
        product.registry.modules
    )  # whoever writes filters, or looks at packs, reads them
    english -= {label.zh for label in names} | keys | {"Excel"}
    allowed = EVERYWHERE | {"Alpha", "Beta"}
    found = [
        f"{path}: {text}"
        for path, text in crawl(speaking("zh"), addresses(product))
        if text in english - allowed and len(text) > 1
    ]
    assert not found, "\n".join(found)


def test_whoever_is_not_logged_in_reads_what_the_browser_prefers(product: Product) -> None:
    for path in ("/login", "/nothing"):
        for language in ("en", "zh"):
            page = product.app.test_client().get(path, headers={"Accept-Language": language}).text
            chinese = {text for text in Texts(page).found if CHINESE.search(text)} - EVERYWHERE
            assert bool(chinese) == (language == "zh"), (path, language, chinese)


def test_an_import_and_its_file_of_faults_speak_the_language_of_the_page(
    product: Product, speaking: Callable[[str], Any]
) -> None:
    from yuanke.jobs import run_pending

    client = speaking("en")
    headers = {"X-CSRF-Token": client.token}
    at, table = "/records/department/import", io.BytesIO(b"Name,Parent department\nNorth,Nowhere\nSouth,\n")
    sent = client.post(at, data={"file": (table, "d.csv")}, headers=headers, content_type="multipart/form-data")
    page = client.get(sent.headers["Location"]).text
    form = {
        "import": re.search(r'name="import" value="([^"]+)"', page)[1],  # type: ignore[index]
        "head.0": "Name",
        "column.0": "name",
        "head.1": "Parent department",
        "column.1": "parent",
    }
    checked = client.post(f"{at}/check", data=form, headers=headers).headers["Location"]
    waiting = client.get(checked).text
    run_pending(product.app.installation, "acme")
    done = client.get(checked).text
    for found in (page, waiting, done):
        assert not {text for text in Texts(found).found if CHINESE.search(text)} - EVERYWHERE
    name = re.search(r'href="(/files/\d+)"', done)
    assert name is not None
    file = client.get(name[1])
    assert "rows not imported" in unquote(file.headers["Content-Disposition"])
    assert file.data.decode("utf-8-sig").splitlines() == [
        "Name,Parent department,Problem",
        "North,Nowhere,Parent department: Department “Nowhere” was not found",
    ]


def test_an_export_is_in_the_language_of_the_page(product: Product, speaking: Callable[[str], Any]) -> None:
    from yuanke.jobs import run_pending

    heads = {}
    for language in ("en", "zh"):
        client = speaking(language)
        form = {"format": "csv", "scope": "all", "columns": ["username", "status"]}
        job = client.post("/records/user/export", data=form, headers={"X-CSRF-Token": client.token}).headers["Location"]
        run_pending(product.app.installation, "acme")
        page = client.get(job)
        file = page.headers.get("Location") or re.search(r"/files/\d+", page.text)[0]  # type: ignore[index]
        heads[language] = client.get(file).data.decode("utf-8-sig").splitlines()[:2]
    assert heads["en"][0].startswith("User name,") and "Active" in heads["en"][1]
    assert heads["zh"][0].startswith("用户名,") and "在用" in heads["zh"][1]


def test_a_refusal_is_told_in_the_language_asked_for(product: Product) -> None:
    client = product.app.test_client()
    for language, said in (("en", "Please log in"), ("zh", "请先登录")):
        answer = client.get("/api/v1/records/user", headers={"Accept-Language": language})
        assert answer.json["title"] == said


def test_a_wrong_expression_is_told_in_the_language_of_the_page(
    product: Product, speaking: Callable[[str], Any]
) -> None:
    address = "/settings/customize/check?entity=user&expression=nmae"
    assert speaking("en").get(address).json["said"] == 'There is no "nmae" here. Did you mean "name"?'
    assert speaking("zh").get(address).json["said"] == "这里没有“nmae”。是否想写“name”？"
    page = f"/records/{next(key for key in product.ids if key != 'user')}?filter=nmae"
    assert "筛选条件有误：这里没有“nmae”。" in speaking("zh").get(page).text
    assert "The filter is wrong: There is no" in speaking("en").get(page).text


def test_numbers_and_dates_are_written_as_the_language_does(product: Product, speaking: Callable[[str], Any]) -> None:
    page = f"/records/user/{product.ids['user']}"
    assert "Full" in Texts(speaking("en").get(page).text).found and "正式" in Texts(speaking("zh").get(page).text).found
    assert re.search(r"[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2}, \d{4}", speaking("en").get("/").text)
    assert re.search(r"\d{1,2}月\d{1,2}日 星期.", speaking("zh").get("/").text)
