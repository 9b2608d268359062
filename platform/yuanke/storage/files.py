"""Files that people upload: kept once by content, found by id, opened only through the record they hang on.

The one rule: nothing a client says names a path or a type. The path is the SHA-256 of the content, the type is what the
content begins like, and only plain pictures are ever shown in place.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

import sqlalchemy as sa

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, ValidationFailed
from yuanke.kernel.text import message
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity
from yuanke.storage.unit import Unit

FILE = own_table(
    "file",
    key(),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("size", identity(), nullable=False),
    sa.Column("type", sa.String(100), nullable=False),
    sa.Column("created_by", identity()),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
LARGEST = 20 * 1024 * 1024
LONGEST_NAME = 200
PIECE = 1 << 16
UNKNOWN = "application/octet-stream"
#: shown in place; everything else is only ever downloaded
INLINE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
#: what a content begins with -> its type; (offset, bytes)
BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (4, b"ftyp", "video/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
)
#: a zip or text by its name's ending: these say nothing dangerous about how a browser opens them
REFINED = {
    "application/zip": {
        ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    },
    "application/x-ole-storage": {
        ".doc": "application/msword",
        ".xls": "application/vnd.ms-excel",
        ".ppt": "application/vnd.ms-powerpoint",
    },
    "text/plain": {".csv": "text/csv"},
}


@dataclass(frozen=True)
class FileInfo:
    """``size`` in bytes; ``type`` by the content, never by what the client said."""

    id: int
    sha256: str
    name: str
    size: int
    type: str
    created_by: int | None
    created_at: datetime

    @property
    def inline(self) -> bool:
        return self.type in INLINE


class Files:
    """The files of one enterprise, inside a unit of work: ``unit.files``."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.folder = unit.installation.home / "enterprises" / unit.enterprise.slug / "files"

    def put(self, stream: IO[bytes], name: str, user_id: int | None, largest: int = LARGEST) -> FileInfo:
        """Keep a content. It is written before the row and never after: a row always has its file.

        Raises ValidationFailed when it is empty or has more than ``largest`` bytes (which are not all read).
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as target:
                digest, size, begin = _copy(stream, target, largest)
                target.flush()
                os.fsync(target.fileno())
            os.replace(made, self.path(digest))
        except BaseException:
            Path(made).unlink(missing_ok=True)
            raise
        clean = clean_name(name)
        values: dict[str, Any] = {
            "sha256": digest,
            "name": clean,
            "size": size,
            "type": type_of(begin, clean),
            "created_by": user_id,
            "created_at": clock.now(),
        }
        row_id = self.unit.execute(FILE.insert().values(values).returning(FILE.c.id)).scalar_one()
        return FileInfo(id=row_id, **values)

    def info(self, file_id: int) -> FileInfo:
        row = self.unit.execute(sa.select(FILE).where(FILE.c.id == file_id)).mappings().first()
        if row is None:
            raise RecordNotFound(message("没有找到这个文件"))
        return FileInfo(**row)

    def open(self, file_id: int) -> BinaryIO:
        """The content, open for reading; the caller closes it."""
        info = self.info(file_id)
        try:
            return self.path(info.sha256).open("rb")
        except FileNotFoundError as error:
            raise RecordNotFound(message("没有找到这个文件")) from error

    def path(self, sha256: str) -> Path:
        return self.folder / sha256


def _copy(stream: IO[bytes], target: IO[bytes], largest: int) -> tuple[str, int, bytes]:
    digest, size, begin = hashlib.sha256(), 0, b""
    while piece := stream.read(PIECE):
        begin = begin or piece
        size += len(piece)
        if size > largest:
            raise ValidationFailed({"file": [message("文件不能超过 {most} MB", most=largest // 1024 // 1024 or 1)]})
        digest.update(piece)
        target.write(piece)
    if not size:
        raise ValidationFailed({"file": [message("文件是空的")]})
    return digest.hexdigest(), size, begin


def clean_name(name: str) -> str:
    """The last part of a name without anything that could mislead: paths, controls, direction marks; never empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    plain = re.sub(r'[<>:"|?*]', "_", plain).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > LONGEST_NAME:
        plain = (
            stem[: LONGEST_NAME - len(ending) - 1] + dot + ending if dot and len(ending) <= 10 else plain[:LONGEST_NAME]
        )
    return plain or "file"


def type_of(begin: bytes, name: str) -> str:
    """A type of the safe list, by the content; unknown contents (HTML and SVG too) are plain bytes."""
    found = next((kind for at, mark, kind in BEGINNINGS if begin[at : at + len(mark)] == mark), None)
    if found is None:
        found = "text/plain" if _is_text(begin) else UNKNOWN
    ending = os.path.splitext(name)[1].lower()
    return REFINED.get(found, {}).get(ending, found)


def _is_text(begin: bytes) -> bool:
    """UTF-8 without controls that does not look like markup a browser might run."""
    try:
        text = begin[:4096].decode("utf-8", "strict" if len(begin) <= 4096 else "ignore")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and not re.search(r"<\s*[!?a-zA-Z/]", text)
