"""Write what follows from the contracts, and tell what is stale."""

from pathlib import Path

from tally.compile import COMPILED, compiled_files
from tally.contracts.load import load_contracts


def write_compiled(root: Path) -> list[str]:
    """Write every compiled file whole, and delete what is no longer compiled.

    Shape   root: the project's folder, with contracts/ in it → the paths that changed, from the root.
    Raises  ContractError
    """
    files = compiled_files(load_contracts(root / "contracts"))
    changed = _stale(root, files)
    for name in changed:
        path = root / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
        else:
            path.unlink()
    return changed


def stale_files(root: Path) -> list[str]:
    """The compiled files that do not say what the contracts say: changed, missing, or no longer compiled.

    Raises  ContractError
    """
    return _stale(root, compiled_files(load_contracts(root / "contracts")))


def _stale(root: Path, files: dict[str, bytes]) -> list[str]:
    standing = {path.relative_to(root).as_posix() for pattern in COMPILED for path in root.glob(pattern)}
    written = {name for name in standing & files.keys() if (root / name).read_bytes() == files[name]}
    return sorted((standing | files.keys()) - written)
