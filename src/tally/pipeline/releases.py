"""Releases as they stand: immutable folders, each with a manifest of its files."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from tally.adapters.archive import file_hash
from tally.adapters.files import point
from tally.errors import LedgerError, UsageError
from tally.pipeline.home import Home

CURRENT, PUBLIC = LINKS = ("current", "public")
"""Links to the last release, for readers within, and to the last that was signed, for everybody else."""

ON_MAP = "coalesce(map_date >= areas.valid_from, true) and coalesce(map_date < areas.valid_to, true)"
"""In SQL: whether a version of an area, of dim_areas as `areas`, stands on the map of a period, of dim_periods."""


def manifest_of(release: Path) -> dict[str, Any]:
    """What a release says of itself."""
    return dict(json.loads((release / "manifest.json").read_text(encoding="utf-8")))


def manifests(home: Home) -> Iterable[dict[str, Any]]:
    """The manifests of every release, oldest first."""
    for path in sorted(home.releases.glob("*/manifest.json")):
        if path.parent.name not in LINKS:
            yield manifest_of(path.parent)


def last_manifest(home: Home, until: datetime | None = None) -> dict[str, Any] | None:
    """That of the youngest release, or of the one that stood at a moment; None if there was none."""
    standing = (one for one in manifests(home) if until is None or datetime.fromisoformat(one["as_of"]) <= until)
    return max(standing, key=lambda one: str(one["as_of"]), default=None)


def pointed_to(home: Home, link: str) -> str | None:
    """The release that a link points to; None where there is no link."""
    path = home.releases / link
    return str(path.readlink()) if path.is_symlink() else None


def let_point(home: Home, link: str, release_id: str) -> None:
    """Let a link point to a release, should it not do so already."""
    if pointed_to(home, link) != release_id:
        point(home.releases / link, release_id)


def named_release(home: Home, name: str) -> str:
    """The id of a release, or of the one that a link points to.

    Raises  UsageError if there is none.
    """
    release_id = pointed_to(home, name) if name in LINKS else name
    if release_id is None or not (home.releases / release_id / "manifest.json").is_file():
        raise UsageError(f"there is no release {name} in {home.releases}")
    return release_id


def release_at(home: Home, moment: datetime) -> str:
    """The id of the release that stood at a moment.

    Raises  UsageError if there was none yet.
    """
    standing = last_manifest(home, until=moment)
    if standing is None:
        raise UsageError(f"there was no release yet at {moment.isoformat()} in {home.releases}")
    return str(standing["release_id"])


def verify_release(folder: Path, manifest_sha256: str) -> None:
    """Raises  LedgerError that names the first file of a release that is not as it was published."""
    try:
        if file_hash(folder / "manifest.json") != manifest_sha256:
            raise LedgerError(f"release {folder.name}: manifest.json is not the one that was published")
        files = manifest_of(folder)["files"]
    except OSError as error:
        raise LedgerError(f"release {folder.name}: manifest.json cannot be read: {error.strerror}") from None
    present = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    odd = (present - {"manifest.json"}) ^ set(files)
    if odd:
        raise LedgerError(f"release {folder.name}: {min(odd)} was added or removed")
    for name, said in files.items():
        if (folder / name).is_symlink() or file_hash(folder / name) != said["sha256"]:
            raise LedgerError(f"release {folder.name}: {name} was edited")
