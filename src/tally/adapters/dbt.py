"""Builds the marts with dbt, in this process."""

import functools
import hashlib
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tally.adapters import dbt_docs
from tally.adapters.imports import nothing_is_garbage
from tally.adapters.tables import quoted
from tally.errors import BuildError

FAILED = ("error", "fail", "runtime error")
_NODES_NAMED = 10
_KEPT = Path(sys.prefix) / "share" / "tally" / "dbt"
_MOST_KEPT = 8
_MADE_BY = ("dbt-core", "dbt-duckdb", "duckdb")
_MANIFEST = "manifest.pickle"
_DOCS = "docs.html"
_READ_AS = "national"  # readers open a release's national.duckdb
_OF_WHAT_IS_GIVEN = "source:*+"
_ONE_VIEW = "stg_build__request"
_READABLE_SINCE = "v1.3.0"  # DuckDB that opens the file; since then words take half the time to write


def memory_limit() -> str:
    """How much memory DuckDB may take while it builds: TALLY_DUCKDB_MEMORY, as the profile of dbt has it."""
    return os.environ.get("TALLY_DUCKDB_MEMORY", "1GB")


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What a build left behind.

    Shape  `build_file` holds the schema `marts` and nothing else; `working_file` what the marts were made of;
           `docs_file` says on one page what they are.
    """

    build_file: Path
    working_file: Path
    docs_file: Path


def build_marts(
    project_dir: Path,
    build_file: Path,
    target_dir: Path,
    judgement_folders: Sequence[Path],
    judged_file: Path,
    as_of: datetime,
    *,
    collected_from: str = "2025-S1",
    periods: Sequence[str] | None = None,
    published: Path | None = None,
    corrections: Sequence[Mapping[str, Any]] = (),
    closings_file: Path | None = None,
    feeds_folder: Path | None = None,
    with_unit_tests: bool = False,
    select: str = _OF_WHAT_IS_GIVEN,
) -> BuildOutcome:
    """Build and test every mart on a fresh DuckDB file.

    Shape   judged_file: CSV (submission_id,batch_id), for each submission the batch whose judgement is current;
            judgement_folders: one folder a batch, named as the batch; periods: those whose figures are built (None:
            all), published: the release in which the figures of the others stand; corrections: those that are declared,
            rows of the source build.corrections; closings_file: CSV of the findings that were explained or withdrawn;
            feeds_folder: what judging the feeds of other sources wrote.
            Nothing is written into project_dir: dbt's own files go to target_dir.
    Raises  BuildError that names the models and tests that failed; then build_file is not fit to be published.
    """
    prepared = prepare_project(project_dir, build_file, target_dir)
    build_file.parent.mkdir(parents=True, exist_ok=True)
    working_file, published_file = _make_way(build_file)
    for file in (build_file, working_file):
        shutil.copyfile(prepared / file.name, file)
    if published:
        published_file.symlink_to(published.absolute())
    else:
        _create(published_file)
    with duckdb.connect(str(working_file)) as connection:
        _give(connection, judgement_folders, {"judgements": judged_file, "closings": closings_file}, periods)
        if feeds_folder:
            connection.execute("create schema feeds")
            for file in sorted(feeds_folder.glob("*.parquet")):
                path = quoted(file.absolute().as_posix())
                connection.execute(f"create view feeds.{file.stem} as from read_parquet({path})")
        connection.execute("create schema build")
        connection.execute(
            """
            create table build.request as
            select ?::timestamptz as as_of, ? as collected_from, ?::varchar[] as period_codes
            """,
            [as_of, collected_from, None if periods is None else list(periods)],
        )
        if corrections:
            connection.register("declared", pa.Table.from_pylist(list(corrections)))
            connection.execute("create table build.corrections as from declared")
    arguments = [] if with_unit_tests else ["--exclude-resource-type", "unit_test"]
    manifest = (prepared / _MANIFEST).read_bytes()
    answer = _run("build", project_dir, build_file, target_dir, "--select", select, *arguments, manifest=manifest)
    if not answer.success:
        raise BuildError(_failures(build_file, answer))
    return BuildOutcome(build_file, working_file, prepared / _DOCS)


def prepare_project(project_dir: Path, build_file: Path, target_dir: Path) -> Path:
    """Import dbt, parse the project, and build what depends on the contracts alone: the same for every build.

    Shape   a folder with dbt's manifest, pickled (a build changes the one that it is given), the two files that a build
            starts from, and the page that says what the marts are. It is kept beside the installed packages, or in
            target_dir where nothing can be written there, by a hash of what was read.
    Raises  BuildError that names what failed.
    """
    _import_dbt()
    digest = hashlib.sha256(" ".join([build_file.name, *map(version, _MADE_BY)]).encode())
    digest.update(Path(dbt_docs.__file__).read_bytes())
    for path in sorted(path for path in project_dir.absolute().rglob("*") if path.is_file()):
        digest.update(path.as_posix().encode() + b"\0" + path.read_bytes())
    key = digest.hexdigest()[:16]
    kept = [folder / key for folder in (_KEPT, target_dir.absolute() / "kept")]
    for folder in kept:
        if folder.exists():
            with suppress(OSError):  # it may belong to another user
                os.utime(folder)  # those that are not used go first
            return folder
    for folder in kept:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            making = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
        except OSError:  # an installation that may not be written to
            continue
        try:
            _prepare(project_dir, making / build_file.name, target_dir)
            making.chmod(0o755)
            making.rename(folder)
        except OSError:
            if not folder.exists():  # another process was not sooner
                raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
        with suppress(OSError):  # another process clears away too
            for old in sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-_MOST_KEPT]:
                shutil.rmtree(old, ignore_errors=True)
        return folder
    raise BuildError(f"{target_dir}: nothing can be written there")


def rehearse(project_dir: Path, build_file: Path, target_dir: Path) -> None:
    """Build one view of nothing: what dbt imports and reads once a process takes a second."""
    with tempfile.TemporaryDirectory() as folder:
        nothing = Path(folder) / "none.csv"
        build_marts(
            project_dir, Path(folder) / build_file.name, target_dir, [], nothing, datetime.now(UTC), select=_ONE_VIEW
        )


@functools.cache
def _import_dbt() -> None:
    with nothing_is_garbage():
        import dbt.cli.main  # noqa: F401  takes two seconds


def _prepare(project_dir: Path, build_file: Path, target_dir: Path) -> None:
    for file in (build_file, *_make_way(build_file)):
        _create(file)
    answer = _run("parse", project_dir, build_file, target_dir)
    if answer.success:
        manifest = pickle.dumps(answer.result)
        build_file.with_name(_MANIFEST).write_bytes(manifest)
        build_file.with_name(_DOCS).write_text(dbt_docs.docs_page(answer.result, _READ_AS), encoding="utf-8")
        answer = _run("build", project_dir, build_file, target_dir, "--exclude", _OF_WHAT_IS_GIVEN, manifest=manifest)
    if not answer.success:
        raise BuildError(_failures(build_file, answer))


def _make_way(build_file: Path) -> tuple[Path, Path]:
    """(working file, published file) beside a file that is built; of none of the three anything is left."""
    working_file, published_file = (build_file.with_name(f"{build_file.name}.{of}") for of in ("working", "published"))
    for file in (build_file, working_file, published_file):
        file.unlink(missing_ok=True)
        file.with_name(file.name + ".wal").unlink(missing_ok=True)
    return working_file, published_file


def _create(file: Path) -> None:
    duckdb.connect(str(file), config={"storage_compatibility_version": _READABLE_SINCE}).close()


def _run(
    command: str, project_dir: Path, build_file: Path, target_dir: Path, *arguments: str, manifest: bytes | None = None
) -> Any:
    from dbt.cli.main import dbtRunner

    project = str(project_dir.absolute())
    paths = ["--target-path", str(target_dir.absolute()), "--log-path", str(target_dir.absolute())]
    # what failed is said by the error; telling every step of the others takes a tenth of the time
    quiet = ["--log-level", "none", "--log-level-file", "none", "--no-write-json"]
    try:
        with _environment(TALLY_BUILD_FILE=str(build_file.absolute()), DO_NOT_TRACK="1"):
            parsed: Any = pickle.loads(manifest) if manifest else None  # noqa: S301 - our own
            return dbtRunner(manifest=parsed).invoke(
                [command, "--project-dir", project, "--profiles-dir", project, *paths, *quiet, *arguments]
            )
    finally:
        _let_go()


def _give(
    connection: duckdb.DuckDBPyConnection,
    judgement_folders: Sequence[Path],
    lists: Mapping[str, Path | None],
    periods: Sequence[str] | None,
) -> None:
    """The judged files and the lists as the schema `judged`; only the observations of these periods."""
    connection.execute("create schema judged")
    if not judgement_folders:
        return
    for name, file in lists.items():
        if file:
            table = f"create table judged.{name} as from read_csv(?, header = true, all_varchar = true)"
            connection.execute(table, [str(file)])
    for name in ("submissions", "findings", "observations"):
        files = ", ".join(quoted((folder.absolute() / f"{name}.parquet").as_posix()) for folder in judgement_folders)
        wanted = f"period_code in ({', '.join(map(quoted, periods)) or 'null'})" if periods is not None else "true"
        connection.execute(
            f"""
            create view judged.{name} as
            select *, regexp_extract(filename, '([^/]+)/[^/]+$', 1) as judged_in
            from read_parquet([{files}], union_by_name = true, filename = true)
            where {wanted if name == "observations" else "true"}
            """
        )


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _let_go() -> None:
    """dbt keeps the DuckDB file open until the process ends, and nobody else could read it."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    manager: Any = DuckDBConnectionManager
    if manager._ENV is not None:
        manager._ENV.close()
    manager.close_all_connections()


def _failures(build_file: Path, answer: Any) -> str:
    results = getattr(answer.result, "results", ())
    failed = [f"{one.node.name}: {' '.join((one.message or '').split())}" for one in results if one.status in FAILED]
    if not failed:
        return f"{build_file.name}: {answer.exception or 'dbt gave no reason'}"
    more = f"; and {len(failed) - _NODES_NAMED} more" if len(failed) > _NODES_NAMED else ""
    return f"{build_file.name}: {'; '.join(failed[:_NODES_NAMED])}{more}"
