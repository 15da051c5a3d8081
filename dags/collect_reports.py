"""Take in what has arrived, judge it, answer the senders.

Nhận các tệp mới, thẩm định và trả lời đơn vị gửi báo cáo.

| | |
|---|---|
| **Reads** | `TALLY_HOME/inbox`, `received.csv` |
| **Writes** | archive, ledger, judgements, outbox |
| **Also** | feeds of other sources (police, hotline 111) in `inbox/feeds/<source>` |
| **Then** | `publish_release`, whenever something was judged; nothing new skips every task |
| **Re-run** | always safe: a file is known by the hash of its content |
| **Replay** | *Trigger* with an area, a period or both: what stands in the archive is read and judged again |

A workbook that is wrong is a verdict and a letter, never a failed task. A failed task is ours: its log ends with what,
then which. Only input and output is tried again; a wrong contract fails at once, and trying again would not mend it.
A workbook on which our own reader fails holds up nothing but the last task, which names it.
"""

from airflow.sdk import Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule, dag, task, timezone
from airflow.sdk.exceptions import AirflowSkipException

ACCEPTED = Asset("tally://accepted")
ONLY_IO_IS_TRIED_AGAIN = ExceptionRetryPolicy([RetryRule("builtins.OSError")], default=RetryAction.FAIL)

AREA = Param(
    None,
    type=["null", "string"],
    pattern="^([0-9]{2}|[0-9]{3}|[0-9]{5})$",
    title="Area · Đơn vị hành chính",
    description=(
        "Replay one area: 2 digits a province, 3 a district, 5 a commune. Empty: whatever is new. · "
        "Đọc lại một đơn vị: 2 chữ số là tỉnh, 3 là huyện, 5 là xã. Để trống: chỉ nhận tệp mới."
    ),
)
PERIOD = Param(
    None,
    type=["null", "string"],
    pattern="^[0-9]{4}-(S1|A1)$",
    title="Period · Kỳ báo cáo",
    description=(
        "Replay one period: 2025-S1 six months, 2025-A1 the year. Empty: whatever is new. · "
        "Đọc lại một kỳ: 2025-S1 là 6 tháng đầu năm, 2025-A1 là cả năm. Để trống: chỉ nhận tệp mới."
    ),
)


@dag(
    dag_display_name="Collect reports · Thu nhận báo cáo",
    description="Take in what has arrived, judge it, answer the senders.",
    schedule="@hourly",
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": 30, "retry_policy": ONLY_IO_IS_TRIED_AGAIN},
    params={"area": AREA, "period": PERIOD},
    tags=["reports", "hourly"],
    doc_md=__doc__,
)
def collect_reports():
    @task(task_display_name="Receive what is new")
    def receive(params=None) -> list[list[str]]:
        from tally.pipeline.progress import logged
        from tally.pipeline.receive import receive_new_files

        now = timezone.utcnow()
        chunks = receive_new_files(now, area=params["area"], period=params["period"], progress=logged())
        if not chunks:
            raise AirflowSkipException("Nothing new.")
        return chunks

    @task(
        task_display_name="Read workbooks",
        map_index_template="chunk {{ ti.map_index + 1 }}: {{ task.op_kwargs.chunk | length }} workbooks",
    )
    def read(chunk: list[str]) -> str:
        from tally.pipeline.progress import logged
        from tally.pipeline.read import read_submissions

        return read_submissions(chunk, progress=logged())

    @task(task_display_name="Judge the batch")
    def judge(chunk_ids: list[str]) -> list[str]:
        from tally.pipeline.judge import judge_chunks
        from tally.pipeline.progress import logged

        return judge_chunks(list(chunk_ids), timezone.utcnow(), progress=logged())

    @task(task_display_name="Answer the senders")
    def answer() -> int:
        from tally.pipeline.answer import answer_outstanding
        from tally.pipeline.progress import logged

        return answer_outstanding(timezone.utcnow(), progress=logged())

    @task(task_display_name="Take in feeds")
    def feeds() -> None:
        from tally.pipeline.feeds import take_in_feeds

        if not take_in_feeds(timezone.utcnow()):
            raise AirflowSkipException("Nothing new.")

    @task(task_display_name="Hand over", outlets=[ACCEPTED], trigger_rule="none_failed_min_one_success")
    def hand_over() -> None:
        """One event however much was judged, so that one release follows."""

    @task(task_display_name="Confirm that all were read")
    def confirm() -> None:
        from tally.pipeline.run import confirm_all_read

        confirm_all_read()

    judged = judge(read.expand(chunk=receive()))
    judged >> [answer(), confirm()]
    [judged, feeds()] >> hand_over()


collect_reports()
