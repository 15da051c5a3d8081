"""Tally. Exit codes: 0 done, 1 findings stop something, 2 wrong use, 3 a contract is wrong, 4 ours failed."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBars
from rich.table import Table
from rich.text import Text

from tally.errors import TallyError, UsageError
from tally.periods import Period
from tally.vocabulary import AS_REPORTED, FindingStatus, Role, Severity, Total

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
findings_app = typer.Typer(invoke_without_command=True)
app.add_typer(findings_app, name="findings")
out, err = Console(), Console(stderr=True)

AsOf = Annotated[str | None, typer.Option(help="the clock of the run: ISO 8601 with zone; default now")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


def main() -> None:
    try:
        app(_with_lists(sys.argv[1:]))
    except TallyError as error:
        err.print(f"[bold red]{type(error).__name__}[/]: ", end="")
        err.print(str(error), markup=False, highlight=False)
        sys.exit(error.exit_code)


@app.command()
def run(as_of: AsOf = None) -> None:
    """Receive, read, judge, answer, build and publish, in this process."""
    from tally.pipeline.home import Home
    from tally.pipeline.run import run as run_all

    home = Home.default()
    with _progress() as progress:
        outcome = run_all(_clock(as_of), home, progress)
    if outcome.release_id:
        out.print(f"Release: {home.releases / 'current'}  ({outcome.release_id})", soft_wrap=True)
        out.print(f"Letters: {home.outbox}", soft_wrap=True)
        lists = home.outbox / "<province>" / "outstanding.html"
        out.print(f"Outstanding: {outcome.outstanding:,} reports  ({lists})", soft_wrap=True)
    else:
        out.print(f"Nothing has arrived in {home.inbox}.", soft_wrap=True)


@app.command()
def check(files: list[Path], as_json: Json = False) -> None:
    """Judge workbooks and record nothing: what a sender runs before sending."""
    from tally.pipeline.check import check_files

    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise UsageError(f"no such file: {', '.join(missing)}")
    checked = check_files(files, datetime.now(UTC))
    if as_json:
        print(json.dumps(checked, ensure_ascii=False, indent=1))
    else:
        for one in checked:
            out.print(f"[bold]{one['verdict']}[/]  {one['file']}", soft_wrap=True)
            for finding in one["findings"]:
                place = f"{finding['sheet_name']}!{finding['cell_address']}" if finding["cell_address"] else ""
                for line in (
                    f"  {finding['rule_code']} {finding['severity']} {place}",
                    f"    {finding['message_vi']}",
                    f"    {finding['message_en']}",
                ):
                    out.print(line, markup=False, highlight=False, soft_wrap=True)
    if any(one["verdict"] not in ("accepted", "accepted_with_warnings") for one in checked):
        raise typer.Exit(1)


@app.command()
def simulate(
    period: Annotated[str, typer.Option()],
    out_folder: Annotated[Path, typer.Option("--out", help="a TALLY_HOME: inbox/ and received.csv are written there")],
    areas: Annotated[
        list[str] | None, typer.Option(help="area codes; a province or district stands for all below it")
    ] = None,
    national: Annotated[bool, typer.Option("--national")] = False,
    seed: int = 1,
    fault_rate: float = 0.0,
) -> None:
    """Write lawful, clearly marked simulated workbooks."""
    from tally.pipeline.home import Home
    from tally.pipeline.simulate import simulate_to

    if national == bool(areas):
        raise UsageError("give --areas CODE… or --national")
    asked = _period(period)
    codes = [code for one in areas or [] for code in one.replace(",", " ").split()]
    written = simulate_to(out_folder, Home.default().contracts, asked, codes, seed=seed, fault_rate=fault_rate)
    out.print(f"{written} workbooks in {out_folder / 'inbox'}", soft_wrap=True)


@app.command()
def trace(
    indicator: str | None = None,
    area: str | None = None,
    period: str | None = None,
    sex: str = "_T",
    age: str = "_T",
    subset: str = "_T",
    frame: Annotated[str, typer.Option(help="the map: as_reported, provinces_34, …")] = AS_REPORTED,
    total: Annotated[
        Total, typer.Option(help="the figure, or what fct_imbalances compares: reported, children")
    ] = Total.FIGURE,
    submission: Annotated[
        str | None, typer.Option(help="the other way: where a workbook's figures went; its id, path or SHA-256")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="another source (police, hotline_111, …); --period may be 2024-01-01..2024-12-31")
    ] = None,
    release: str = "current",
    as_of: Annotated[str | None, typer.Option(help="the release that stood then: ISO 8601 with zone")] = None,
    as_json: Json = False,
) -> None:
    """The cells behind a figure, opened again in the archive and added up; or where the cells of a workbook went."""
    from tally.pipeline.home import Home
    from tally.pipeline.recipe import Figure
    from tally.pipeline.releases import release_at
    from tally.pipeline.trace import SourceFigure, trace_figure, trace_source, trace_submission

    home = Home.default()
    if as_of:
        release = release_at(home, _clock(as_of))
    if submission:
        gone = trace_submission(home, submission, release)
        print(json.dumps(gone, ensure_ascii=False, indent=1)) if as_json else _show_submission(gone)
        return
    if not (indicator and area and period):
        raise UsageError("give --indicator, --area and --period; or --submission")
    if source:
        traced = trace_source(home, SourceFigure(source, indicator, area, period, sex, age), release)
        print(json.dumps(traced, ensure_ascii=False, indent=1)) if as_json else _show_source(traced)
    else:
        traced = trace_figure(home, Figure(indicator, area, period, sex, age, subset, frame, total), release)
        print(json.dumps(traced, ensure_ascii=False, indent=1)) if as_json else _show_figure(traced)
    if not traced["agrees"]:
        raise typer.Exit(4)


def _show_figure(traced: dict[str, Any]) -> None:
    table = _table("area", "period", "file", "sha256", "cell", "raw", "value", "weight")
    for cell in traced["cells"]:
        weight = "" if cell["weight"] is None else f"{cell['weight']:g}"
        row = (
            cell["area_code"],
            cell["period_code"],
            cell["file_path"],
            cell["sha256"][:12],
            f"{cell['sheet_name']}!{cell['cell_address']}",
            cell["raw_text"],
            _figure(cell["corrected_to"]) + " by " + cell["correction_code"]
            if cell["correction_code"]
            else _figure(cell["value"]),
            weight if cell["counts"] else f"{weight} left out",
        )
        table.add_row(*(Text(part) for part in row))
    out.print(table)
    status = " ".join(filter(None, (traced["obs_status"], traced["status_reason"])))
    out.print(
        f"published in {traced['release']}: {_figure(traced['published'])} {status}, "
        f"filled by {traced['areas_filled']}; "
        f"cells add up to {_figure(traced['total'])}, filled by {traced['filled']}: "
        f"{'agrees' if traced['agrees'] else 'DIFFERS'}",
        soft_wrap=True,
    )


def _show_source(traced: dict[str, Any]) -> None:
    table = _table("file", "sha256", "line", "window", "published", "read", "citation")
    for line in traced["lines"]:
        published, read = ("–" if line[name] is None else f"{line[name]:,.10g}" for name in ("published", "read"))
        window = f"{line['window_start']} – {line['window_end']}"
        number = str(line["line_number"]) if line["is_current"] else f"{line['line_number']} does not stand"
        row = (line["file_path"], line["sha256"][:12], number, window, published, read, line["citation"])
        table.add_row(*map(Text, row))
    out.print(table)
    out.print(f"published in {traced['release']}: {'agrees' if traced['agrees'] else 'DIFFERS'}", soft_wrap=True)


def _show_submission(gone: dict[str, Any]) -> None:
    standing = (
        "stands"
        if gone["is_current"]
        else f"superseded by {gone['superseded_by']}"
        if gone["superseded_by"]
        else "does not stand"
    )
    out.print(
        f"{gone['submission_id']}  {gone['file_path']}  {gone['sha256']}\n"
        f"{gone['area_code']} {gone['period_code']}: {gone['verdict']}, {standing} in {gone['release']}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    table = _table("frame", "area", "level", "share")
    for area in gone["areas"]:
        share = "whole" if area["is_whole"] else "unknown" if area["share"] is None else f"{area['share']:g}"
        table.add_row(area["frame"], area["area_code"], area["area_level"], share)
    out.print(table)
    table = _table("cell", "indicator", "sex", "age", "subset", "raw", "value", "enters")
    for cell in gone["cells"]:
        if cell["value"] is not None:
            names = [cell[name] for name in ("indicator_code", "sex", "age_band", "subset", "raw_text")]
            place = f"{cell['sheet_name']}!{cell['cell_address']}"
            table.add_row(*map(Text, (place, *names, _figure(cell["value"]), cell["enters"] or "none")))
    out.print(table)


def _table(*headings: str) -> Table:
    """Without lines; what is too long goes on in the next line and is never cut off."""
    table = Table(box=None)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _figure(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


@app.command()
def resolve(
    period: Annotated[str, typer.Option(help="whose map is asked: 2025-S1, 2025-A1")],
    text: Annotated[str | None, typer.Argument(help="name[, district][, province]: 'P.1, Quận 3, TP.HCM'")] = None,
    code: Annotated[str | None, typer.Option(help="the code that was written, alone or beside the name")] = None,
    province: Annotated[
        str | None, typer.Option(help="code of the sender's province: nothing outside is meant")
    ] = None,
    level: Annotated[str | None, typer.Option(help="commune, district or province; default any")] = None,
    file: Annotated[Path | None, typer.Option(help="CSV with the columns code, name, district, province")] = None,
    answers: Annotated[Path | None, typer.Option("--out", help="CSV with the answers of --file behind")] = None,
    as_json: Json = False,
) -> None:
    """Which area a written name or code means in a period; 1 if anything is for a person to decide."""
    from tally.pipeline.home import Home
    from tally.pipeline.resolve import Question, parted, resolve_file

    question = Question(Home.default(), _period(period), province, level)
    if (file is None) != (answers is None) or (file is None) == (text is None and code is None):
        raise UsageError("give a name or --code, or --file with --out")
    if file and answers:
        counts = resolve_file(file, answers, question)
        print(json.dumps(counts)) if as_json else out.print(", ".join(f"{n} {status}" for status, n in counts.items()))
        if counts["review"] or counts["unknown"]:
            raise typer.Exit(1)
        return
    found = question.row(replace(parted(text or "", question), code=code))
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        lines = [f"{found['status']}  {found['method']}  {found['score']:.2f}"]
        lines += [f"  {one['code']} {one['name']}  {one['score']:.2f}" for one in found["candidates"]]
        out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    if found["status"] != "settled":
        raise typer.Exit(1)


@app.command()
def verify() -> None:
    """Check the archive against the ledger, the ledger's chain, and every release against its manifest."""
    from tally.pipeline.home import Home
    from tally.pipeline.verify import verify_home

    out.print(verify_home(Home.default()))


