"""Builds the marts with dbt, in this process."""

import hashlib
import os
import pickle
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from tally.adapters.files import write_whole
from tally.errors import BuildError

FAILED = ("error", "fail", "runtime error")
_NODES_NAMED = 10
_KEPT = Path(sys.prefix) / "share" / "tally" / "dbt"
_MOST_KEPT = 8
_parsed: dict[str, bytes] = {}
_READABLE_SINCE = "v1.3.0"  # DuckDB that opens the file; since then words take half the time to write


def memory_limit() -> str:
    """How much memory DuckDB may take while it builds: TALLY_DUCKDB_MEMORY, as the profile of dbt has it."""
    return os.environ.get("TALLY_DUCKDB_MEMORY", "1GB")


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What a build left behind.

    Shape  `build_file` holds the schema `marts` and nothing else; `working_file` what the marts were made of;
           `nodes` how many nodes of each type ended how, as {("model", "success"): 28}; `seconds` by node.
    """

    build_file: Path
    working_file: Path
    manifest: Path
    nodes: dict[tuple[str, str], int]
    seconds: dict[str, float]


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
    with_unit_tests: bool = False,
) -> BuildOutcome:
    """Build and test every mart on a fresh DuckDB file.

    Shape   judged_file: CSV (submission_id,batch_id), for each submission the batch whose judgement is current;
            judgement_folders: one folder a batch, named as the batch; periods: those whose figures are built (None:
            all), published: the release in which the figures of the others stand. Nothing is written into
            project_dir: dbt's own files go to target_dir, its log to `logs` beside build_file. A target_dir that is
            kept makes the first build of a process into the same build_file start faster.
    Raises  BuildError that names the models and tests that failed; then build_file is not fit to be published.
    """
    working_file, published_file = (build_file.with_name(f"{build_file.name}.{of}") for of in ("working", "published"))
    build_file.parent.mkdir(parents=True, exist_ok=True)
    for file in (build_file, working_file, published_file):
        file.unlink(missing_ok=True)
        file.with_name(file.name + ".wal").unlink(missing_ok=True)
        duckdb.connect(str(file), config={"storage_compatibility_version": _READABLE_SINCE}).close()
    if published:
        published_file.unlink()
        published_file.symlink_to(published.absolute())
    with duckdb.connect(str(working_file)) as connection:
        _give(connection, judgement_folders, judged_file, periods)
        connection.execute("create schema build")
        connection.execute(
            """
            create table build.request as
            select ?::timestamptz as as_of, ? as collected_from, ?::varchar[] as period_codes
            """,
            [as_of, collected_from, None if periods is None else list(periods)],
        )
    arguments = [] if with_unit_tests else ["--exclude-resource-type", "unit_test"]
    manifest = pickle.loads(parse_project(project_dir, build_file, target_dir))  # noqa: S301 - our own
    answer = _run("build", project_dir, build_file, target_dir, *arguments, manifest=manifest)
    results: list[Any] = list(getattr(answer.result, "results", ()))
    if not answer.success:
        raise BuildError(_failures(build_file, results, answer.exception))
    return BuildOutcome(
        build_file=build_file,
        working_file=working_file,
        manifest=target_dir / "manifest.json",
        nodes=dict(Counter((str(one.node.resource_type), str(one.status)) for one in results)),
        seconds={one.node.unique_id: one.execution_time for one in results},
    )


def parse_project(project_dir: Path, build_file: Path, target_dir: Path) -> bytes:
    """Import dbt and parse the project; what came of it is kept beside the installed packages, by what was read.

    Shape   dbt's manifest, pickled: a build changes the one that it is given.
    """
    import dbt.cli.main  # noqa: F401  takes two seconds
    from dbt.version import __version__

    digest = hashlib.sha256(f"{__version__} {build_file.stem}".encode())
    for path in sorted(path for path in project_dir.absolute().rglob("*") if path.is_file()):
        digest.update(path.as_posix().encode() + b"\0" + path.read_bytes())
    key = digest.hexdigest()[:16]
    if key not in _parsed:
        kept = _KEPT / f"{key}.pickle"
        _parsed[key] = kept.read_bytes() if kept.exists() else _parse(project_dir, build_file, target_dir)
        _keep(kept, _parsed[key])
    return _parsed[key]


def _parse(project_dir: Path, build_file: Path, target_dir: Path) -> bytes:
    answer = _run("parse", project_dir, build_file, target_dir)
    if not answer.success:
        raise BuildError(_failures(build_file, [], answer.exception))
    return pickle.dumps(answer.result)


def _keep(file: Path, content: bytes) -> None:
    if file.exists():
        return
    try:
        write_whole(file, content)
        for old in sorted(file.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        pass  # an installation that may not be written to parses again


def _run(
    command: str, project_dir: Path, build_file: Path, target_dir: Path, *arguments: str, manifest: Any = None
) -> Any:
    from dbt.cli.main import dbtRunner

    project = str(project_dir.absolute())
    paths = ["--target-path", str(target_dir.absolute()), "--log-path", str(build_file.absolute().parent / "logs")]
    quiet = ["--log-level", "none", "--log-level-file", "info", "--no-use-colors"]
    try:
        with _environment(TALLY_BUILD_FILE=str(build_file.absolute()), DO_NOT_TRACK="1"):
            return dbtRunner(manifest=manifest).invoke(
                [command, "--project-dir", project, "--profiles-dir", project, *paths, *quiet, *arguments]
            )
    finally:
        _let_go()


def _give(
    connection: duckdb.DuckDBPyConnection,
    judgement_folders: Sequence[Path],
    judged_file: Path,
    periods: Sequence[str] | None,
) -> None:
    """The judged files as the schema `judged`; only the observations of these periods."""
    connection.execute("create schema judged")
    if not judgement_folders:
        return
    connection.execute(
        "create table judged.judgements as from read_csv(?, header = true, all_varchar = true)", [str(judged_file)]
    )
    for name in ("submissions", "findings", "observations"):
        files = ", ".join(_quoted((folder.absolute() / f"{name}.parquet").as_posix()) for folder in judgement_folders)
        wanted = f"period_code in ({', '.join(map(_quoted, periods)) or 'null'})" if periods is not None else "true"
        connection.execute(
            f"""
            create view judged.{name} as
            select *, regexp_extract(filename, '([^/]+)/[^/]+$', 1) as judged_in
            from read_parquet([{files}], union_by_name = true, filename = true)
            where {wanted if name == "observations" else "true"}
            """
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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


def _failures(build_file: Path, results: Sequence[Any], exception: BaseException | None) -> str:
    failed = [f"{one.node.name}: {' '.join((one.message or '').split())}" for one in results if one.status in FAILED]
    if not failed:
        return f"{build_file.name}: {exception or 'dbt gave no reason'}"
    more = f"; and {len(failed) - _NODES_NAMED} more" if len(failed) > _NODES_NAMED else ""
    return f"{build_file.name}: {'; '.join(failed[:_NODES_NAMED])}{more}"
