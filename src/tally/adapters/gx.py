"""Great Expectations judges: one checkpoint a suite and batch, read so that nothing unjudged counts as a pass."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tally.adapters.files import write_whole
from tally.adapters.imports import nothing_is_garbage
from tally.errors import JudgingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    from great_expectations import Checkpoint, ExpectationSuite
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext

Outcome: TypeAlias = Literal["passed", "failed", "not_judged"]


@dataclass(frozen=True, slots=True)
class UnexpectedRow:
    """One row that breaks a rule: the values of the index columns, in their order, and the value that was judged."""

    index: tuple[Any, ...]
    observed: Any


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one expectation found in one batch; `evaluated` counts the values that were there to be judged."""

    rule_code: str
    severity: str
    column: str
    evaluated: int
    unexpected: tuple[UnexpectedRow, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Validation:
    """One suite's judgement of one batch, in the order of the suite."""

    name: str
    suite: str
    judgements: tuple[Judgement, ...]
    result: Mapping[str, Any]

    def save(self, path: Path) -> Path:
        """Write the result as Great Expectations' JSON, for Data Docs; the same judgement gives the same bytes."""
        content = json.dumps(self.result, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        write_whole(path, content.encode())
        return path


def run_checkpoint(
    name: str, suite: Path | ExpectationSuite, frame: pd.DataFrame, index_columns: Sequence[str], now: datetime
) -> Validation:
    """Judge a batch by a suite, in memory.

    Shape   frame: one row a thing judged, the index columns that name it and one column an expectation → one Judgement
            an expectation, with every row that breaks it.
    Blanks  NaN is "not judged"; a column of nothing but NaN is not_judged, never passed.
    Raises  JudgingError if any expectation was not judged completely.
    Source  expectations/<form>.json
    """
    context = _context()
    from great_expectations import RunIdentifier

    loaded = _load_suite(suite)
    expected = [one.configuration.to_json_dict() for one in loaded.expectations]
    with _checkpoint(context, name, loaded, index_columns) as checkpoint:
        run = checkpoint.run(batch_parameters={"dataframe": frame}, run_id=RunIdentifier(run_name=name, run_time=now))
    (result,) = run.run_results.values()
    content = result.to_json_dict()  # type: ignore[no-untyped-call]  # not annotated in GX
    return read_validation(name, expected, content, index_columns)


def prepare_to_judge() -> None:
    """Import Great Expectations and judge two values, which takes seconds: best while this process waits for others."""
    _context()
    import pandas as pd
    from great_expectations import ExpectationSuite
    from great_expectations.expectations import ExpectColumnValuesToBeInSet  # type: ignore[attr-defined]

    rule = ExpectColumnValuesToBeInSet(column="value", value_set=[0], meta={"rule_code": "none", "severity": "none"})
    frame = pd.DataFrame({"place": ["right", "wrong"], "value": [0, 1]})
    run_checkpoint("rehearsal", ExpectationSuite("rehearsal", expectations=[rule]), frame, ["place"], datetime.now(UTC))


def read_validation(
    name: str, expected: Sequence[Mapping[str, Any]], result: Mapping[str, Any], index_columns: Sequence[str]
) -> Validation:
    """Read a validation result strictly: what Great Expectations leaves open is an error here.

    Shape   expected: the suite's expectations; result: ExpectationSuiteValidationResult.to_json_dict() → Validation.
    Raises  JudgingError if an expectation has no result, raised, met no column, or does not list every unexpected row.
    """
    suite = result["suite_name"]
    missing = Counter(map(_identity, expected)) - Counter(
        _identity(one["expectation_config"]) for one in result["results"]
    )
    if missing:
        raise JudgingError(f"{suite}: no result for {', '.join(missing)}")
    judgements = tuple(_read_judgement(suite, one, index_columns) for one in result["results"])
    return Validation(name=name, suite=suite, judgements=judgements, result=_settled(result))


def outcome_of(result: Mapping[str, Any]) -> Outcome:
    """Say what one expectation's result means; nothing judged is not a pass."""
    if "element_count" in result["result"] and evaluated_values(result) == 0:
        return "not_judged"
    return "passed" if result["success"] else "failed"


def evaluated_values(result: Mapping[str, Any]) -> int:
    """Count the values that were there to be judged."""
    return int(result["result"]["element_count"]) - int(result["result"].get("missing_count", 0))


def _read_judgement(suite: str, one: Mapping[str, Any], index_columns: Sequence[str]) -> Judgement:
    expectation, result = one["expectation_config"], one["result"]
    column = expectation["kwargs"].get("column")
    where = f"{suite}: {expectation['type']}({column})"

    raised = [info["exception_message"] for info in _exceptions(one["exception_info"]) if info["raised_exception"]]
    if raised:
        raise JudgingError(f"{where} raised: {'; '.join(dict.fromkeys(raised))}")
    if "element_count" not in result:
        raise JudgingError(f"{where} judged no column: its result is empty")
    if "unexpected_index_list" not in result:
        raise JudgingError(f"{where} has a capped result: only COMPLETE lists every unexpected row")

    rows, count = result["unexpected_index_list"], result["unexpected_count"]
    if len(rows) != count:
        raise JudgingError(f"{where} counts {count} unexpected rows and lists {len(rows)}")
    if bool(one["success"]) == bool(count):
        raise JudgingError(f"{where} says success={one['success']} with {count} unexpected rows")

    meta = expectation.get("meta") or {}
    if not {"rule_code", "severity"} <= meta.keys():
        raise JudgingError(f"{where} names no rule_code and severity in its meta")
    return Judgement(
        rule_code=meta["rule_code"],
        severity=meta["severity"],
        column=column,
        evaluated=evaluated_values(one),
        unexpected=tuple(UnexpectedRow(tuple(row[key] for key in index_columns), row[column]) for row in rows),
        outcome=outcome_of(one),
    )


def _exceptions(info: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Great Expectations writes one exception flat, and those of metrics by metric."""
    return [info] if "raised_exception" in info else list(info.values())


def _identity(expectation: Mapping[str, Any]) -> str:
    kwargs = {key: value for key, value in expectation["kwargs"].items() if key != "batch_id"}
    return f"{expectation['type']}({json.dumps(kwargs, sort_keys=True)})"


def _settled(result: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out random ids and the machine's clock, and `unexpected_list`, which stops at 200 without saying so."""
    return {
        **result,
        "id": None,
        "meta": {key: result["meta"][key] for key in ("great_expectations_version", "run_id", "validation_time")},
        "results": [
            {
                **one,
                "expectation_config": {key: value for key, value in one["expectation_config"].items() if key != "id"},
                "result": {key: value for key, value in one["result"].items() if key != "unexpected_list"},
            }
            for one in result["results"]
        ],
    }


def _load_suite(suite: Path | ExpectationSuite) -> ExpectationSuite:
    from great_expectations import ExpectationSuite

    if isinstance(suite, ExpectationSuite):
        content: dict[str, Any] = dict(suite.to_json_dict())
    else:
        content = json.loads(suite.read_text(encoding="utf-8"))
    return ExpectationSuite(**content)


@functools.cache
def _context() -> AbstractDataContext:
    with nothing_is_garbage():
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@contextmanager
def _checkpoint(
    context: AbstractDataContext, name: str, suite: ExpectationSuite, index_columns: Sequence[str]
) -> Iterator[Checkpoint]:
    """Wire a checkpoint, and take it out of the context again: what stays there holds the frame and its results."""
    from great_expectations import Checkpoint, ValidationDefinition

    with ExitStack() as undo:
        source = context.data_sources.add_pandas(name)
        undo.callback(context.data_sources.delete, name)
        batch = source.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("whole")
        suite = context.suites.add(suite)
        undo.callback(context.suites.delete, suite.name)
        definition = context.validation_definitions.add(ValidationDefinition(name=name, data=batch, suite=suite))
        undo.callback(context.validation_definitions.delete, name)
        checkpoint = context.checkpoints.add(
            Checkpoint(
                name=name,
                validation_definitions=[definition],
                result_format={
                    "result_format": "COMPLETE",
                    "unexpected_index_column_names": list(index_columns),
                    "return_unexpected_index_query": False,
                },
            )
        )
        undo.callback(context.checkpoints.delete, name)
        undo.callback(_forget_results, context)
        yield checkpoint


def _forget_results(context: AbstractDataContext) -> None:
    store = context.validation_results_store
    for key in store.list_keys():
        store.remove_key(key)  # type: ignore[no-untyped-call]  # not annotated in GX