@app.command()
def sign(
    release: Annotated[str, typer.Argument(help="its id, or current")],
    by: Annotated[str, typer.Option(help="the name of whoever signs")],
    role: Annotated[Role, typer.Option(help="checker and approver each sign once, two different people")],
) -> None:
    """Sign a release; with the second signature it is what releases/public points to."""
    from tally.pipeline.home import Home
    from tally.pipeline.sign import sign_release

    out.print(sign_release(Home.default(), release, by, role, datetime.now(UTC)), soft_wrap=True)


@app.command()
def changes(
    since: Annotated[str, typer.Option(help="an earlier release; by default the last that was signed")] = "public",
    release: str = "current",
    to: Annotated[Path | None, typer.Option("--out", help="CSV of every figure that is other")] = None,
    as_json: Json = False,
) -> None:
    """The figures of a release that are other than in an earlier one, and why."""
    from tally.pipeline.changes import changes_since
    from tally.pipeline.home import Home

    found = changes_since(Home.default(), since, release, to)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    out.print(f"{found['figures']:,} figures of {found['release']} are other than in {found['since']}", soft_wrap=True)
    table = _table("period", "of the nation", "sex", "age", "subset", "before", "", "now", "", "why")
    for row in found["nation"]:
        figures = [
            word for side in ("before", "now") for word in (_figure(row[f"value_{side}"]), row[f"status_{side}"] or "")
        ]
        cell = [row[name] for name in ("period_code", "indicator_code", "sex", "age_band", "subset")]
        table.add_row(*cell, *figures, row["reasons"])
    if found["nation"]:
        out.print(table)
    for row in found["counted"]:
        out.print(f"{row['period_code']}  {row['area_level']}: {row['figures']:,} by {row['reasons']}")


