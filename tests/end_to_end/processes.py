"""The processes that a test has started, or that those have."""

from pathlib import Path


def left_behind(home: Path) -> list[str]:
    """Command lines of processes that were started for this TALLY_HOME."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"TALLY_HOME={home}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
