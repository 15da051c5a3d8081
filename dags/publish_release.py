"""Build the national figures from everything accepted, check them, publish them as a new release.

Dựng số liệu toàn quốc từ các báo cáo đã chấp nhận, kiểm tra và công bố thành một bản phát hành mới.

| | |
|---|---|
| **Reads** | judgements, compiled contracts |
| **Writes** | `TALLY_HOME/releases/<id>`, then moves `releases/current` to it; `outbox/<province>/outstanding.*` |
| **Runs** | when `collect_reports` has judged something; one at a time, in the pool `warehouse` |
| **Re-run** | always safe: a release appears whole or not at all |

If the build or the gate fails, `current` still points to the release before, and the log ends with what failed.
"""

from airflow.sdk import Asset, ExceptionRetryPolicy, RetryAction, RetryRule, dag, task, timezone

ACCEPTED = Asset("tally://accepted")
ONLY_IO_IS_TRIED_AGAIN = ExceptionRetryPolicy([RetryRule("builtins.OSError")], default=RetryAction.FAIL)


@dag(
    dag_display_name="Publish a release · Công bố số liệu",
    description="Build the national figures, check them, publish them as a new release.",
    schedule=[ACCEPTED],
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": 30, "retry_policy": ONLY_IO_IS_TRIED_AGAIN},
    tags=["release"],
    doc_md=__doc__,
)
def publish_release():
    @task(task_display_name="Build, check, publish", pool="warehouse")
    def publish() -> str:
        from tally.pipeline.progress import logged
        from tally.pipeline.publish import publish_release

        return publish_release(timezone.utcnow(), progress=logged())

    @task(task_display_name="List what is outstanding")
    def list_outstanding() -> int:
        from tally.pipeline.outstanding import list_outstanding

        return list_outstanding()

    publish() >> list_outstanding()


publish_release()
