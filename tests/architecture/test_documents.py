"""What the documents promise about the code is true of the code."""

import importlib
import pkgutil
import re
from pathlib import Path

import tally
from tally.errors import TallyError

ROOT = Path(__file__).parents[2]
TEXTS = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]


def test_the_runbook_has_a_heading_for_every_error():
    for module in pkgutil.walk_packages(tally.__path__, "tally."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    headings = set(re.findall(r"^## (\w+Error)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE))
    assert headings == {error.__name__ for error in TallyError.__subclasses__()}


def test_links_between_documents_lead_somewhere():
    for text in TEXTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text.read_text(encoding="utf-8")):
            assert (text.parent / target).exists(), f"{text.relative_to(ROOT)} links to {target}"


def test_the_first_line_of_every_model_is_its_grain():
    models = list((ROOT / "dbt_project" / "models").rglob("*.sql"))
    assert models
    for path in models:
        assert path.read_text().startswith("-- Grain: one row per "), path.name
