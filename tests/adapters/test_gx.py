"""Great Expectations is believed only where it judged every value and named every row."""

import copy
import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from great_expectations import ExpectationSuite
from great_expectations.expectations import ExpectColumnValuesToBeBetween, ExpectColumnValuesToBeInSet

from tally.adapters.gx import UnexpectedRow, read_validation, run_checkpoint
from tally.errors import JudgingError, TallyError

NOW = datetime(2025, 7, 1, 2, 15, tzinfo=UTC)
INDEX = ["submission_id", "cell_address"]


def rule(column, **kwargs):
    meta = {"rule_code": column, "severity": "critical", "sentence_vi": "Tổng số bằng Nam cộng Nữ"}
    return ExpectColumnValuesToBeInSet(column=column, value_set=[0], meta=meta, **kwargs)


def suite_of(*expectations):
    return ExpectationSuite(name="bvte_02", expectations=list(expectations))


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "submission_id": ["s1", "s1", "s2", "s3"],
            "cell_address": ["E8", "E9", "E8", "E8"],
            "R0201": [0, 3, np.nan, -1],
            "R0202": [0, 0, 0, np.nan],
            "R0203": [np.nan] * 4,
            "words": ["a", 3, None, "b"],
        }
    )


@pytest.fixture
def result(frame, tmp_path):
    """A real result as it is saved, for tests that spoil it."""
    path = run_checkpoint("b1", suite_of(rule("R0201"), rule("R0202")), frame, INDEX, NOW).save(tmp_path / "r.json")
    return json.loads(path.read_text(encoding="utf-8"))


def expected(result):
    return [copy.deepcopy(one["expectation_config"]) for one in result["results"]]


def test_every_row_that_breaks_a_rule_is_named_with_its_residual(frame):
    (judgement,) = run_checkpoint("b1", suite_of(rule("R0201")), frame, INDEX, NOW).judgements
    assert judgement.unexpected == (UnexpectedRow(("s1", "E9"), 3.0), UnexpectedRow(("s3", "E8"), -1.0))
    assert (judgement.rule_code, judgement.severity, judgement.column) == ("R0201", "critical", "R0201")
    assert (judgement.evaluated, judgement.outcome) == (3, "failed")


def test_a_rule_that_holds_passes_for_the_values_that_were_there(frame):
    (judgement,) = run_checkpoint("b1", suite_of(rule("R0202")), frame, INDEX, NOW).judgements
    assert (judgement.evaluated, judgement.outcome, judgement.unexpected) == (3, "passed", ())


@pytest.mark.parametrize("rows", [pytest.param(4, id="nothing but blanks"), pytest.param(0, id="no rows at all")])
def test_nothing_judged_is_not_a_pass(frame, rows):
    (judgement,) = run_checkpoint("b1", suite_of(rule("R0203")), frame[:rows], INDEX, NOW).judgements
    assert (judgement.evaluated, judgement.outcome) == (0, "not_judged")


def test_more_rows_than_great_expectations_samples_are_all_named():
    many = pd.DataFrame({"submission_id": [f"s{i}" for i in range(1000)], "cell_address": "E8", "R0201": 1.0})
    (judgement,) = run_checkpoint("b1", suite_of(rule("R0201")), many, INDEX, NOW).judgements
    assert [row.index[0] for row in judgement.unexpected] == [f"s{i}" for i in range(1000)]


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_the_kind_of_text_column_changes_nothing(frame, dtype):
    typed = frame.astype({"submission_id": dtype, "cell_address": dtype})
    (judgement,) = run_checkpoint("b1", suite_of(rule("R0201")), typed, INDEX, NOW).judgements
    assert [row.index for row in judgement.unexpected] == [("s1", "E9"), ("s3", "E8")]


def test_one_context_judges_batch_after_batch_without_mixing_them(frame):
    suite = suite_of(rule("R0201"))
    counts = [
        len(run_checkpoint(name, suite, batch, INDEX, NOW).judgements[0].unexpected)
        for name, batch in [("b1", frame), ("b2", frame[:1]), ("b1", frame[:2])]
    ]
    assert counts == [2, 0, 1]


