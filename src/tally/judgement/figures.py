"""The figures of a batch, cell by cell, with the residual of every rule at the cell that a finding would name."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tally.contracts.grammar import Call
from tally.contracts.model import ACROSS_FORMS, ACROSS_PERIODS, Claim, Contracts, Rule, Text, rule_column
from tally.judgement.claims import Cube, anchor, residuals
from tally.judgement.earlier import Past
from tally.judgement.wording import LARGEST_TOLD, Figure, explanation
from tally.periods import Period
from tally.vocabulary import CellState

INDEX = ["submission_id", "sheet_name", "cell_address"]
_UNREADABLE = {
    "decimal": ("ghi số thập phân {raw}", "holds the decimal number {raw}"),
    "negative": ("ghi số âm {raw}", "holds the negative number {raw}"),
    "date": ("chứa một ngày, không phải số (chương trình bảng tính đã đổi?)", "holds a date, not a number"),
    "formula": ("là công thức chưa có giá trị lưu", "is a formula without a stored value"),
    "merged": ("nằm trong vùng ô đã gộp", "lies in a merged range"),
    "boolean": ("chứa giá trị đúng/sai", "holds true or false"),
    "error": ("chứa giá trị lỗi", "holds an error value"),
    "text": ("chứa nội dung không đọc được là số: {raw}", "holds {raw}, which cannot be read as a number"),
}


class Batch:
    """All figures of a batch's submissions that were not refused, and every rule's residual at its cell.

    Shape   figures: one row a cell, those of a submission together; checks: one column a rule, aligned with figures.
    Blanks  NaN in a check: not judged at this cell.
    """

    def __init__(
        self, figures: pd.DataFrame, submissions: Mapping[str, tuple[str, Period]], contracts: Contracts
    ) -> None:
        """Judge every claim within a report, of each period's edition on the submissions of that period.

        Shape   submissions: id → (level, period).
        """
        self.contracts = contracts
        self.figures = figures.reset_index(drop=True)
        self._submissions = submissions
        self._past: Past | None = None
        self._claims: dict[tuple[str, str, str, Period], tuple[Claim, str]] = {}
        self._values = self.figures.value.to_numpy(dtype=float, na_value=np.nan)
        self._own = (self.figures.state != CellState.NOT_USED).to_numpy()
        self._place_rows: dict[str, dict[tuple[str, str], int]] = {}
        self._spans = _spans(self.figures.submission_id)
        forms = [form.form for form in contracts.forms]
        self.checks = {
            check.column: np.full(len(self.figures), np.nan)
            for suite in (*forms, ACROSS_FORMS)
            for check in contracts.suites[suite]
        }
        self._judge_cells()
        for period in self._periods():
            self._judge_claims(period, [one for one in self._spans if self._submissions[one][1] == period])

    def frames(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """(suite, what it judges) for each form, then across forms."""
        for form in self.contracts.forms:
            yield form.form, self._frame(form.form, (self.figures.form_code == form.form).to_numpy())
        yield ACROSS_FORMS, self._frame(ACROSS_FORMS, self._judged(ACROSS_FORMS))

    def look_back(self, past: Past) -> pd.DataFrame:
        """Judge the claims that compare with an earlier report, on the submissions that have one.

        Shape   what the suite across periods judges.
        """
        self._past = past
        for check in self.contracts.suites[ACROSS_PERIODS]:
            self.checks[check.column] = np.full(len(self.figures), np.nan)
        compared = {submission_id for submission_id, _ in past.reports}
        for period in self._periods():
            mine = [one for one in self._spans if one in compared and self._submissions[one][1] == period]
            if mine:
                self._judge_claims(period, mine, past)
        return self._frame(ACROSS_PERIODS, self._judged(ACROSS_PERIODS))

    def row_at(self, submission_id: str, sheet_name: str, cell_address: str) -> int:
        """The row of a cell."""
        return self._places(submission_id)[sheet_name, cell_address]

    def text(self, column: str, rule_code: str, row: int) -> Text:
        """What is wrong at a cell and what to do about it."""
        figure = self.figures.iloc[row]
        if rule_code in self.contracts.submission_rules:
            rule = self.contracts.submission_rules[rule_code]
            mend, detail = rule.mend, self._cell_detail(rule_code, figure)
            return Text(vi=f"{detail.vi}; hãy {mend.vi}.", en=f"{detail.en}; please {mend.en}.")
        key = (column, figure.indicator_code, figure.column_code, self._submissions[figure.submission_id][1])
        claim, place = self._claims[key]
        earlier = {call.name: call for call in claim.statement.earlier}

        def look_up(indicator: str, at: str) -> Figure:
            if indicator in earlier:
                return self._earlier_figure(figure.submission_id, earlier[indicator], at)
            return self._figure(figure.submission_id, indicator, at)

        detail = explanation(claim, place, look_up)
        tell, mend = claim.rule.tell, claim.rule.mend
        return Text(
            vi=f"{detail.vi}. Quy tắc: {tell.vi}; hãy {mend.vi}.", en=f"{detail.en}. Rule: {tell.en}; please {mend.en}."
        )

    def _periods(self) -> list[Period]:
        return sorted({period for _, period in self._submissions.values()})

    def _judged(self, suite: str) -> NDArray[np.bool_]:
        """The rows at which any rule of a suite is judged."""
        judged = np.zeros(len(self.figures), dtype=bool)
        for check in self.contracts.suites[suite]:
            judged |= ~np.isnan(self.checks[check.column])
        return judged

    def _frame(self, suite: str, rows: NDArray[np.bool_]) -> pd.DataFrame:
        columns = {check.column: self.checks[check.column][rows] for check in self.contracts.suites[suite]}
        return pd.concat([self.figures.loc[rows, INDEX], pd.DataFrame(columns, index=self.figures.index[rows])], axis=1)

    def _cell_detail(self, rule_code: str, figure: pd.Series) -> Text:
        cell, raw = figure.cell_address, figure.raw_text
        if rule_code == "S12":
            vi, en = _UNREADABLE[figure.reason]
            return Text(vi=f"Ô {cell} {vi.format(raw=raw)}", en=f"Cell {cell} {en.format(raw=raw)}")
        if rule_code == "S17":
            limit = self.contracts.levels[self._submissions[figure.submission_id][0]].largest_figure
            return Text(
                vi=f"Ô {cell} ghi {raw}, vượt giới hạn {limit:,}".replace(",", ".").replace(". vượt", ", vượt"),
                en=f"Cell {cell} says {raw}, above the limit of {limit:,}",
            )
        return Text(vi=f"Ô {cell} ghi {raw}, mẫu in x ở ô này", en=f"Cell {cell} says {raw} where the form prints x")

    def _judge_cells(self) -> None:
        limits = {
            submission_id: self.contracts.levels[level].largest_figure
            for submission_id, (level, _) in self._submissions.items()
        }
        limit = self.figures.submission_id.map(limits).to_numpy(dtype=float)
        unreadable = (self.figures.state == CellState.UNREADABLE).to_numpy()
        self.checks["S12"][self._own] = unreadable[self._own]
        self.checks["S17"][self._own] = np.where(np.isnan(self._values), np.nan, self._values > limit)[self._own]
        # a sheet whose cells printed as x hold nothing else was judged too: at its first cell
        forms = self.figures.form_code.astype("category").cat.codes.to_numpy()
        sheets = pd.Series(
            self.figures.submission_id.astype("category").cat.codes.to_numpy().astype(int) * 1000 + forms
        )
        self.checks["S18"][~sheets.duplicated() & ~sheets.isin(sheets[~self._own])] = 0
        self.checks["S18"][~self._own] = 1

    def _judge_claims(self, period: Period, mine: Sequence[str], past: Past | None = None) -> None:
        """Judge some submissions of one period: by the claims within a report, or by those that look back."""
        edition = self.contracts.edition(period)
        indicators = {row.code: at for at, row in enumerate(edition.rows)}
        columns = {code: at for at, code in enumerate(self.contracts.columns)}
        values = np.full((len(mine), len(indicators), len(columns)), np.nan)
        rows = np.full(values.shape, -1)
        indicator = self.figures.indicator_code.map(indicators).to_numpy(dtype=float)
        column = self.figures.column_code.map(columns).to_numpy(dtype=float)
        for at, submission_id in enumerate(mine):
            span = np.arange(*self._spans[submission_id])
            span = span[self._own[span]]
            where = (at, indicator[span].astype(int), column[span].astype(int))
            values[where], rows[where] = self._values[span], span
        cube = Cube(values, indicators, columns)
        claims = [one for one in edition.claims if one.rule.is_judged and one.rule.looks_back == (past is not None)]
        if past:
            cube = _with_past(cube, claims, mine, past)
        for claim in claims:
            name = rule_column(claim.rule, self._siblings(claim))
            residual = np.clip(residuals(claim, cube), -LARGEST_TOLD, LARGEST_TOLD)
            for at, place in enumerate(claim.places):
                of_indicator, of_column = anchor(claim, place)
                self._claims[name, of_indicator, of_column, period] = claim, place
                row = rows[:, indicators[of_indicator], columns[of_column]]
                self.checks[name][row[row >= 0]] = residual[row >= 0, at]

    def _siblings(self, claim: Claim) -> Sequence[Rule]:
        if claim.form_code == ACROSS_FORMS:
            return self.contracts.coherence.rules
        return next(form.rules for form in self.contracts.forms if form.form == claim.form_code)

    def _places(self, submission_id: str) -> dict[tuple[str, str], int]:
        """Rows of one submission by (sheet, cell) and by (indicator, column)."""
        if submission_id not in self._place_rows:
            start, stop = self._spans[submission_id]
            mine = self.figures.iloc[start:stop]
            by_cell = zip(mine.sheet_name, mine.cell_address, strict=True)
            by_name = zip(mine.indicator_code, mine.column_code, strict=True)
            self._place_rows[submission_id] = {
                **{key: start + at for at, key in enumerate(by_name)},
                **{key: start + at for at, key in enumerate(by_cell)},
            }
        return self._place_rows[submission_id]

    def _figure(self, submission_id: str, indicator: str, column: str) -> Figure:
        row = self._places(submission_id).get((indicator, column))
        if row is None:
            return Figure("", "", None)
        value = self._values[row]
        figure = self.figures.iloc[row]
        return Figure(figure.sheet_name, figure.cell_address, None if np.isnan(value) else float(value))

    def _earlier_figure(self, submission_id: str, call: Call, column: str) -> Figure:
        if self._past is None:
            return Figure("", "", None)
        value = self._past.figure(call, submission_id, column)
        report = self._past.reports.get((submission_id, call.function))
        return Figure("", "", None if np.isnan(value) else value, report)


def _with_past(cube: Cube, claims: Sequence[Claim], submission_ids: Sequence[str], past: Past) -> Cube:
    """The cube of these submissions with what their earlier reports say, one more indicator a call."""
    calls = list(dict.fromkeys(call for claim in claims for call in claim.statement.earlier))
    earlier = np.stack([past.figures(call, submission_ids) for call in calls], axis=1)
    names = {call.name: at for at, call in enumerate(calls, len(cube.indicators))}
    return Cube(np.concatenate([cube.values, earlier], axis=1), cube.indicators | names, cube.columns)


def _spans(submission_ids: pd.Series) -> dict[str, tuple[int, int]]:
    """Where the rows of each submission begin and end."""
    if submission_ids.empty:
        return {}
    codes = submission_ids.astype("category").cat.codes.to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    stops = np.append(starts[1:], len(codes))
    return {submission_ids.iloc[start]: (int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)}
