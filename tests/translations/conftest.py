"""An enterprise that runs every module of the product, with one record of each kind whose data are plain ASCII."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.served import PASSWORD, browser
from tests.translations.filled import fill

if TYPE_CHECKING:
    from yuanke.metadata.registry import Registry
    from yuanke.web.application import Application

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Product:
    """``ids``: entity key -> id of the one record of that kind."""

    app: Application
    registry: Registry
    ids: dict[str, int]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    from yuanke.access import people
    from yuanke.app import create_app, plugins
    from yuanke.metadata import Layer
    from yuanke.storage import create_enterprise

    plugins.load()
    app = create_app({"YUANKE_HOME": tmp_path_factory.mktemp("product"), "YUANKE_DATABASE_URL": None})
    layers = [Layer.read_file(path, "module") for path in sorted((ROOT / "modules").glob("*.yaml"))]
    enterprise = create_enterprise(app.installation, "acme", "Acme", layers=layers)
    with app.installation.unit(enterprise, write=True) as unit:
        root = people.create_user(unit, "root", "Root", PASSWORD, ("admin",))
    ids = fill(app.installation, enterprise, root)
    with app.installation.unit(enterprise) as unit:
        registry = unit.registry
    yield Product(app, registry, ids)
    app.installation.close()


@pytest.fixture(scope="session")
def speaking(product: Product) -> Callable[[str], Any]:
    """``speaking("en")``: a browser that has logged in as administrator and chosen this language."""

    def open_(locale: str) -> Any:
        client = browser(product.app, "acme", "root")
        answer = client.post("/lang", data={"locale": locale}, headers={"X-CSRF-Token": client.token})
        assert answer.status_code == 302, answer.text
        return client

    return open_
