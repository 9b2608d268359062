"""Builds the application: Flask, Flask-AppBuilder as the shell, then the faces (`api`, `screens`).

The one rule: starting reads no enterprise's database, so it is quick and one broken enterprise stops nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from yuanke.app import configuration, faults, logins, plugins
from yuanke.app.fab_session import FabSession
from yuanke.app.headers import Headers
from yuanke.app.security import SecurityManager, Shell
from yuanke.jobs.waking import use_redis
from yuanke.storage import Installation
from yuanke.web import guard, language, requests
from yuanke.web.application import Application
from yuanke.web.limits import EnterpriseLimit, LoginLimits

#: packages with a function ``install(app)`` that adds their routes; a face that is not there is left out
FACES = ("yuanke.api", "yuanke.screens")


def build(config: Mapping[str, Any] | None = None) -> Application:
    """See `yuanke.app.create_app`."""
    app = Application(
        "yuanke", root_path=str(configuration.PACKAGE), static_folder="static", template_folder="screens/templates"
    )
    app.config.from_mapping(configuration.settings(config))
    plugins.load()
    app.installation = Installation(app.config["YUANKE_HOME"], app.config["YUANKE_DATABASE_URL"])
    use_redis(app.installation, app.config.get("YUANKE_REDIS_URL"))
    at = app.config["RATELIMIT_STORAGE_URI"]
    app.login_limits = LoginLimits(at, app.config["LOGIN_LIMIT_ACCOUNT"], app.config["LOGIN_LIMIT_ADDRESS"])
    app.enterprise_limit = EnterpriseLimit(at, app.config["ENTERPRISE_LIMIT"])
    app.json.ensure_ascii = app.json.sort_keys = False  # type: ignore[attr-defined]
    fab_session = FabSession()
    app.before_commit, app.when_undone = [fab_session.commit_into], [fab_session.drop]
    guard.install(app)
    with app.app_context():
        Shell(app, fab_session.scoped, security_manager_class=SecurityManager)
    language.install(app)
    faults.install(app)
    _add_doors(app)
    app.teardown_request(lambda _fault: requests.undo())
    _add_faces(app)
    _wrap(app)
    return app


def _add_doors(app: Application) -> None:
    app.add_url_rule("/login", "login", logins.login_page, methods=["GET", "POST"])
    app.add_url_rule("/password", "password", logins.change_password, methods=["POST"])
    app.add_url_rule("/logout", "logout", logins.logout, methods=["POST"])
    app.add_url_rule("/api/v1/security/login", "login_json", logins.login_json, methods=["POST"])
    app.add_url_rule("/api/v1/security/refresh", "refresh_json", logins.refresh_json, methods=["POST"])
    app.add_url_rule("/health", "health", health)


@guard.open_to_all
def health() -> dict[str, str]:
    """For the balancer: the process answers."""
    return {"status": "ok"}


def _add_faces(app: Application) -> None:
    for name in FACES:
        if find_spec(name) is not None:
            install = getattr(import_module(name), "install", None)
            if install is not None:
                install(app)


def _wrap(app: Application) -> None:
    """Built assets carry a hash in their names, so a browser may keep them for ever; pages and JSON are compressed."""
    from flask_compress import Compress
    from werkzeug.middleware.proxy_fix import ProxyFix
    from whitenoise import WhiteNoise

    Compress(app)
    wrapped: Any = app.wsgi_app
    folder = Path(configuration.PACKAGE) / "static" / "dist"
    if folder.is_dir():
        wrapped = WhiteNoise(wrapped, immutable_file_test=lambda _path, _url: True)
        wrapped.add_files(str(folder), prefix="static/dist/")
    wrapped = Headers(wrapped)
    proxies = app.config["TRUSTED_PROXIES"]
    app.wsgi_app = ProxyFix(wrapped, proxies, proxies, proxies) if proxies else wrapped  # type: ignore[method-assign]