@findings_app.callback()
def findings(
    context: typer.Context,
    area: Annotated[str | None, typer.Option(help="a province or district stands for all below it")] = None,
    period: str | None = None,
    rule: str | None = None,
    severity: Severity | None = None,
    status: FindingStatus | None = None,
    release: str = "current",
    as_json: Json = False,
) -> None:
    """List what was found in the reports and what became of it; explain or withdraw one."""
    from tally.pipeline.findings import findings_of
    from tally.pipeline.home import Home

    if context.invoked_subcommand:
        return
    within = _period(period) if period else None
    found = findings_of(Home.default(), release, area=area, period=within, rule=rule, severity=severity, status=status)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for one in found:
        place = f"{one['sheet_name']}!{one['cell_address']}" if one["cell_address"] else ""
        what = (one["area_code"] or one["sender"], one["period_code"], one["rule_code"], one["severity"], place)
        lines = ["  ".join(filter(None, (*what, one["status"], one["submission_id"])))]
        lines += [f"    {one['message_vi']}", f"    {one['message_en']}"]
        if said := one["said"]:
            until = f", until {said['until']}" if said["until"] else ""
            lines.append(f"    {one['status']} by {said['by']}, {said['at'][:10]}{until}: {said['because']}")
        out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    counts = [(sum(one["status"] == each for one in found), each) for each in FindingStatus]
    out.print(f"{len(found)} findings" + "".join(f", {count} {each}" for count, each in counts if count))


