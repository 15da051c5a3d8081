"""A DAG says what and when, never how; and it says so to whoever looks at the grid."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted((PROJECT / "dags").glob("*.py"))
HEAVY = ("dbt", "duckdb", "great_expectations", "openpyxl", "pandas", "polars", "pyarrow", "tally")

DESCRIBE = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
import airflow.sdk
started, before = time.perf_counter(), set(sys.modules)
bag = DagBag(sys.argv[1])
seconds, found = time.perf_counter() - started, list(bag.dags.values())
print(json.dumps({
    "errors": bag.import_errors,
    "seconds": seconds,
    "imported": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
    "dags": [
        {
            "dag_id": dag.dag_id, "display_name": dag.dag_display_name, "doc": dag.doc_md, "tags": sorted(dag.tags),
            "max_active_runs": dag.max_active_runs, "catchup": dag.catchup,
            "params": {name: dag.params.get_param(name).schema for name in dag.params},
            "defaults": {name: dag.params[name] for name in dag.params},
            "tasks": {
                task.task_id: {
                    "display_name": task.task_display_name, "pool": task.pool, "retries": task.retries,
                    "retry_policy": task.retry_policy and task.retry_policy.serialize(),
                    "outlets": [asset.name for asset in task.outlets],
                    "upstream": sorted(task.upstream_task_ids), "is_mapped": task.is_mapped,
                }
                for task in dag.tasks
            },
        }
        for dag in found
    ],
}))
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))}
    answers = {}
    for file in FILES:
        command = [sys.executable, "-c", DESCRIBE, str(file)]
        done = subprocess.run(command, env=environment, cwd=PROJECT, check=True, capture_output=True, text=True)
        answers[file.stem] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.fixture(scope="module")
def dags(parsed):
    return {dag["dag_id"]: dag for answer in parsed.values() for dag in answer["dags"]}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_imports_airflow_sdk_and_the_pipeline_and_nothing_else(file):
    imported = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported += [name.name for name in node.names]
        if isinstance(node, ast.ImportFrom):
            imported.append(node.module)
    allowed = ("airflow.sdk", "tally.pipeline")
    assert [name for name in imported if not any(f"{name}.".startswith(f"{root}.") for root in allowed)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_task_only_calls_the_pipeline(file):
    """No loop, no computation, no file: besides calling, a task may say that there is nothing to do."""
    allowed = (ast.ImportFrom, ast.Return, ast.Assign, ast.Expr, ast.If, ast.Raise)
    tasks = [
        node
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and any("task" in ast.unparse(each) for each in node.decorator_list)
    ]
    assert tasks
    assert [
        ast.unparse(line) for task in tasks for line in ast.walk(task) if isinstance(line, (ast.For, ast.With))
    ] == []
    assert [ast.unparse(line) for task in tasks for line in task.body if not isinstance(line, allowed)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_parsing_a_dag_is_quick_because_nothing_heavy_is_imported(parsed, file):
    answer = parsed[file.stem]
    assert answer["errors"] == {}
    assert set(answer["imported"]).isdisjoint(HEAVY)
    assert answer["seconds"] < 2


def test_both_dags_are_there_each_in_the_file_of_its_name(parsed):
    found = {stem: [dag["dag_id"] for dag in answer["dags"]] for stem, answer in parsed.items()}
    assert found == {"collect_reports": ["collect_reports"], "publish_release": ["publish_release"]}


@pytest.mark.parametrize("dag_id", ["collect_reports", "publish_release"])
def test_a_data_engineer_sees_what_a_dag_and_its_tasks_do(dags, dag_id):
    dag = dags[dag_id]
    assert dag["doc"]
    assert dag["tags"]
    assert dag["display_name"] != dag_id
    assert [name for name, task in dag["tasks"].items() if task["display_name"] == name] == []


@pytest.mark.parametrize("dag_id", ["collect_reports", "publish_release"])
def test_runs_never_overlap_and_the_past_is_not_caught_up(dags, dag_id):
    assert (dags[dag_id]["max_active_runs"], dags[dag_id]["catchup"]) == (1, False)


def test_workbooks_are_read_in_chunks_and_judged_as_one_batch(dags):
    tasks = dags["collect_reports"]["tasks"]
    assert {name: task["upstream"] for name, task in tasks.items()} == {
        "receive": [],
        "read": ["receive"],
        "judge": ["read"],
        "answer": ["judge"],
        "confirm": ["judge"],
        "feeds": [],
        "hand_over": ["feeds", "judge"],
    }
    assert [name for name, task in tasks.items() if task["is_mapped"]] == ["read"]


def test_one_event_follows_however_much_was_judged(dags):
    outlets = {name: task["outlets"] for dag in dags.values() for name, task in dag["tasks"].items() if task["outlets"]}
    assert outlets == {"hand_over": ["tally://accepted"]}


def test_one_release_is_built_at_a_time(dags):
    assert dags["publish_release"]["tasks"]["publish"]["pool"] == "warehouse"


def test_only_input_and_output_is_tried_again(dags):
    for dag in dags.values():
        for task in dag["tasks"].values():
            rules = [(rule["exception"], rule["action"]) for rule in task["retry_policy"]["rules"]]
            assert task["retries"] > 0
            assert (rules, task["retry_policy"]["default"]) == ([("builtins.OSError", "retry")], "fail")


def test_an_area_or_a_period_can_be_replayed_and_nothing_is_asked_by_default(dags):
    dag = dags["collect_reports"]
    assert dag["defaults"] == {"area": None, "period": None}
    for schema in dag["params"].values():
        assert schema["type"] == ["null", "string"]
        assert schema["pattern"]
        assert "·" in schema["title"]
