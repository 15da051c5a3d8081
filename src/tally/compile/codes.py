"""Every code that stands in a mart, in words, wherever in the contracts the words are written."""

from collections.abc import Iterable, Mapping

from tally.contracts.codes import CELL, labels_of
from tally.contracts.model import Contracts, Text
from tally.names import TYPES_IN_ENGLISH

Words = tuple[Text, Text | None]


def codes_in_words(contracts: Contracts) -> dict[str, dict[str, Words]]:
    """Code lists by name, as `obs_status`.

    Shape   codelist → code → (label, meaning); of a line with several lives the last.
    Blanks  no meaning: the label is enough.
    """
    lists = contracts.codelists
    written = {name: {line.code: (line.label, line.meaning) for line in lines} for name, lines in lists.codes.items()}
    levels = _labels((level.code, level.label) for level in lists.levels)
    of_one_level = {one.reporting_level for form in contracts.forms for one in form.indicators} & levels.keys()
    types = ((vi, Text(vi=vi, en=en)) for vi, en in TYPES_IN_ENGLISH.items())
    elsewhere: Mapping[str, dict[str, Words]] = {
        "area_level": levels,
        "reporting_level": {code: levels[code] for code in sorted(of_one_level)},
        "area_type": _labels(types),
        "unit": _labels((unit.code, unit.label) for unit in lists.units),
        "report_kind": _labels((kind.code, kind.label) for kind in lists.report_kinds),
        "form_code": _labels(
            [(form.form, form.title) for form in contracts.forms]
            + [(source.suite, source.title) for source in contracts.sources if source.rules]
        ),
        "feed_status": _labels((status.code, status.label) for status in contracts.feeds.statuses),
        "column_code": _labels((column.code, column.label) for column in lists.columns),
        **{part: _labels(labels_of(lists, part).items()) for part in CELL},
    }
    return {name: written.get(name, {}) | elsewhere.get(name, {}) for name in sorted({*written, *elsewhere})}


def _labels(lines: Iterable[tuple[str, Text]]) -> dict[str, Words]:
    return {code: (label, None) for code, label in lines}
