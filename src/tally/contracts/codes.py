"""Which code lists the marts need words for, and which codes those have that the program itself says."""

from collections.abc import Iterable, Mapping
from typing import get_args

from tally.contracts.areas import RELATIONS, Flow
from tally.contracts.lines import Document
from tally.contracts.model import CodeLists, Correction, Indicator, Text
from tally.periods import PARTS
from tally.vocabulary import FindingStatus, Severity, Verdict

TOTAL = "_T"
CELL = ("sex", "age_band", "subset")
LISTS: Mapping[str, Iterable[str] | None] = {
    "area_level": ("nation", "stable_group"),
    "reporting_level": ("lowest",),
    "period_part": (*PARTS, "S2"),
    "adds_up": get_args(Indicator.model_fields["adds_up"].annotation),
    "obs_status": None,
    "status_reason": None,
    "verdict": Verdict,
    "severity": Severity,
    "finding_status": FindingStatus,
    "correction_status": get_args(Correction.model_fields["status"].annotation),
    "report_state": None,
    "imbalance_reason": None,
    "change_reason": None,
    "comparability": None,
    "verification_status": None,
    "target_status": None,
    "target_at": None,
    "why_not": None,
    "relation": RELATIONS,
    "weight_basis": None,
    "report_code": None,
    "ratio_kind": ("share", "rate"),
}
"""None: which codes there are is said by the models of dbt, or by people."""


def labels_of(codelists: CodeLists, part: str) -> dict[str, Text]:
    """The label of each sex, age band or subset: that of the column which is this and nothing else, the last one."""
    others = [other for other in CELL if other != part]
    columns = [one for one in codelists.columns if all(getattr(one, other) == TOTAL for other in others)]
    return {getattr(one, part): one.label for one in columns}


def check_codes(document: Document, codelists: CodeLists) -> None:
    """Every list is there, with every code that the program says, once; and every part of a column has a label."""
    for name in sorted(LISTS.keys() ^ codelists.codes.keys()):
        raise document.error(("codes",), f"{name} {'is missing' if name in LISTS else 'is not known'}")
    for name, lines in codelists.codes.items():
        codes = [line.code for line in lines]
        document.check_once(("codes", name), codes)
        needed = set(LISTS[name] or codes)
        for code in sorted(needed ^ set(codes)):
            raise document.error(("codes", name), f"{code} {'is missing' if code in needed else 'is not known'}")
    for at, column in enumerate(codelists.columns):
        for part in CELL:
            if getattr(column, part) not in labels_of(codelists, part):
                message = f"no column is {getattr(column, part)} and nothing else, which would be its label"
                raise document.error(("columns", at, part), message)


def check_weights(document: Document, codelists: CodeLists, flows: Iterable[Flow]) -> None:
    """What a weight rests on is said in words."""
    known = {line.code for line in codelists.codes["weight_basis"]}
    for basis in sorted({flow.weight_basis for flow in flows} - known):
        raise document.error(("codes", "weight_basis"), f"{basis} of contracts/areas/flows.csv is missing")
