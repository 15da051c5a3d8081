"""The figures of a batch, cell by cell, with the residual of every rule at the cell that a finding would name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tally.contracts.grammar import Call
from tally.contracts.model import ACROSS_FORMS, ACROSS_PERIODS, Claim, Contracts, Rule, Text, rule_column
from tally.judgement.claims import Cube, Floats, anchor, residuals
from tally.judgement.earlier import Past
from tally.judgement.wording import LARGEST_TOLD, Figure, explanation
from tally.periods import Period
from tally.vocabulary import CellState

Rows = NDArray[np.intp]
INDEX = ["submission_id", "sheet_name", "cell_address"]
_WORDS = [*INDEX, "form_code", "indicator_code", "column_code", "state", "reason"]
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
    """All figures of a batch's submissions that were not refused, and what the rules say of them, suite by suite.

    Shape   figures: one row a cell, those of a submission together; its words are categories.
    """

    def __init__(
        self, figures: pd.DataFrame, submissions: Mapping[str, tuple[str, Period]], contracts: Contracts
    ) -> None:
        """Shape   submissions: id → (level, period)."""
        self.contracts = contracts
        self.figures = figures.reset_index(drop=True).astype(dict.fromkeys(_WORDS, "category"))
        self._columns = {name: self.figures[name].array for name in (*_WORDS, "raw_text")}
        self._submissions = submissions
        self._past: Past | None = None
        self._claims: dict[tuple[str, str, str, Period], tuple[Claim, str]] = {}
        self._values = self.figures.value.to_numpy(dtype=float, na_value=np.nan)
        self._own = (self.figures.state != CellState.NOT_USED).to_numpy()
        self._place_rows: dict[str, dict[tuple[str, str], int]] = {}
        self._spans = _spans(self._columns["submission_id"])

    def frame(self, suite: str) -> pd.DataFrame:
        """What the suite of a form, or that across forms, judges: cells, and the residual of every rule at each.

        Shape   every cell of the form; across forms the cells at which any rule is judged.
        Blanks  NaN: not judged at this cell.
        """
        if suite == ACROSS_FORMS:
            return self._across(suite)
        rows = np.flatnonzero(self.figures.form_code == suite)
        return self._frame(rows, self._judge_claims(suite, rows) | self._judge_cells(rows))

    def look_back(self, past: Past) -> pd.DataFrame:
        """What the suite across periods judges: the submissions that have an earlier report to compare with."""
        self._past = past
        return self._across(ACROSS_PERIODS)

    def row_at(self, submission_id: str, sheet_name: str, cell_address: str) -> int:
        """The row of a cell."""
        return self._places(submission_id)[sheet_name, cell_address]

    def cell(self, row: int) -> dict[str, Any]:
        """The words that stand in a row of the figures, by column."""
        return {name: column[row] for name, column in self._columns.items()}

    def text(self, column: str, rule_code: str, row: int) -> Text:
        """What is wrong at a cell of a frame that was made, and what to do about it."""
        cell = self.cell(row)
        submission_id = cell["submission_id"]
        if rule_code in self.contracts.submission_rules:
            rule = self.contracts.submission_rules[rule_code]
            mend, detail = rule.mend, self._cell_detail(rule_code, cell)
            return Text(vi=f"{detail.vi}; hãy {mend.vi}.", en=f"{detail.en}; please {mend.en}.")
        period = self._submissions[submission_id][1]
        claim, place = self._claims[column, cell["indicator_code"], cell["column_code"], period]
        earlier = {call.name: call for call in claim.statement.earlier}

        def look_up(indicator: str, at: str) -> Figure:
            if indicator in earlier:
                return self._earlier_figure(submission_id, earlier[indicator], at)
            return self._figure(submission_id, indicator, at)

        detail = explanation(claim, place, look_up)
        tell, mend = claim.rule.tell, claim.rule.mend
        return Text(
            vi=f"{detail.vi}. Quy tắc: {tell.vi}; hãy {mend.vi}.", en=f"{detail.en}. Rule: {tell.en}; please {mend.en}."
        )

    def _across(self, suite: str) -> pd.DataFrame:
        claims = [claim for period in self._periods() for claim in self._claims_of(suite, period)]
        rows = np.flatnonzero(self._own & (_numbers(self._columns["indicator_code"], _indicators(claims)) >= 0))
        checks = self._judge_claims(suite, rows)
        judged = np.zeros(len(rows), dtype=bool)
        for residual in checks.values():
            judged |= ~np.isnan(residual)
        return self._frame(rows[judged], {column: residual[judged] for column, residual in checks.items()})

    def _frame(self, rows: Rows, checks: Mapping[str, Floats]) -> pd.DataFrame:
        return pd.DataFrame({**{name: self._columns[name][rows] for name in INDEX}, **checks}, copy=False)

    def _periods(self) -> list[Period]:
        return sorted({period for _, period in self._submissions.values()})

    def _claims_of(self, suite: str, period: Period) -> list[Claim]:
        claims = self.contracts.edition(period).claims
        if suite == ACROSS_PERIODS:
            return [claim for claim in claims if claim.rule.looks_back]
        return [claim for claim in claims if claim.form_code == suite and not claim.rule.looks_back]

    def _cell_detail(self, rule_code: str, cell: Mapping[str, Any]) -> Text:
        where, raw = cell["cell_address"], cell["raw_text"]
        if rule_code == "S12":
            vi, en = _UNREADABLE[cell["reason"]]
            return Text(vi=f"Ô {where} {vi.format(raw=raw)}", en=f"Cell {where} {en.format(raw=raw)}")
        if rule_code == "S17":
            limit = self.contracts.levels[self._submissions[cell["submission_id"]][0]].largest_figure
            return Text(
                vi=f"Ô {where} ghi {raw}, vượt giới hạn {limit:,}".replace(",", ".").replace(". vượt", ", vượt"),
                en=f"Cell {where} says {raw}, above the limit of {limit:,}",
            )
        return Text(vi=f"Ô {where} ghi {raw}, mẫu in x ở ô này", en=f"Cell {where} says {raw} where the form prints x")

    def _judge_cells(self, rows: Rows) -> dict[str, Floats]:
        """What the rules about single cells say of all cells of a form."""
        own, values = self._own[rows], self._values[rows]
        submissions = self._columns["submission_id"][rows]
        unreadable = self._columns["state"][rows] == CellState.UNREADABLE
        limits = {
            submission_id: self.contracts.levels[level].largest_figure
            for submission_id, (level, _) in self._submissions.items()
        }
        limit = _numbers(submissions, limits)
        # a sheet whose cells printed as x hold nothing else was judged too: at its first cell
        codes = pd.Series(submissions.codes)
        as_printed = ~codes.duplicated() & ~codes.isin(codes[~own])
        return {
            "S12": np.where(own, unreadable, np.nan),
            "S17": np.where(own & ~np.isnan(values), values > limit, np.nan),
            "S18": np.where(own, np.where(as_printed, 0, np.nan), 1),
        }

    def _judge_claims(self, suite: str, rows: Rows) -> dict[str, Floats]:
        """What every rule of a suite says at some cells, of each period's edition on the submissions of that period.

        Shape   column of the suite → residuals, aligned with rows.
        """
        checks = {check.column: np.full(len(rows), np.nan) for check in self.contracts.suites[suite]}
        past = self._past if suite == ACROSS_PERIODS else None
        asked = past.asked if past else self._spans.keys()
        for period in self._periods():
            claims = self._claims_of(suite, period)
            mine = [one for one in self._spans if one in asked and self._submissions[one][1] == period]
            if not (claims and mine):
                continue
            cube, stands = self._cube(claims, mine, rows)
            if past:
                cube = _with_past(cube, claims, mine, past)
            for claim in claims:
                name = rule_column(claim.rule, self._siblings(claim))
                residual = np.clip(residuals(claim, cube), -LARGEST_TOLD, LARGEST_TOLD)
                for at, place in enumerate(claim.places):
                    of_indicator, of_column = anchor(claim, place)
                    self._claims[name, of_indicator, of_column, period] = claim, place
                    row = stands[:, cube.indicators[of_indicator], cube.columns[of_column]]
                    checks[name][row[row >= 0]] = residual[row >= 0, at]
        return checks

    def _cube(self, claims: Sequence[Claim], submission_ids: Sequence[str], rows: Rows) -> tuple[Cube, Rows]:
        """The figures that some claims name, out of some rows.

        Shape   the cube, and in the same shape where in `rows` each figure stands.
        Blanks  -1: it stands nowhere.
        """
        indicators = _indicators(claims)
        columns = {code: at for at, code in enumerate(self.contracts.columns)}
        submissions = {code: at for at, code in enumerate(submission_ids)}
        values = np.full((len(submissions), len(indicators), len(columns)), np.nan)
        stands = np.full(values.shape, -1)
        numbers = {"submission_id": submissions, "indicator_code": indicators, "column_code": columns}
        at = np.stack([_numbers(self._columns[name][rows], known) for name, known in numbers.items()])
        wanted = np.flatnonzero(self._own[rows] & (at >= 0).all(axis=0))
        where = tuple(at[:, wanted])
        values[where], stands[where] = self._values[rows[wanted]], wanted
        return Cube(values, indicators, columns), stands

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
        sheet_name, cell_address = self._columns["sheet_name"][row], self._columns["cell_address"][row]
        return Figure(sheet_name, cell_address, None if np.isnan(value) else float(value))

    def _earlier_figure(self, submission_id: str, call: Call, column: str) -> Figure:
        if self._past is None:
            return Figure("", "", None)
        value = self._past.figure(call, submission_id, column)
        return Figure("", "", None if np.isnan(value) else value, self._past.source(call, submission_id))


def _with_past(cube: Cube, claims: Sequence[Claim], submission_ids: Sequence[str], past: Past) -> Cube:
    """The cube of these submissions with what their earlier reports say, one more indicator a call."""
    calls = list(dict.fromkeys(call for claim in claims for call in claim.statement.earlier))
    earlier = np.stack([past.figures(call, submission_ids) for call in calls], axis=1)
    names = {call.name: at for at, call in enumerate(calls, len(cube.indicators))}
    return Cube(np.concatenate([cube.values, earlier], axis=1), cube.indicators | names, cube.columns)


def _indicators(claims: Sequence[Claim]) -> dict[str, int]:
    """The indicators that some claims name, numbered."""
    named = [code for one in claims for code in (one.places if one.rule.over == "rows" else one.statement.names)]
    return {code: at for at, code in enumerate(dict.fromkeys(named))}


def _numbers(words: pd.Categorical, numbers: Mapping[str, int]) -> Rows:
    """The number of each word, looked up once a category; -1 where there is none."""
    known = [numbers.get(word, -1) for word in words.categories]
    return np.take([*known, -1], words.codes)


def _spans(submission_ids: pd.Categorical) -> dict[str, tuple[int, int]]:
    """Where the rows of each submission begin and end."""
    codes = submission_ids.codes
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
    stops = np.append(starts, len(codes))[1:]
    ids = submission_ids.categories[codes[starts]]
    return {one: (start, stop) for one, start, stop in zip(ids, starts.tolist(), stops.tolist(), strict=True)}
