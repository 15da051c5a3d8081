"""Which columns of the marts hold codes, and which of those no reader is told the meaning of."""

import re

import duckdb

_AREAS, _PERIODS = "dim_areas.area_code", "dim_periods.period_code"
_OTHER_DIMENSIONS = {
    "frame": "dim_frames.frame",
    **dict.fromkeys(("concept_code", "province_indicator_code", "indicator_codes"), "dim_indicators.indicator_code"),
    **dict.fromkeys(("source_code", "beside_source_code"), "dim_sources.source_code"),
    **{name: f"dim_classifications.{name}" for name in ("scheme_code", "category_code")},
    **{name: f"dim_programme_targets.{name}" for name in ("programme_code", "target_code")},
    "indicator_code": "dim_indicators.indicator_code",
    "rule_code": "dim_rules.rule_code",
    "ratio_code": "dim_ratios.ratio_code",
    "line_code": "dim_report_lines.line_code",
    **dict.fromkeys(("area_code", "reporting_area_code", "child_code", "parent_code", "province_code"), _AREAS),
    **dict.fromkeys(("frame_area_code", "old_code", "new_code"), _AREAS),
    **dict.fromkeys(("missing_area_codes", "late_area_codes", "changed_area_codes"), _AREAS),
    **dict.fromkeys(("period_code", "since_period_code", "until_period_code"), _PERIODS),
}
_SEVERAL = ("reasons", "missing_area_codes", "late_area_codes", "changed_area_codes", "indicator_codes")
_OF_MACHINES = re.compile(
    r"feed_id|series_code|known_code|column_name|(.*_)?submission_id(_.*)?|sha256|batch_id|supersedes|file_path|sender|correction_code|row_code"
)
_IN_WORDS = re.compile(
    r".*_(vi|en)|citation|decision|history|candidate_codes|(scheme|programme|denominator)_source|legal_basis|source|rule_source|declared_by|sheet_name|cell_address|template_version"
)
_COLUMNS = """
    select table_name, column_name, comment from duckdb_columns()
    where schema_name = 'marts' and data_type = 'VARCHAR' and table_name <> 'dim_codes'
    order by all
"""


def codes_without_words(marts: duckdb.DuckDBPyConnection) -> list[str]:
    """Codes that stand in a column and in no dimension, and columns of which nobody says what they are."""
    lists = {name for (name,) in marts.execute("select distinct codelist from marts.dim_codes").fetchall()}
    unknown = []
    columns = marts.execute(_COLUMNS).fetchall()
    for mart in {mart for mart, _, _ in columns}:  # a view would be computed again for each of its columns
        marts.execute(f"create temp table {mart} as from marts.{mart}")
    for mart, column, comment in columns:
        named = re.search(r"dim_codes, (\w+)", comment)
        codelist = named[1] if named else column
        of_source = re.search(r"(dim_source_indicators)\b", comment) and column == "indicator_code"
        if codelist in lists:
            known = f"select code from marts.dim_codes where codelist = '{codelist}'"
        elif of_source:
            dimensions = ("dim_indicators", "dim_source_indicators")
            known = " union ".join(f"select indicator_code from marts.{name}" for name in dimensions)
        elif column in _OTHER_DIMENSIONS:
            dimension, key = _OTHER_DIMENSIONS[column].split(".")
            known = f"select {key} from marts.{dimension}"
        elif _OF_MACHINES.fullmatch(column) or _IN_WORDS.fullmatch(column):
            continue
        else:
            unknown.append(f"{mart}.{column}: neither in words nor of a code list")
            continue
        codes = f"select distinct {column} as codes from temp.{mart}"
        several = "\\s+" if column in _SEVERAL else "$"
        strange = marts.execute(
            f"select code from (select unnest(regexp_split_to_array(codes, ?)) as code from ({codes})) anti join "
            f"({known}) as known(code) using (code) where code <> ''", [several],
        ).fetchall()  # fmt: skip
        unknown += [f"{mart}.{column}: {code}" for (code,) in strange]
    return unknown
