"""Data Docs inside a release: Great Expectations' site builder, with pages that fetch nothing from anywhere."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tally.adapters.gx import evaluated_values, outcome_of
from tally.errors import BuildError
from tally.exports.pages import STYLE, templates

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
    from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

ASSETS = Path(__file__).parent / "data_docs_assets"
ROWS_SHOWN = 50


def build_data_docs(
    results: Sequence[Path],
    suites: Sequence[Path],
    folder: Path,
    release_id: str,
    own_pages: str | None = None,
    marts_page: str | None = None,
) -> Path:
    """Write the site of a release; it opens from disk, without a network and without scripts.

    Shape   results: one file a suite and batch, as Validation.save writes them; suites: expectations/*.json → the path
            of folder/index.html, with expectations/<suite>.html and validations/<suite>/<batch>/<time>/<file>.html.
            own_pages, marts_page: from there, the index of our own pages, and the page that says what the marts are.
    Blanks  a rule for which nothing was there to judge is shown as not judged, never as passed.
    Raises  BuildError if two results would share a page, or a page is missing: the site builder only logs its failures.
    """
    import great_expectations as gx
    from great_expectations.render.renderer.site_builder import SiteBuilder

    context = gx.get_context(mode="ephemeral")
    headings = dict(_add_suite(context, path) for path in suites)
    shelf = context.stores[ResultShelf.name] = ResultShelf({"own_pages": own_pages, "marts_page": marts_page})
    for path in results:
        shelf.add(path, headings)

    folder.mkdir(parents=True, exist_ok=True)
    site = SiteBuilder(
        data_context=context,
        site_name=release_id,
        store_backend={"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        show_how_to_buttons=False,
        site_index_builder=_classes("IndexRenderer", "index.j2") | {"class_name": "DefaultSiteIndexBuilder"},
        site_section_builders={
            "expectations": _classes("SuiteRenderer", "suite.j2"),
            "validations": _classes("ResultRenderer", "result.j2") | {"source_store_name": ResultShelf.name},
            "profiling": "None",
        },
    )
    # SiteBuilder.build() would also copy 4 MB of its own pictures and fonts
    for section in site.site_section_builders.values():
        section.build()
    site.site_index_builder.build()
    shutil.copyfile(STYLE, folder / STYLE.name)

    pages = ["index.html", *map(_suite_page, headings), *shelf.documents]
    missing = [page for page in pages if not (folder / page).is_file() or not (folder / page).stat().st_size]
    if missing:
        raise BuildError(f"Data Docs: no page {', '.join(missing)}")
    return folder / "index.html"


@dataclass(frozen=True)
class Heading:
    """How a suite is called on the pages: by `title_vi` and `title_en` of its meta, or else by its name."""

    name: str
    title_vi: str
    title_en: str = ""


@dataclass(frozen=True)
class RuleLine:
    """A rule as a page shows it; the counts are None on a suite's page and where a rule judges no single values."""

    rule_code: str
    severity: str
    sentence_vi: str
    sentence_en: str
    mend_vi: str
    source: str
    expectation: str
    outcome: str | None = None
    evaluated: int | None = None
    unexpected: int | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


class ResultShelf:
    """Great Expectations' store interface over the results, beside what their pages show (`documents`, by page)."""

    name = "results_of_the_release"

    def __init__(self, beside: Mapping[str, str | None]) -> None:
        self.beside = beside
        self._results: dict[ValidationResultIdentifier, ExpectationSuiteValidationResult] = {}
        self.documents: dict[str, dict[str, Any]] = {}

    def add(self, path: Path, headings: Mapping[str, Heading]) -> None:
        from great_expectations import RunIdentifier
        from great_expectations.core import ExpectationSuiteValidationResult
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )

        content = json.loads(path.read_text(encoding="utf-8"))
        suite, run = content["suite_name"], content["meta"]["run_id"]
        key = ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(suite),
            run_id=RunIdentifier(**run),
            batch_identifier=path.stem,
        )
        page = f"validations/{'/'.join(key.to_tuple())}.html"  # type: ignore[no-untyped-call]  # not annotated in GX
        if page in self.documents:
            raise BuildError(f"Data Docs: two results for one page: {page}, the second is {path}")
        lines = [_judged_line(one) for one in content["results"]]
        self.documents[page] = {
            "page": page,
            "root": _root(page),
            "suite": headings.get(suite, Heading(suite, suite)),
            "suite_page": _suite_page(suite) if suite in headings else None,
            "batch": run["run_name"],
            "judged_at": datetime.fromisoformat(run["run_time"]),
            "version": content["meta"]["great_expectations_version"],
            "lines": lines,
            "counts": _counts(lines),
            "rows_shown": ROWS_SHOWN,
        }
        # the rows are in the document already, and the site builder copies what it is given
        self._results[key] = ExpectationSuiteValidationResult(
            success=content["success"], results=[], suite_name=suite, meta=content["meta"], id=page
        )

    def get(self, key: ValidationResultIdentifier) -> ExpectationSuiteValidationResult:
        return self._results[key]

    def list_keys(self) -> list[ValidationResultIdentifier]:
        return list(self._results)


class SuiteRenderer:
    """Great Expectations' renderer interface for a suite."""

    def render(self, suite: ExpectationSuite) -> dict[str, Any]:
        lines = [_line(one.configuration.to_json_dict()) for one in suite.expectations]
        return {"root": _root(_suite_page(suite.name)), "suite": _heading(suite), "lines": lines}


class ResultRenderer:
    """Great Expectations' renderer interface for a validation result."""

    def __init__(self, data_context: AbstractDataContext) -> None:
        self._documents = data_context.stores[ResultShelf.name].documents

    def render(self, result: ExpectationSuiteValidationResult) -> dict[str, Any]:
        document: dict[str, Any] = self._documents[result.id]
        return document


class IndexRenderer:
    """Great Expectations' renderer interface for the index: its links, with the counts of every result."""

    def __init__(self, data_context: AbstractDataContext) -> None:
        self._context = data_context

    def render(self, links: Mapping[str, Any]) -> dict[str, Any]:
        shelf = self._context.stores[ResultShelf.name]
        documents = shelf.documents
        results = [
            {**documents[unquote(link["filepath"])], "page": link["filepath"]}
            for link in links.get("validations_links", [])
        ]
        results.sort(key=lambda one: (one["suite"].name, one["batch"]))
        results.sort(key=lambda one: one["judged_at"], reverse=True)
        pages = {link["expectation_suite_name"]: link["filepath"] for link in links.get("expectations_links", [])}
        suites = [
            {
                "page": pages[suite.name],
                "suite": _heading(suite),
                "severities": Counter(_line(one.configuration.to_json_dict()).severity for one in suite.expectations),
            }
            for suite in sorted(self._context.suites.all(), key=lambda one: one.name)
        ]
        total: Counter[str] = sum((one["counts"] for one in results), Counter())
        shown = {"results": results, "suites": suites, "total": total}
        return {"root": "", "release_id": links["site_name"], **shown, **shelf.beside}


class PageView:
    """Great Expectations' view interface over our templates."""

    def __init__(self, template: str) -> None:
        self._template = templates(ASSETS).get_template(template)

    def render(self, document: Mapping[str, Any], **_: Any) -> str:
        return self._template.render(document)


def _classes(renderer: str, template: str) -> dict[str, Any]:
    return {
        "renderer": {"module_name": __name__, "class_name": renderer},
        "view": {"module_name": __name__, "class_name": "PageView", "template": template},
    }


def _add_suite(context: AbstractDataContext, path: Path) -> tuple[str, Heading]:
    from great_expectations import ExpectationSuite

    suite = context.suites.add(ExpectationSuite(**json.loads(path.read_text(encoding="utf-8"))))
    return suite.name, _heading(suite)


def _heading(suite: ExpectationSuite) -> Heading:
    meta = suite.meta or {}
    return Heading(suite.name, meta.get("title_vi") or suite.name, meta.get("title_en", ""))


def _line(expectation: Mapping[str, Any]) -> RuleLine:
    meta = expectation.get("meta") or {}
    kwargs = {key: value for key, value in expectation["kwargs"].items() if key != "batch_id"}
    call = f"{expectation['type']}({', '.join(f'{key}={json.dumps(value)}' for key, value in kwargs.items())})"
    return RuleLine(
        rule_code=meta.get("rule_code", ""),
        severity=meta.get("severity") or expectation.get("severity") or "critical",
        sentence_vi=meta.get("sentence_vi") or expectation.get("description") or call,
        sentence_en=meta.get("sentence_en", ""),
        mend_vi=meta.get("mend_vi", ""),
        source=meta.get("source", ""),
        expectation=call,
    )


def _judged_line(one: Mapping[str, Any]) -> RuleLine:
    result, column = one["result"], one["expectation_config"]["kwargs"].get("column")
    index_columns = result.get("unexpected_index_column_names", [])
    rows = result.get("unexpected_index_list", [])[:ROWS_SHOWN]
    counted = "element_count" in result
    return replace(
        _line(one["expectation_config"]),
        outcome=outcome_of(one),
        evaluated=evaluated_values(one) if counted else None,
        unexpected=result["unexpected_count"] if counted else None,
        header=tuple(index_columns),
        rows=tuple((*(row[key] for key in index_columns), row[column]) for row in rows),
    )


def _counts(lines: Sequence[RuleLine]) -> Counter[str]:
    """Count rules by outcome, failed ones by severity too, and the rows that break them."""
    counts = Counter(line.outcome or "" for line in lines)
    counts.update(f"failed_{line.severity}" for line in lines if line.outcome == "failed")
    counts["unexpected"] = sum(line.unexpected or 0 for line in lines)
    return counts


def _suite_page(suite: str) -> str:
    return f"expectations/{suite.replace('.', '/')}.html"


def _root(page: str) -> str:
    return "../" * page.count("/")
