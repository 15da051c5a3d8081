"""dbt seeds: other sources of figures, international classifications, targets of programmes."""

from collections.abc import Iterable, Sequence

from tally.compile.ratios import Row
from tally.contracts.model import Contracts, Text
from tally.periods import Period
from tally.vocabulary import REPORTS, UNKNOWN

_SOURCE_COLUMNS = (
    "source_code", "label_vi", "label_en", "coverage_vi", "coverage_en", "cut_off_vi", "cut_off_en",
)  # fmt: skip
_SOURCE_INDICATOR_COLUMNS = (
    "source_code", "indicator_code", "series_code", "position", "label_vi", "label_en", "unit", "unit_vi", "unit_en",
    "concept_code",
)  # fmt: skip
_CLASSIFICATION_COLUMNS = (
    "scheme_code", "scheme_vi", "scheme_en", "indicator_code", "category_code", "category_vi", "category_en",
    "candidate_codes", "note_vi", "note_en", "verification_status", "source",
)  # fmt: skip
_SOURCE_WINDOW_COLUMNS = ("source_code", "period_code", "window_start", "window_end", "comparability")
_TARGET_COLUMNS = (
    "programme_code", "target_code", "position", "programme_vi", "programme_en", "title_vi", "title_en", "start_year",
    "target_year", "target_at", "target_value", "ratio_code", "province_indicator_code", "reason_vi", "reason_en",
    "note_vi", "note_en", "verification_status", "least_coverage", "decision", "programme_source",
)  # fmt: skip
_NOT_ALLOCATED = Text(vi="Chưa phân loại được", en="Not allocated")


def source_tables(contracts: Contracts, periods: Sequence[Period]) -> dict[str, list[Row]]:
    """The tables about sources, classifications and targets, with their headers."""
    return {
        "sources": [_SOURCE_COLUMNS, *_sources(contracts)],
        "source_indicators": [_SOURCE_INDICATOR_COLUMNS, *_source_indicators(contracts)],
        "source_windows": [_SOURCE_WINDOW_COLUMNS, *_source_windows(contracts, periods)],
        "classifications": [_CLASSIFICATION_COLUMNS, *_classifications(contracts)],
        "programme_targets": [_TARGET_COLUMNS, *_targets(contracts)],
    }


def _sources(contracts: Contracts) -> Iterable[Row]:
    """The communes' reports are a source too, and the first."""
    reports = contracts.feeds.reports
    for code, one in [(REPORTS, reports), *((source.source, source) for source in contracts.sources)]:
        yield [
            code, one.title.vi, one.title.en, one.coverage.vi, one.coverage.en, one.cut_off.vi, one.cut_off.en,
        ]  # fmt: skip


def _source_indicators(contracts: Contracts) -> Iterable[Row]:
    for source in contracts.sources:
        for position, one in enumerate(source.indicators, start=1):
            unit = contracts.units[one.unit]
            yield [
                source.source, one.code, one.series, position, one.label.vi, one.label.en, unit.code, unit.label.vi,
                unit.label.en, one.concept,
            ]  # fmt: skip


def _source_windows(contracts: Contracts, periods: Sequence[Period]) -> Iterable[Row]:
    for source in contracts.sources:
        for window in source.windows:
            for period in periods:
                if period.part == window.part:
                    start, end = window.in_year(period.year)
                    yield [source.source, period, start, end, window.comparability]


def _classifications(contracts: Contracts) -> Iterable[Row]:
    for scheme in contracts.schemes:
        labels = {one.code: one.label for one in scheme.categories}
        for one in scheme.allocations:
            label = labels[one.category] if one.category else _NOT_ALLOCATED
            yield [
                scheme.code, scheme.title.vi, scheme.title.en, one.indicator, one.category or UNKNOWN, label.vi,
                label.en, " ".join(one.between) or None, *_both(one.note), scheme.verification_status, scheme.source,
            ]  # fmt: skip


def _targets(contracts: Contracts) -> Iterable[Row]:
    programmes = contracts.programmes
    for programme in programmes.programmes:
        for position, one in enumerate(programme.targets, start=1):
            yield [
                programme.code, one.code, position, programme.title.vi, programme.title.en, one.title.vi, one.title.en,
                programme.start, one.by, one.at, one.value and f"{one.value:g}", one.ratio, one.provinces_with, *_both(one.cannot),
                *_both(one.note), one.verification_status, programmes.least_coverage, programme.decision,
                programme.source,
            ]  # fmt: skip


def _both(text: Text | None) -> tuple[str | None, str | None]:
    return (text.vi, text.en) if text else (None, None)
