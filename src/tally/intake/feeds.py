"""Reads a feed: the figures of another source, a line a figure."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from io import StringIO

from tally.contracts.model import Contracts
from tally.contracts.sources import Source
from tally.intake.personal_data import holds_personal_data
from tally.readings import Fault, FeedFile, FeedLine
from tally.vocabulary import NATION, Severity

_WHOLE, _DECIMAL = re.compile(r"\d{1,12}"), re.compile(r"\d{1,12}(\.\d{1,6})?")
_LONGEST_TOLD = 40
_IN_ADDRESS = re.compile(r"\d+")
_NO_FEED = "không đọc được theo mẫu", "cannot be read as a feed"


def read_feed(content: bytes, source: Source, contracts: Contracts, today: date) -> FeedFile:
    """Read one feed.

    Shape   every line of figures, in order, each with what it breaks, by rule; of a file that is no feed of this source
            the faults of the file alone.
    Units   as the indicator of the source declares; nothing is converted.
    Blanks  an empty value is "not published".
    Source  contracts/feeds.yml, contracts/sources/<source>.yml
    """
    rows, fault = _rows(content, contracts)
    if fault:
        return FeedFile(faults={"N01": fault})
    codes = set(contracts.register.codes)
    for number, row in rows:
        for name, text in row.items():
            said = _IN_ADDRESS.sub("", text) if text.startswith(("http://", "https://")) else text
            if holds_personal_data(said, codes):
                vi, en = (
                    f"dòng {number}, cột {name}: có dữ liệu cá nhân",
                    f"line {number}, column {name}: personal data",
                )
                return FeedFile(faults={"N03": _fault("N03", vi, en, name)})
    others = [number for number, row in rows if row["source"] != source.source]
    if others:
        vi, en = (
            f"dòng {others[0]}: source không phải {source.source}",
            f"line {others[0]}: source is not {source.source}",
        )
        return FeedFile(faults={"N02": _fault("N02", vi, en, "source")})
    read = _LineReader(source, contracts, today)
    lines = [read(number, row) for number, row in rows]
    _find_repeated(lines)
    return FeedFile(lines)


def _rows(content: bytes, contracts: Contracts) -> tuple[list[tuple[int, dict[str, str]]], Fault | None]:
    """The lines behind the header, each with its number; or why the file is no feed."""
    feeds = contracts.feeds
    if len(content) > feeds.limits.file_bytes:
        limit = f"{feeds.limits.file_bytes:,} bytes"
        return [], _fault("N01", f"tệp lớn hơn {limit}", f"the file is larger than {limit}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return [], _fault("N01", f"dòng {line}: không phải UTF-8", f"line {line}: is not UTF-8")
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if sorted(header) != sorted(feeds.columns):
            vi, en = "dòng 1: phải là", "line 1: has to be"
            return [], _fault("N01", f"{vi} {','.join(feeds.columns)}", f"{en} {','.join(feeds.columns)}")
        for row in reader:
            if any(map(str.strip, row)):
                if len(row) != len(header):
                    what = f"{len(row)} / {len(header)}"
                    at = reader.line_num
                    return [], _fault("N01", f"dòng {at}: số cột {what}", f"line {at}: columns {what}")
                rows.append((reader.line_num, dict(zip(header, map(str.strip, row), strict=True))))
            if len(rows) > feeds.limits.lines:
                limit = f"{feeds.limits.lines:,}"
                return [], _fault("N01", f"nhiều hơn {limit} dòng", f"more than {limit} lines")
    except csv.Error:
        at = reader.line_num
        return [], _fault("N01", f"dòng {at}: {_NO_FEED[0]}", f"line {at}: {_NO_FEED[1]}")
    if not rows:
        return [], _fault("N01", "không có dòng số liệu nào", "there is no line of figures")
    return rows, None


class _LineReader:
    def __init__(self, source: Source, contracts: Contracts, today: date) -> None:
        self._source, self._contracts, self._today = source, contracts, today
        self._statuses = {one.code for one in contracts.feeds.statuses}
        self._cells = {(column.sex, column.age_band) for column in contracts.codelists.columns if column.subset == "_T"}

    def __call__(self, number: int, row: Mapping[str, str]) -> FeedLine:
        line = FeedLine(number, citation=row["citation"])

        def blame(rule: str, column: str, vi: str = "", en: str = "") -> None:
            said = f"«{row[column][:_LONGEST_TOLD]}»" if row[column] else ""
            of_vi, of_en = (said or "để trống", said or "is empty")
            line.faults.setdefault(
                rule,
                _fault(
                    rule,
                    f"dòng {number}, cột {column}: {of_vi}{vi}",
                    f"line {number}, column {column}: {of_en}{en}",
                    column,
                ),
            )

        self._read_window(line, row, blame)
        day = line.end or self._today
        if row["area_code"] == NATION or self._contracts.register.at(row["area_code"], day):
            line.area_code = row["area_code"]
        else:
            blame("N05", "area_code", f" không có trên bản đồ ngày {day}", f" is not on the map of {day}")
        if (row["sex"], row["age"]) in self._cells:
            line.sex, line.age_band = row["sex"], row["age"]
        else:
            known = any(row["sex"] == sex for sex, _ in self._cells)
            blame("N07", "age" if known else "sex")
        self._read_value(line, row, blame)
        line.status = row["status"]
        if row["status"] not in self._statuses:
            blame("N10", "status", f"; là một trong {self._known}", f"; one of {self._known}")
        if not row["citation"]:
            blame("N10", "citation")
        return line

    @property
    def _known(self) -> str:
        return ", ".join(one.code for one in self._contracts.feeds.statuses)

    def _read_window(self, line: FeedLine, row: Mapping[str, str], blame: Callable[..., None]) -> None:
        line.start, line.end = (_date(row[name]) for name in ("period_start", "period_end"))
        for name, day in (("period_start", line.start), ("period_end", line.end)):
            if day is None:
                blame("N04", name, " không phải ngày yyyy-mm-dd", " is no date yyyy-mm-dd")
        if line.start and line.end and line.start > line.end:
            blame("N04", "period_end", " trước period_start", " is before period_start")
        if line.end and line.end >= self._today:
            blame("N04", "period_end", " chưa kết thúc khi nhận tệp", " had not ended when the file came")

    def _read_value(self, line: FeedLine, row: Mapping[str, str], blame: Callable[..., None]) -> None:
        indicator = self._source.named.get(row["indicator_code"])
        if indicator is None:
            source = self._source.source
            blame("N06", "indicator_code", f" không có trong nguồn {source}", f" is no indicator of {source}")
            return
        line.indicator_code, line.unit = indicator.code, indicator.unit
        unit = self._contracts.units[indicator.unit]
        if row["unit"] not in (unit.code, *unit.also):
            blame("N09", "unit", f"; {indicator.code} tính bằng {unit.code}", f"; {indicator.code} is in {unit.code}")
        text = row["value"]
        if not text:
            return
        is_share = indicator.unit == "percent"
        digits = text.removeprefix("-") if indicator.is_signed else text
        if not (_DECIMAL if is_share else _WHOLE).fullmatch(digits):
            wanted = ("số có dấu chấm thập phân", "a number") if is_share else ("số nguyên không âm", "a whole number")
            blame("N08", "value", f" không phải {wanted[0]}", f" is not {wanted[1]}")
        elif is_share and not indicator.is_signed and float(text) > 100:
            blame("N08", "value", " lớn hơn 100 %", " is above 100 %")
        else:
            line.value = float(text)


def _find_repeated(lines: Sequence[FeedLine]) -> None:
    seen: dict[object, int] = {}
    for line in lines:
        if line.faults:
            continue
        first = seen.setdefault((line.key, line.citation), line.number)
        if first != line.number:
            vi, en = f"dòng {line.number}: lặp lại dòng {first}", f"line {line.number}: repeats line {first}"
            line.faults["N11"] = _fault("N11", vi, en)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def _fault(rule: str, vi: str, en: str, column: str | None = None) -> Fault:
    return Fault(rule, Severity.CRITICAL, None, column, None, vi, en)
