"""The archive: every received file once, under the hash of its bytes, never changed."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tally.adapters.files import sync_folder
from tally.errors import LedgerError

_CHUNK = 1 << 20
_THREADS = 8  # they wait for the disk, which writes what many ask for in one go


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
        with ThreadPoolExecutor(_THREADS) as threads:
            kept = list(threads.map(self._try_to_copy, sources))
            folders = {self.path(one.sha256).parent for one in kept if not isinstance(one, OSError)}
            # also of copies that were there: whoever made them may have been cut off before their names were durable
            list(threads.map(sync_folder, [*folders, self.folder]))
        return kept

    def _try_to_copy(self, source: Path) -> Kept | OSError:
        try:
            return self._copy(source)
        except OSError as error:
            return error

    def _copy(self, source: Path) -> Kept:
        """A durable copy under a name that is not durable yet; none where the archive has these bytes."""
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as file:
            mtime_ns = os.fstat(file.fileno()).st_mtime_ns
            handle, temporary = tempfile.mkstemp(prefix=".", dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as copy:
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
                        size += copy.write(chunk)
                    target = self.path(digest.hexdigest())
                    if not target.exists():
                        copy.flush()
                        os.fchmod(handle, 0o444)
                        os.fsync(handle)
                        target.parent.mkdir(exist_ok=True)
                        os.replace(temporary, target)
            finally:
                Path(temporary).unlink(missing_ok=True)
        return Kept(digest.hexdigest(), size, mtime_ns)

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
