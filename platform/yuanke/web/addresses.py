"""Addresses that come from outside. The one rule: a redirect stays on this host."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def local_path(target: str) -> str:
    """``target`` when it is a path here (or an address of this host), else ``/`` (``//e``, ``/\\e``, ``http:e``)."""
    cleaned = target.strip()
    if any(ord(letter) < 0x21 or letter == "\\" for letter in cleaned):
        return "/"
    own = request.host_url.rstrip("/")
    if cleaned.startswith(own + "/"):
        cleaned = cleaned[len(own) :]
    parts = urlsplit(cleaned)
    if parts.scheme or parts.netloc or not cleaned.startswith("/") or cleaned.startswith("//"):
        return "/"
    return cleaned
