"""The digest of a pack, and who vouches for it.

The one rule: what is signed is the digest of what the pack says, file by file, with its README; a signature that does not
fit is refused, a missing one is only told.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message

SUFFIX = ".sig"
BESIDE = ("README.md",)


def digest_of(files: Sequence[Path]) -> str:
    """SHA-256 over the names and contents of the pack's files, in the order of their names."""
    made = hashlib.sha256()
    beside = {file.parent / name for file in files for name in BESIDE}
    for file in sorted({*files, *(path for path in beside if path.is_file())}, key=lambda path: path.name):
        content = file.read_bytes()
        made.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return made.hexdigest()


def signature_file(files: Sequence[Path]) -> Path:
    """Beside the first file of the pack, named after it."""
    return files[0].with_suffix(SUFFIX)


def new_key(path: Path) -> str:
    """Write a private key to ``path``; gives the public one, which others check signatures with."""
    keys = _ed25519()
    made = keys.Ed25519PrivateKey.generate()
    path.touch(0o600, exist_ok=False)
    path.write_text(base64.b64encode(made.private_bytes_raw()).decode() + "\n", "ascii")
    return base64.b64encode(made.public_key().public_bytes_raw()).decode()


def sign(files: Sequence[Path], key_file: Path) -> Path:
    """Write the signature of the pack beside it."""
    key = _ed25519().Ed25519PrivateKey.from_private_bytes(base64.b64decode(key_file.read_text("ascii")))
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    signature = base64.b64encode(key.sign(digest_of(files).encode())).decode()
    at = signature_file(files)
    at.write_text(f"{public} {signature}\n", "ascii")
    return at


def signed_by(files: Sequence[Path]) -> str | None:
    """The public key that vouches for the pack as it is, None without a signature. Raises Refused when the
    signature is of something else."""
    at = signature_file(files)
    if not at.is_file():
        return None
    from cryptography.exceptions import InvalidSignature

    try:
        public, signature = at.read_text("ascii").split()
        key = _ed25519().Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
        key.verify(base64.b64decode(signature), digest_of(files).encode())
    except (ValueError, InvalidSignature) as fault:
        raise Refused(message("{file}：签名不是这个功能包的，它在签名之后被改过", file=at.name)) from fault
    return public


def _ed25519() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return ed25519
