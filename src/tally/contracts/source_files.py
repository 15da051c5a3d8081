"""Reads contracts/feeds.yml and contracts/sources/, and says exactly what is wrong with them."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from tally.contracts.grammar import parse, spelt_out
from tally.contracts.lines import Document, read_as
from tally.contracts.model import CodeLists
from tally.contracts.sources import Feeds, Source, SourceClaim

GENERAL_RULES = tuple(f"N{number:02d}" for number in range(1, 13))
# what the reader of feeds asks for by name
COLUMNS = (
    "source", "period_start", "period_end", "area_code", "indicator_code", "sex", "age", "value", "unit", "status",
    "citation",
)  # fmt: skip


def load_sources(
    folder: Path, codelists: CodeLists, asked: AbstractSet[str]
) -> tuple[Feeds, tuple[Source, ...], dict[str, tuple[SourceClaim, ...]]]:
    """What holds of every feed; the sources, by file name; and the statements of the rules of each.

    Shape   asked: the indicators of the forms.
    Raises  ContractError at the first thing that is wrong: an unknown unit or concept, a rule that names no indicator,
            a code that stands twice.
    """
    document, feeds = read_as(folder, "feeds.yml", Feeds)
    _check_given(document, "columns", feeds.columns, COLUMNS)
    _check_given(document, "rules", [rule.code for rule in feeds.rules], GENERAL_RULES)
    document.check_once(("statuses",), [status.code for status in feeds.statuses])
    rules = {rule.code: document.name for rule in feeds.rules}
    sources, claims = [], {}
    for path in sorted((folder / "sources").glob("*.yml")):
        document, source = read_as(folder, f"sources/{path.name}", Source)
        if source.source != path.stem:
            raise document.error(("source",), f"{source.source} does not name its file")
        _check_source(document, source, codelists, asked)
        for at, rule in enumerate(source.rules):
            if rule.code in rules:
                raise document.error(("rules", at, "code"), f"{rule.code} stands in {rules[rule.code]} too")
            rules[rule.code] = document.name
        claims[source.source] = tuple(_claims(document, source, codelists))
        sources.append(source)
    return feeds, tuple(sources), claims


def _check_given(document: Document, key: str, given: Sequence[str], needed: Sequence[str]) -> None:
    document.check_once((key,), given)
    for code in sorted(set(given) ^ set(needed)):
        raise document.error((key,), f"{code} {'is missing' if code in needed else 'is not known'}")


def _check_source(document: Document, source: Source, codelists: CodeLists, asked: AbstractSet[str]) -> None:
    units = {unit.code for unit in codelists.units}
    document.check_once(("indicators",), [one.code for one in source.indicators])
    document.check_once(("rules",), [one.code for one in source.rules])
    document.check_once(("windows",), [f"{one.part} from {one.start} to {one.end}" for one in source.windows])
    named: dict[str, str] = {}
    for at, one in enumerate(source.indicators):
        if one.unit not in units:
            raise document.error(("indicators", at, "unit"), f"no unit {one.unit}")
        if one.concept and one.concept not in asked:
            raise document.error(("indicators", at, "concept"), f"no form asks for {one.concept}")
        for name in filter(None, (one.code, one.series)):
            if named.setdefault(name, one.code) != one.code:
                raise document.error(("indicators", at), f"{name} names {named[name]} too")
    document.check_once(("indicators",), [one.concept for one in source.indicators if one.concept])
    codes = {one.code for one in source.indicators}
    rules = {*GENERAL_RULES, *(rule.code for rule in source.rules)}
    for at, known in enumerate(source.known):
        if known.indicator not in codes:
            raise document.error(("known", at, "indicator"), f"no indicator {known.indicator}")
        if known.rule not in rules:
            raise document.error(("known", at, "rule"), f"no rule {known.rule}")


def _claims(document: Document, source: Source, codelists: CodeLists) -> Iterable[SourceClaim]:
    indicators = [one.code for one in source.indicators]
    columns = [one.code for one in codelists.columns]
    for at, rule in enumerate(source.rules):
        for sentence in rule.sentences:
            try:
                statement = spelt_out(parse(sentence, True), indicators)
            except ValueError as error:
                raise document.error(("rules", at, "says"), str(error)) from None
            names, places = (columns, indicators) if rule.over == "rows" else (indicators, columns)
            for name in statement.names:
                if name not in names:
                    raise document.error(
                        ("rules", at, "says"), f"no {'column' if names is columns else 'indicator'} {name}"
                    )
            yield SourceClaim(rule, statement, tuple(rule.columns or places))
