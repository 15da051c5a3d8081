"""The archive: every received file once, under the hash of its bytes, never changed."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tally.adapters.files import sync_disk
from tally.errors import LedgerError

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Kept:
    """What was copied from a file, and when the file had last been written as copying began."""

    sha256: str
    size: int
    mtime_ns: int


class Archive:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def keep(self, sources: Sequence[Path]) -> list[Kept | OSError]:
        """Copies files into the archive; when this returns, the copies survive a power cut.

        Shape   for each what was copied, whatever happens to the source meanwhile.
        Blanks  the error, for a file that could not be copied; the others were.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=self.folder) as folder:
            kept = [self._try_to_copy(source, Path(folder, str(at))) for at, source in enumerate(sources)]
            # the bytes are durable before they have their name: a name in the archive is never that of half a file
            sync_disk(self.folder)
            for at, one in enumerate(kept):
                if not isinstance(one, OSError):
                    self._name(Path(folder, str(at)), one.sha256)
            # also of copies that were there: whoever made them may have been cut off before their names were durable
            sync_disk(self.folder)
        return kept

    def _try_to_copy(self, source: Path, target: Path) -> Kept | OSError:
        digest, size = hashlib.sha256(), 0
        try:
            with source.open("rb") as file, target.open("wb") as copy:
                mtime_ns = os.fstat(file.fileno()).st_mtime_ns
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    size += copy.write(chunk)
        except OSError as error:
            return error
        return Kept(digest.hexdigest(), size, mtime_ns)

    def _name(self, copy: Path, sha256: str) -> None:
        target = self.path(sha256)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            copy.chmod(0o444)
            os.replace(copy, target)

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
