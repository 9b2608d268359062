"""Definitions of the small company changed behind its pages, as somebody else would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.screens.conftest import Site


def changing(site: Site, overlay: dict[str, Any], reason: str = "", whole: bool = False) -> int:
    """``overlay`` laid over the enterprise's own (``whole``: in its place); gives the version that it makes."""
    from yuanke.metadata import Layer
    from yuanke.storage import definitions
    from yuanke.storage.apply import change
    from yuanke.storage.overlays import merged, overlay_of
    from yuanke.storage.versions import Why

    def edit(unit: Any) -> list[Layer]:
        own = overlay if whole else merged(overlay_of(unit), overlay)
        return definitions.replaced(definitions.layers_of(unit), Layer.from_plain("enterprise", "enterprise", own))

    everything: Any = {"*": "restore"}
    why = Why(reason)
    return change(site.app.installation, site.enterprise, edit, site.users["root"], everything, why=why).version


def take_back(site: Site) -> None:
    changing(site, {}, whole=True)


def head(site: Site) -> int:
    with site.app.installation.unit(site.enterprise) as unit:
        return unit.head.meta_version
