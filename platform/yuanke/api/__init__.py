"""The REST face: JSON over the same services that the screens use.

The one rule: it translates, it never decides. Rights, rules and values belong to the doors below; a view here reads the
request, calls one of them and dumps what comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask_appbuilder import AppBuilder

    from yuanke.web.application import Application


def install(app: Application) -> None:
    """Add every resource to the application's AppBuilder."""
    from yuanke.api.approvals import ApprovalsApi
    from yuanke.api.automations import AutomationsApi
    from yuanke.api.customizations import CustomizationsApi
    from yuanke.api.drafts import DraftsApi
    from yuanke.api.files import FilesApi
    from yuanke.api.handing import HandingApi
    from yuanke.api.hooks import HooksApi
    from yuanke.api.keys import KeysApi
    from yuanke.api.mcp import McpApi
    from yuanke.api.me import MeApi
    from yuanke.api.messages import MessagesApi
    from yuanke.api.metadata import MetadataApi
    from yuanke.api.openapi import OpenApi
    from yuanke.api.records import RecordsApi
    from yuanke.api.search import SearchApi
    from yuanke.api.settings import SettingsApi
    from yuanke.api.tables import ExportsApi, ImportsApi
    from yuanke.api.work import WorkApi
    from yuanke.web.converters import Identity, Key

    app.url_map.converters.update(key=Key, identity=Identity)
    builder: AppBuilder = app.extensions["appbuilder"]
    resources = (
        RecordsApi,
        HandingApi,
        SearchApi,
        SettingsApi,
        MeApi,
        MessagesApi,
        MetadataApi,
        CustomizationsApi,
        DraftsApi,
        McpApi,
        FilesApi,
        ImportsApi,
        ExportsApi,
        WorkApi,
        ApprovalsApi,
        AutomationsApi,
        HooksApi,
        KeysApi,
        OpenApi,
    )
    with app.app_context():
        for resource in resources:
            builder.add_api(resource)