_Cell = Annotated[str | None, typer.Option(help="as BVTE-01!E8, where the rule found several")]
_Because = Annotated[str, typer.Option(help="why: no names, no numbers of persons; the ledger keeps it for ever")]


@findings_app.command()
def explain(
    submission: str,
    rule: str,
    by: Annotated[str, typer.Option(help="the name of whoever accepts the explanation")],
    because: _Because,
    cell: _Cell = None,
    until: Annotated[str | None, typer.Option(help="the last period that it covers; default: all that follow")] = None,
) -> None:
    """Accept the sender's explanation of a warning: for the same figure it is not asked about again."""
    from tally.pipeline.findings import explain_finding
    from tally.pipeline.home import Home

    last, now = _period(until) if until else None, datetime.now(UTC)
    said = explain_finding(Home.default(), submission, rule, cell, by=by, because=because, until=last, now=now)
    out.print(said, soft_wrap=True)


@findings_app.command()
def withdraw(
    submission: str,
    rule: str,
    by: Annotated[str, typer.Option(help="the name of whoever withdraws it")],
    because: _Because,
    cell: _Cell = None,
) -> None:
    """Withdraw a finding where the rule itself was mistaken."""
    from tally.pipeline.findings import withdraw_finding
    from tally.pipeline.home import Home

    said = withdraw_finding(Home.default(), submission, rule, cell, by=by, because=because, now=datetime.now(UTC))
    out.print(said, soft_wrap=True)