def test_a_suite_is_read_from_its_file(frame, tmp_path):
    path = tmp_path / "bvte_02.json"
    path.write_text(json.dumps(suite_of(rule("R0201"), rule("R0202")).to_json_dict()), encoding="utf-8")
    validation = run_checkpoint("b1", path, frame, INDEX, NOW)
    assert [one.rule_code for one in validation.judgements] == ["R0201", "R0202"]


def test_the_same_judgement_is_saved_as_the_same_bytes(frame, tmp_path):
    suite = suite_of(rule("R0201"), rule("R0202"))
    first, second = (
        run_checkpoint("b1", suite, frame, INDEX, NOW).save(tmp_path / name).read_bytes() for name in ("1", "2")
    )
    assert first == second


def test_a_saved_result_holds_no_other_columns_of_the_batch(frame, tmp_path):
    named = frame.assign(prepared_by="Nguyễn Văn A")
    path = run_checkpoint("b1", suite_of(rule("R0201")), named, INDEX, NOW).save(tmp_path / "r.json")
    assert "Nguyễn" not in path.read_text(encoding="utf-8")


def test_judging_is_silent(frame, capfd):
    run_checkpoint("b1", suite_of(rule("R0201")), frame, INDEX, NOW)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("expectation", "index_columns", "message"),
    [
        pytest.param(rule("R0299"), INDEX, r"bvte_02: .*R0299.*column .*does not exist", id="a missing column"),
        pytest.param(
            ExpectColumnValuesToBeBetween(column="words", min_value=1),
            INDEX,
            r"bvte_02: .*words.* raised: .*same type",
            id="an expectation that raises",
        ),
        pytest.param(rule("R0201"), ["submission_id", "row"], r"R0201.* raised: .*row", id="a missing index column"),
        pytest.param(rule("R0201", mostly=0.1), INDEX, r"success=True with 2 unexpected", id="a rule that tolerates"),
        pytest.param(
            ExpectColumnValuesToBeInSet(column="R0201", value_set=[0]),
            INDEX,
            "no rule_code",
            id="a rule without a code",
        ),
    ],
)
def test_what_could_not_be_judged_is_an_error(frame, expectation, index_columns, message):
    with pytest.raises(JudgingError, match=message):
        run_checkpoint("b1", suite_of(rule("R0202"), expectation), frame, index_columns, NOW)


def test_an_error_leaves_the_next_batch_judgeable(frame):
    with pytest.raises(TallyError):
        run_checkpoint("b1", suite_of(rule("R0299")), frame, INDEX, NOW)
    assert run_checkpoint("b1", suite_of(rule("R0202")), frame, INDEX, NOW).judgements[0].outcome == "passed"


def test_a_result_as_it_was_saved_reads_the_same(frame, result):
    again = read_validation("b1", expected(result), result, INDEX)
    assert (
        again.judgements == run_checkpoint("b1", suite_of(rule("R0201"), rule("R0202")), frame, INDEX, NOW).judgements
    )


def test_an_expectation_without_a_result_is_an_error(result):
    wanted = expected(result)
    del result["results"][1]
    with pytest.raises(JudgingError, match=r"no result for .*R0202"):
        read_validation("b1", wanted, result, INDEX)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param({"unexpected_count": 3}, "counts 3 unexpected rows and lists 2", id="a list that is cut"),
        pytest.param({"unexpected_count": 0, "unexpected_index_list": []}, "success=False with 0", id="no rows"),
        pytest.param(None, "judged no column", id="an empty result"),
    ],
)
def test_a_failure_that_does_not_name_its_rows_is_an_error(result, spoil, message):
    one = result["results"][0]
    one["result"] = {} if spoil is None else one["result"] | spoil
    with pytest.raises(JudgingError, match=message):
        read_validation("b1", expected(result), result, INDEX)


def test_a_result_without_the_list_of_rows_is_an_error(result):
    del result["results"][0]["result"]["unexpected_index_list"]
    with pytest.raises(JudgingError, match="capped"):
        read_validation("b1", expected(result), result, INDEX)
