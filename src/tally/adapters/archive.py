"""The archive: every received file once, under the hash of its bytes, never changed."""

import hashlib
import os
import tempfile
from pathlib import Path

from tally.adapters.files import sync_folder
from tally.errors import LedgerError

_CHUNK = 1 << 20


class Archive:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def keep(self, source: Path) -> tuple[str, int]:
        """Copies a file into the archive.

        Shape   (sha256, size in bytes) of what was copied, whatever happens to the source meanwhile.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as file, tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as copy:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        target = self.path(digest.hexdigest())
        if target.exists():
            os.unlink(copy.name)
        else:
            target.parent.mkdir(exist_ok=True)
            os.chmod(copy.name, 0o444)
            os.replace(copy.name, target)
            sync_folder(target.parent)
        return digest.hexdigest(), size

    def verify(self, sha256: str) -> None:
        """Raises  LedgerError if the file is missing or is not what its name says."""
        path = self.path(sha256)
        if not path.exists():
            raise LedgerError(f"archive: {sha256} is missing")
        if file_hash(path) != sha256:
            raise LedgerError(f"archive: {sha256} has other bytes than its name says")


def file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