@app.command()
def pages(
    release: Annotated[str, typer.Option(help="its id, current or public")] = "current",
    area: Annotated[str | None, typer.Option(help="an area: its submissions and those of all below it")] = None,
    period: Annotated[str | None, typer.Option(help="2025-S1, 2025-A1")] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="an empty folder; default TALLY_HOME/pages/<release>")
    ] = None,
) -> None:
    """Write a page for each submission of a release: its life, findings, letters and successor."""
    from tally.pipeline.home import Home
    from tally.pipeline.submission_pages import write_submission_pages

    with _progress() as progress:
        index, count = write_submission_pages(Home.default(), release, area, period, folder, progress)
    out.print(f"{count} pages: {index}", soft_wrap=True)


@app.command()
def rebuild(release: str) -> None:
    """Build an old release again from the archive and the ledger, and compare its marts."""
    from tally.pipeline.home import Home
    from tally.pipeline.verify import rebuild_release

    out.print(rebuild_release(Home.default(), release), soft_wrap=True)


@app.command("compile")
def compile_contracts(
    only_check: Annotated[bool, typer.Option("--check", help="only say what is stale")] = False,
) -> None:
    """Contracts → suites, seeds, blank workbooks, dictionary."""
    from tally.pipeline.compile import stale_files, write_compiled
    from tally.pipeline.home import PROJECT

    if not only_check:
        write_compiled(PROJECT)
        return
    stale = stale_files(PROJECT)
    for name in stale:
        err.print(f"stale: {name}", soft_wrap=True)
    if stale:
        err.print("run make compile and commit what it writes")
        raise typer.Exit(1)


@app.command()
def status(as_json: Json = False) -> None:
    """What was received, what is missing, ten national figures, and where everything lies."""
    from tally.pipeline.home import Home
    from tally.pipeline.status import status_of, summary

    if as_json:
        print(json.dumps(status_of(Home.default()), ensure_ascii=False, indent=1))
    else:
        out.print(summary(Home.default()), soft_wrap=True)


def _with_lists(arguments: list[str]) -> list[str]:
    """`--areas 12 14` as `--areas 12 --areas 14`."""
    spread: list[str] = []
    option = None
    for argument in arguments:
        if argument.startswith("-"):
            option = argument
        elif option == "--areas" and spread[-1] != "--areas":
            spread.append("--areas")
        spread.append(argument)
    return spread


def _period(code: str) -> Period:
    try:
        return Period.parse(code)
    except ValueError as error:
        raise UsageError(str(error)) from None


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A line a step on the screen: how many are done, how many a second, how long it will take."""
    steps: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("[dim]left[/]"), TimeRemainingColumn(),
    )  # fmt: skip
    bars = ProgressBars(*columns, console=err)

    def progress(step: str, done: int, total: int) -> None:
        bars.start()  # a thread of its own: only now, after the workers were forked
        if step not in steps:
            steps[step] = bars.add_task(step, total=total, rate="")
        speed = bars.tasks[steps[step]].speed
        bars.update(steps[step], completed=done, total=total, rate=f"{speed:,.0f} a second" if speed else "")

    try:
        yield progress
    finally:
        bars.stop()


def _clock(as_of: str | None) -> datetime:
    if as_of is None:
        return datetime.now(UTC)
    try:
        clock = datetime.fromisoformat(as_of)
    except ValueError:
        raise UsageError(f"--as-of {as_of}: write ISO 8601, as 2025-12-28T09:00:00+07:00") from None
    if clock.tzinfo is None:
        raise UsageError(f"--as-of {as_of}: name the zone, as 2025-12-28T09:00:00+07:00")
    return clock
