"""Where everything lies: TALLY_HOME, and the project that the code came with."""

import hashlib
import os
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
    def archive(self) -> Archive:
        return Archive(self.root / "archive")

    @cached_property
    def ledger(self) -> Ledger:
        (self.root / "ledger").mkdir(parents=True, exist_ok=True)
        return Ledger(self.root / "ledger")

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

    @property
    def building(self) -> Path:
        return self.root / "work" / "build"

    def lock(self, step: str) -> Path:
        return self.root / "work" / f".{step}.lock"
