"""The HTML face: generated pages for every entity, over the same services as the REST face.

The one rule: it shows, it never decides; rights, rules and values belong to the doors below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yuanke.web.application import Application


def install(app: Application) -> None:
    """Add templates and pages to the application's AppBuilder."""
    from yuanke.screens.assets import prepare
    from yuanke.screens.routes import Pages, RecordPages
    from yuanke.screens.routes_approvals import ApprovalPages
    from yuanke.screens.routes_background import BackgroundPages
    from yuanke.screens.routes_design import DesignerPages
    from yuanke.screens.routes_handing import ChangePages, HandingPages
    from yuanke.screens.routes_messages import MessagePages, OutgoingPages
    from yuanke.screens.routes_packs import PackPages
    from yuanke.screens.routes_settings import SettingPages
    from yuanke.web.converters import Identity, Key

    prepare(app)
    _keep_compiled(app)
    app.url_map.converters.update(key=Key, identity=Identity)
    builder = app.extensions["appbuilder"]
    with app.app_context():
        builder.add_view_no_menu(Pages)
        builder.add_view_no_menu(MessagePages)
        builder.add_view_no_menu(OutgoingPages)
        builder.add_view_no_menu(RecordPages)
        builder.add_view_no_menu(DesignerPages)
        builder.add_view_no_menu(SettingPages)
        builder.add_view_no_menu(PackPages)
        builder.add_view_no_menu(BackgroundPages)
        builder.add_view_no_menu(ApprovalPages)
        builder.add_view_no_menu(HandingPages)
        builder.add_view_no_menu(ChangePages)


def _keep_compiled(app: Application) -> None:
    """Templates are compiled once an installation, not at each start (jinja asks for their digest)."""
    from pathlib import Path

    from jinja2 import FileSystemBytecodeCache

    folder = Path(app.config["YUANKE_HOME"]) / "cache"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:  # a home that may only be read
        return
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(folder))
