"""Great Expectations suites: one expectation a rule, that its residuals are 0."""

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tally.contracts.model import ACROSS_FORMS, ACROSS_PERIODS, FEEDS, RELEASE, SUBMISSION, Check, Contracts, Text

_NAMESPACE = uuid5(NAMESPACE_URL, "tally:expectations")
_TITLES = {
    SUBMISSION: Text(vi="Bản thân báo cáo", en="The submission itself"),
    ACROSS_FORMS: Text(vi="Giữa các biểu", en="Across forms"),
    ACROSS_PERIODS: Text(vi="Giữa các kỳ", en="Across periods"),
    FEEDS: Text(vi="Số liệu của các nguồn khác", en="Feeds of other sources"),
    RELEASE: Text(vi="Trước khi phát hành", en="Before a release"),
}
HINT = "Compiled: edit contracts/, then make compile. / Tệp sinh tự động: sửa contracts/ rồi chạy make compile."


def suites(contracts: Contracts) -> dict[str, bytes]:
    """`expectations/<suite>.json`, as Great Expectations itself writes a suite.

    Shape   one ExpectColumnValuesToBeInSet({0}) a check; the column has the rule's residuals, empty where not judged.
    """
    titles = suite_titles(contracts)
    return {
        f"expectations/{name}.json": _written(_suite(name, checks, titles[name]))
        for name, checks in contracts.suites.items()
    }


def suite_titles(contracts: Contracts) -> dict[str, Text]:
    """What each suite is called, in the order in which they are judged."""
    titles = {form.form: form.title for form in contracts.forms} | _TITLES
    titles |= {source.suite: source.title for source in contracts.sources}
    return {name: titles[name] for name in contracts.suites}


def _suite(name: str, checks: list[Check], title: Text) -> dict[str, Any]:
    return {
        "name": name,
        "id": str(uuid5(_NAMESPACE, name)),
        "expectations": [_expectation(name, check) for check in checks],
        "meta": {"title_vi": title.vi, "title_en": title.en},
        "notes": HINT,
    }


def _expectation(suite: str, check: Check) -> dict[str, Any]:
    return {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": check.column, "value_set": [0]},
        "meta": {
            "rule_code": check.rule_code,
            "severity": check.severity.value,
            "sentence_vi": check.tell.vi,
            "sentence_en": check.tell.en,
            "mend_vi": check.mend.vi,
            "mend_en": check.mend.en,
            "source": check.source,
        },
        "notes": [
            f"{check.tell.vi}.",
            f"{check.tell.en}.",
            f"Cần làm: {check.mend.vi}.",
            f"What to do: {check.mend.en}.",
            f"Nguồn / source: {check.source}",
        ],
        "description": f"{check.rule_code}: {check.tell.vi}",
        "severity": check.severity.value,
        "id": str(uuid5(_NAMESPACE, f"{suite}/{check.column}")),
    }


def _written(suite: dict[str, Any]) -> bytes:
    return (json.dumps(suite, ensure_ascii=False, indent=2) + "\n").encode()
