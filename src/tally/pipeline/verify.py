"""Whether the record still holds: archive, ledger, releases; and whether an old release can be made again."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from tally.errors import LedgerError
from tally.pipeline.carryover import packages
from tally.pipeline.feeds import judge_feeds
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.publish import publish_release
from tally.pipeline.read import read_chunks
from tally.pipeline.releases import (
    CURRENT,
    LINKS,
    PUBLIC,
    manifest_of,
    manifests,
    named_release,
    pointed_to,
    verify_release,
)
from tally.pipeline.state import state_of
from tally.vocabulary import FindingStatus


def verify_home(home: Home) -> str:
    """Recompute every hash.

    Raises  LedgerError that names the first thing that does not hold.
    """
    events = home.ledger.verify(_remembered(home))
    state = state_of(home.ledger.events())
    hashes = sorted({one.sha256 for one in state.submissions.values()} | {one.sha256 for one in state.feeds.values()})
    for sha256 in hashes:
        home.archive.verify(sha256)
    folders = sorted(path for path in home.releases.glob("*") if path.name not in LINKS)
    odd = {path.name for path in folders} ^ set(state.releases)
    if odd:
        raise LedgerError(f"release {min(odd)} is on disk or in the ledger, but not in both")
    for folder in folders:
        verify_release(folder, state.releases[folder.name])
    for link, target, what in (
        (CURRENT, next(reversed(state.releases), None), "the last release of the ledger"),
        (PUBLIC, state.last_signed, "the last release that was signed"),
    ):
        if pointed_to(home, link) != target or (target is None and (home.releases / link).exists()):
            raise LedgerError(f"releases/{link} does not point to {what}")
    return f"{events} events, {len(hashes)} archived files, {len(folders)} releases: all hold"


def _remembered(home: Home) -> dict[int, str]:
    """What the releases say of the ledger as it was when they were made."""
    heads = [one["ledger"] for one in manifests(home) if "ledger" in one]
    return {head["seq"]: head["sha256"] for head in heads}


def rebuild_release(home: Home, release_id: str) -> str:
    """Make a release again from the archive and the ledger, beside everything else, and compare every mart's rows.

    Raises  UsageError if there is no such release; LedgerError that names the marts whose rows differ.
    """
    release_id = named_release(home, release_id)
    manifest = manifest_of(home.releases / release_id)
    as_of = datetime.fromisoformat(manifest["as_of"])
    given, batches, before = [], dict[str, list[str]](), manifest.get("compared_with")
    for event in home.ledger.events():
        if event["event"] in ("received", "feed_received", FindingStatus.EXPLAINED, FindingStatus.WITHDRAWN):
            given.append({key: value for key, value in event.items() if key not in ("seq", "prev")})
        if event["event"] == "judged":
            batches.setdefault(event["batch_id"], []).append(event["submission_id"])
        if event["event"] == "published" and event["release_id"] == release_id:
            break
    with tempfile.TemporaryDirectory() as folder:
        again = Home(Path(folder), home.project)
        (again.root / "archive").symlink_to(home.root / "archive")
        again.ledger.append(as_of, given)
        for submission_ids in batches.values():
            judge_batch(read_chunks([submission_ids], again), as_of, again)
        judge_feeds(as_of, again)
        publish_release(as_of, again, compared_with=home.releases / before if before else None)
        differing = _differing(home.releases / release_id, again.releases / CURRENT)
    by = _made_by(home, manifest)
    if differing:
        raise LedgerError(f"release {release_id}, rebuilt by {by}, differs in {', '.join(differing)}")
    return f"release {release_id}, rebuilt by {by}: the rows of every mart are the same"


def _made_by(home: Home, manifest: dict[str, Any]) -> str:
    """What a release is made by again, and, if that is not what made it, how to get what did."""
    declared = {"code": home.code_version, "contracts": home.contracts.version, "packages": packages()}
    other = [name for name, value in declared.items() if manifest[name] != value]
    if not other:
        return "the same code and contracts"
    commit = manifest.get("commit")
    get = f"git checkout {commit.removesuffix('-dirty')}" if commit else f"get Tally {manifest['tally']}"
    changed = " (files had been changed since)" if commit and commit.endswith("-dirty") else ""
    return f"other {' and '.join(other)} (to have those that made it: {get}{changed}, make setup)"


def _differing(old: Path, new: Path) -> list[str]:
    """The marts whose rows are not the same in two releases."""
    names = sorted({path.name for release in (old, new) for path in (release / "parquet").iterdir()})
    with duckdb.connect() as connection:

        def same(name: str) -> bool:
            one, other = (f"read_parquet('{release}/parquet/{name}/*.parquet')" for release in (old, new))
            if not all((release / "parquet" / name).exists() for release in (old, new)):
                return False
            gone, come = f"from {one} except all from {other}", f"from {other} except all from {one}"
            return connection.execute(f"select count(*) from (({gone}) union all ({come}))").fetchone() == (0,)

        return [name for name in names if not same(name)]
