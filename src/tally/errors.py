"""Errors are ours: a program, a contract, a configuration. Data that is wrong is a finding, never one of these."""


class TallyError(Exception):
    """Something that is ours failed; `exit_code` is what the command line answers."""

    exit_code = 4


class UsageError(TallyError):
    """The caller asked for something that does not exist."""

    exit_code = 2


class ContractError(TallyError):
    """A contract or configuration is wrong: file, line, key, then what."""

    exit_code = 3

    def __init__(self, file: str, line: int | None, key: str, message: str) -> None:
        self.file, self.line, self.key, self.message = file, line, key, message
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {key}: {message}")

    def __reduce__(self) -> tuple[type["ContractError"], tuple[str, int | None, str, str]]:
        """Raised in one process, it is the same in another."""
        return ContractError, (self.file, self.line, self.key, self.message)


class LedgerError(TallyError):
    """The ledger or the archive does not hold together."""


class ReadingError(TallyError):
    """Our reader failed on a workbook in a way that says nothing about the workbook."""


class JudgingError(TallyError):
    """Great Expectations could not judge: never a pass."""


class BuildError(TallyError):
    """dbt could not build the marts."""


class GateError(TallyError):
    """The built marts are not fit to be published."""
