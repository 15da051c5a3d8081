"""Where everything lies: TALLY_HOME, and the project that the code came with."""

import getpass
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from tally.adapters.archive import Archive
from tally.adapters.ledger import Ledger
from tally.contracts.load import load_contracts
from tally.contracts.model import Contracts
from tally.pipeline.state import State

PROJECT = Path(os.environ.get("TALLY_PROJECT", Path(__file__).resolve().parents[3]))


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        return str(os.getuid())


@dataclass(frozen=True)
class Home:
    """The folders of one installation. The archive and the ledger are the record; `work` can be deleted."""

    root: Path
    project: Path = PROJECT

    def __reduce__(self) -> tuple[type["Home"], tuple[Path, Path]]:
        """Between processes go the two folders, not what was read from them."""
        return Home, (self.root, self.project)

    @classmethod
    def default(cls) -> "Home":
        return cls(Path(os.environ.get("TALLY_HOME", "var")).resolve())

    @cached_property
    def contracts(self) -> Contracts:
        return load_contracts(self.project / "contracts")

    @cached_property
    def code_version(self) -> str:
        """A hash of everything that turns received bytes into a release."""
        digest = hashlib.sha256()
        for folder, pattern in (("src/tally", "**/*.*"), ("dbt_project", "**/*.*"), ("expectations", "*.json")):
            for path in sorted(p for p in (self.project / folder).glob(pattern) if p.suffix != ".pyc"):
                digest.update(path.relative_to(self.project).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:12]

    @cached_property
    def commit(self) -> str | None:
        """How to get this code again: the commit in the repository, or TALLY_COMMIT where it was built into an image.

        Blanks  None where nobody says; `-dirty` behind it: files were changed since.
        """
        git = shutil.which("git") if (self.project / ".git").exists() else None
        if git is None or "TALLY_COMMIT" in os.environ:
            return os.environ.get("TALLY_COMMIT") or None
        describe = [git, "-C", str(self.project), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
        return subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip() or None

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.root / "archive")

    @cached_property
    def ledger(self) -> Ledger:
        (self.root / "ledger").mkdir(parents=True, exist_ok=True)
        return Ledger(self.root / "ledger", self._stamp)

    def _stamp(self) -> dict[str, str]:
        """Whose account wrote an event, in which run of Airflow if it was one, by which contracts and code."""
        run = [os.environ.get(f"AIRFLOW_CTX_{name}", "") for name in ("DAG_ID", "DAG_RUN_ID")]
        return {
            "operator": _operator(),
            "run": " ".join(run) if any(run) else "tally",
            "contracts": self.contracts.version,
            "code": self.code_version,
        }

    def state(self) -> State:
        """What the ledger says of every submission by now; what was read of it before is not read again."""
        with self._replaying:
            self._state.replay(self.ledger.events(after=self._state.replayed))
            return self._state.copy()

    @cached_property
    def _state(self) -> State:
        return State()

    @cached_property
    def _replaying(self) -> Lock:
        return Lock()

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def received_csv(self) -> Path:
        return self.root / "received.csv"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    def reading(self, chunk_id: str) -> Path:
        return self.root / "work" / "readings" / chunk_id

    def judgement(self, batch_id: str) -> Path:
        return self.root / "work" / "judgements" / batch_id

    def feeds_batch(self, batch_id: str) -> Path:
        return self.root / "work" / "feeds" / batch_id

    @property
    def building(self) -> Path:
        return self.root / "work" / "build"

    def lock(self, step: str) -> Path:
        return self.root / "work" / f".{step}.lock"
