"""Contracts → everything that follows from them: suites, seeds, blank workbooks, data dictionary.

Shape   each module: Contracts → {path from the project's root: bytes}; the same contracts give the same bytes.
"""

from tally.compile.commitments import commitments
from tally.compile.dictionary import dictionary
from tally.compile.seeds import seeds
from tally.compile.suites import suites
from tally.compile.templates import templates
from tally.contracts.model import Contracts

COMPILED = (
    "expectations/*.json",
    "dbt_project/seeds/*.csv",
    "templates/*.xlsx",
    "docs/reference/commitments.md",
    "docs/reference/dictionary.md",
)


def compiled_files(contracts: Contracts) -> dict[str, bytes]:
    """Every compiled file; whatever else stands where `COMPILED` points is no longer compiled."""
    files = suites(contracts) | seeds(contracts) | templates(contracts) | dictionary(contracts)
    files |= commitments(contracts)
    return dict(sorted(files.items()))
