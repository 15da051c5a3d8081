"""docs/reference/commitments.md: what serves each system and commitment, and what data cannot say of it."""

from collections.abc import Iterable

from tally.compile.dictionary import table
from tally.compile.suites import HINT
from tally.contracts.commitments import Commitment
from tally.contracts.model import Contracts, Text

_ABOUT = """\
Hệ thống và cam kết nào được phục vụ bởi bảng số liệu nào, và điều gì số liệu không nói được. /
Which mart serves which system and commitment, and what data cannot say. Marts are in `national.duckdb` of a release."""


def commitments(contracts: Contracts) -> dict[str, bytes]:
    """Shape   a table of all, then a chapter for each that has more to say: lines of its report, targets, sources."""
    rows = [
        (
            f"[{one.title.vi}](#{one.code})",
            one.title.en,
            one.source,
            _marts(one),
            str(len(_cannot(contracts, one)) or ""),
        )
        for one in contracts.commitments
    ]
    overview = table(("Cam kết", "Commitment", "Source", "Marts", "Not to be said"), rows)
    chapters = [part for one in contracts.commitments for part in _chapter(contracts, one)]
    text = "\n\n".join([f"<!-- {HINT} -->", "# Commitments", _ABOUT, overview, *chapters])
    return {"docs/reference/commitments.md": f"{text}\n".encode()}


def marts_of(one: Commitment) -> list[str]:
    """The marts that serve a commitment; those of its report and of programmes too."""
    marts = [*one.marts, *([f"rpt_{one.report}"] if one.report else [])]
    return [*marts, *(["rpt_programme_targets"] if one.programme else [])]


def _marts(one: Commitment) -> str:
    return " ".join(f"`{mart}`" for mart in marts_of(one))


def _chapter(contracts: Contracts, one: Commitment) -> Iterable[str]:
    yield f'<a id="{one.code}"></a>\n\n## {one.title.vi} / {one.title.en}'
    yield f"Source: {one.source}. Marts: {_marts(one)}."
    served = _served(contracts, one)
    if served:
        yield f"Served by: {' '.join(f'`{code}`' for code in served)}."
    cannot = _cannot(contracts, one)
    if cannot:
        rows = [(what.vi, what.en, why.vi, why.en) for what, why in cannot]
        yield table(("Không nói được", "Cannot be said", "Vì sao", "Why"), rows)


def _served(contracts: Contracts, one: Commitment) -> list[str]:
    """The indicators and ratios that say something of it, in their order, once."""
    codes = list(one.indicators)
    for report in contracts.reports:
        if report.code == one.report:
            codes += [line.name for line in report.lines if not line.empty_because]
    for source in contracts.sources:
        if source.source == one.feed:
            codes += [indicator.code for indicator in source.indicators]
    for programme in contracts.programmes.programmes:
        if programme.code == one.programme:
            codes += [str(target.ratio or target.provinces_with) for target in programme.targets if not target.cannot]
    return list(dict.fromkeys(codes))


def _cannot(contracts: Contracts, one: Commitment) -> list[tuple[Text, Text]]:
    """What data cannot say of it, and why."""
    found = [(one.title, one.cannot)] if one.cannot else []
    for report in contracts.reports:
        if report.code == one.report:
            found += [(line.label, line.empty_because) for line in report.lines if line.label and line.empty_because]
    for programme in contracts.programmes.programmes:
        if programme.code == one.programme:
            found += [(target.title, target.cannot) for target in programme.targets if target.cannot]
    return found
