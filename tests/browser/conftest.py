"""A real browser that has no network."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass(frozen=True)
class Page:
    """A page as the browser built it, and what it asked the network for."""

    html: str
    requests: list[str]


@pytest.fixture(scope="session")
def needs_chromium() -> str:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    return CHROMIUM


@pytest.fixture
def open_page(needs_chromium: str, tmp_path: Path) -> Callable[..., Page]:
    def open_page(path: Path, place: str = "") -> Page:
        log = tmp_path / "net.json"
        command = [
            *(needs_chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}"),
            *(f"--log-net-log={log}", "--virtual-time-budget=2000", "--dump-dom", path.as_uri() + place),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        requests = [
            event["params"]["url"]
            for event in json.loads(log.read_text())["events"]
            # the browser's own errands carry another key than a page opened from disk
            if str(event.get("params", {}).get("network_isolation_key", "")).startswith("file://")
        ]
        return Page(done.stdout, requests)

    return open_page
