"""What a person is told who makes a mistake in contracts/: the file, the line, the key, and what is wrong."""

import pytest

from tally.contracts.load import load_contracts
from tally.errors import ContractError
from tally.periods import Period

FORM = "forms/bvte_02.yml"
RULE = """\
  - code: {code}
    says: "{says}"
    severity: warning
    tell: {{vi: "a", en: "a"}}
    mend: {{vi: "a", en: "a"}}
    source: a
"""


def rules(*lines: str) -> str:
    return "rules:\n" + "".join(lines)


def told(project) -> ContractError:
    with pytest.raises(ContractError) as caught:
        load_contracts(project / "contracts")
    assert caught.value.exit_code == 3
    return caught.value


def line_of(project, file: str, text: str) -> int:
    """The line on which a text stands for the last time."""
    before, found, _ = (project / "contracts" / file).read_text(encoding="utf-8").rpartition(text)
    assert found, text
    return before.count("\n") + 1


@pytest.mark.parametrize(
    ("file", "old", "new", "on", "key", "message"),
    [
        pytest.param(
            FORM, "columns: SA\n", "columns: SA\ncolour: red\n", "colour", "colour", "this key is not known",
            id="an unknown key",
        ),
        pytest.param(
            FORM, 'row: "0231", code', 'row: "0231", colour: red, code', "colour", "indicators[20].colour",
            "this key is not known", id="an unknown key of a row",
        ),
        pytest.param(
            FORM, "    says: \"abuse_victims = sum(abuse_victims_*)\"\n", "", "R0203", "rules[2].says", "is missing",
            id="a rule that says nothing",
        ),
        pytest.param(
            FORM, 'row: "0231"', "row: 0231", "row: 0231", "indicators[20].row", "Input should be a valid string",
            id="a row code that lost its quotes",
        ),
        pytest.param(
            FORM, "periods: [S1, A1]", "periods: [S1, S2]", "periods", "periods[1]", "Input should be 'S1' or 'A1'",
            id="an unknown part of the year",
        ),
        pytest.param(
            FORM, 'code: abuse_incidents,', 'code: "abuse incidents",', "abuse incidents", "indicators[0].code",
            "String should match pattern", id="a code with a space",
        ),
        pytest.param(
            FORM, "form: bvte_02", "form: bvte_12", "form: bvte_12", "form", "bvte_12 does not name its file",
            id="a form that does not name its file",
        ),
        pytest.param(
            FORM, "unit: incidents", "unit: events", "unit: events", "indicators[0].unit", "no unit events",
            id="an unknown unit",
        ),
        pytest.param(
            FORM, "columns: SA\n", "columns: SAX\n", "columns: SAX", "columns", "no column set SAX",
            id="an unknown column set",
        ),
        pytest.param(
            FORM, "adds_up: flow, columns: T}", "adds_up: flow, columns: TT}", "columns: TT", "indicators[0].columns",
            "no column set TT", id="an unknown column set of a row",
        ),
        pytest.param(
            FORM, "adds_up: flow, columns: T}", "adds_up: flow, columns: [T, ETH]}", "[T, ETH]",
            "indicators[0].columns", "the form has no column ETH", id="a column that the form has not",
        ),
        pytest.param(
            "codelists.yml", "G: [T, M, F, ETH, SUP]", "G: [T, M, F, ETH, SUPP]", "SUPP", "column_sets.G[4]",
            "no column SUPP", id="a column set with an unknown column",
        ),
        pytest.param(
            "forms/bvte_06.yml", '(1/0)"}, unit: services, adds_up: stock_at_end, levels: [province]}\nrules:',
            '(1/0)"}, unit: services, adds_up: stock_at_end, levels: [region]}\nrules:', "levels: [region]",
            "indicators[13].levels", "no level region", id="an unknown level",
        ),
        pytest.param(
            FORM, "sum(abuse_setting_*)", "sum(abuse_place_*)", "sum(abuse_place_*)", "rules[4].says",
            "no row abuse_place_* in force", id="a rule whose wildcard fits no row",
        ),
        pytest.param(
            FORM, "rules:\n", rules(RULE.format(code="R0299", says="abuse_victim <= abuse_victims")), "abuse_victim <=",
            "rules[0].says", "no row abuse_victim in force", id="a rule that names a missing row",
        ),
        pytest.param(
            FORM, '- {row: "0200", code', '- {until: 2025-A1, row: "0200", code', "abuse_incidents > 0",
            "rules[6].says", "no row abuse_incidents in force", id="a rule that outlives its row",
        ),
        pytest.param(
            FORM, "rules:\n", rules(RULE.format(code="R0299", says="abuse_victims <= <= abuse_incidents")), "<= <=",
            "rules[0].says", "cannot be read at `<= abuse_incidents`", id="a rule that cannot be read",
        ),
        pytest.param(
            FORM, "rules:\n", rules(RULE.format(code="R0299", says="abuse_victims <=")), "abuse_victims <=\"",
            "rules[0].says", "cannot be read at `its end`", id="a rule that stops in the middle",
        ),
        pytest.param(
            FORM, "rules:\n", rules(RULE.format(code="R0299", says="abuse_victims <= average(abuse_incidents)")),
            "average", "rules[0].says", "there is no function `average`", id="a rule with an unknown function",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', '"T = M + F + X"', "M + F + X", "rules[0].says", "no column X",
            id="a rule over rows with an unknown column",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', '"T = M + F + ETH"', "M + F + ETH", "rules[0].says",
            "no row prints all its columns", id="a rule over rows that no row can satisfy",
        ),
        pytest.param(
            "coherence.yml", "columns: [T, M, F]", "columns: [T, M, FF]", "columns: [T, M, FF]", "rules[0].columns[2]",
            "no column FF", id="a rule with an unknown column",
        ),
        pytest.param(
            "coherence.yml", "online_abuse_victims >=", "online_abuse >=", "online_abuse >=", "rules[1].says",
            "no row online_abuse in force", id="a rule across forms that names a missing row",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02\n", "sheet: BVTE-02\nsheet: BVTE-02\n", "sheet: BVTE-02", "sheet", "stands twice",
            id="a key that stands twice",
        ),
        pytest.param(
            FORM, "code: abuse_victims_neglect,", "code: abuse_victims_violence,", 'row: "0207"', "indicators[7]",
            "abuse_victims_violence is in force twice in some period", id="an indicator in force twice",
        ),
        pytest.param(
            FORM, 'row: "0207"', 'row: "0206"', "abuse_victims_neglect", "indicators[7]",
            "0206 is in force twice in some period", id="a row code in force twice",
        ),
        pytest.param(
            FORM, "  - code: R0202\n", "  - code: R0201\n    since: 2026-S1\n", "- code: R0201", "rules[1]",
            "R0201 is in force twice in some period", id="a rule in force twice",
        ),
        pytest.param(
            "coherence.yml", "- code: R0406", "- code: R0405", "- code: R0405", "rules[1]",
            "R0405 is in force twice in some period", id="a rule across forms in force twice",
        ),
        pytest.param(
            "submission.yml", "- code: S02", "- code: S01", "- code: S01", "rules[1]", "S01 stands twice",
            id="a rule about the submission that stands twice",
        ),
        pytest.param(
            "release.yml", "- code: G02", "- code: G01", "- code: G01", "checks[1]", "G01 stands twice",
            id="a check of the release that stands twice",
        ),
        pytest.param(
            "submission.yml", "templates:\n", "templates:\n  - {version: BVTE-2030.1, since: 2030-S1}\n", "BVTE-2025.1",
            "templates[1]", "a template is in force twice in some period", id="two templates in one period",
        ),
        pytest.param(
            FORM, "code: abuse_incidents,", "code: children_under_16,", 'row: "0200"', "indicators[0].code",
            "children_under_16 stands in contracts/forms/bvte_01.yml too", id="an indicator in two forms",
        ),
        pytest.param(
            FORM, "  - code: R0201\n", "  - code: R0101\n", "R0101", "rules[0].code",
            "R0101 stands in contracts/forms/bvte_01.yml too", id="a rule in two forms",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: BVTE-01", "sheet: BVTE-01", "sheet",
            "BVTE-01 is the sheet of contracts/forms/bvte_01.yml too", id="a sheet of two forms",
        ),
        pytest.param(
            "coherence.yml", "- code: R0406", "- code: R0401", "R0401", "rules[1].code",
            "R0401 stands in contracts/forms/bvte_04.yml too", id="a rule of a form and across forms",
        ),
        pytest.param(
            FORM, '- {row: "0231", code', '- {since: 2026, row: "0231", code', "since: 2026", "indicators[20].since",
            "'2026' is not a period: write 2025-S1 or 2025-A1", id="a bad period",
        ),
        pytest.param(
            FORM, '- {row: "0231", code', '- {since: 2026-S1, until: 2025-A1, row: "0231", code', "since: 2026-S1",
            "indicators[20]", "until 2025-A1 is before since 2026-S1", id="a line that ends before it begins",
        ),
        pytest.param(
            "calendar.yml", "  - {level: district, part: A1, day: 12-20}\n", "", "due_days", "due_days",
            "no due day for district A1", id="a missing due day",
        ),
        pytest.param(
            "calendar.yml", "day: 12-20", "day: 20-12", "20-12", "due_days[4].day", "'20-12' is no day of every year",
            id="a day and a month in the wrong order",
        ),
        pytest.param(
            "calendar.yml", "day: 12-20", "day: 02-30", "02-30", "due_days[4].day", "'02-30' is no day of every year",
            id="a day that does not exist",
        ),
        pytest.param(
            "calendar.yml", "{level: district, part: A1", "{level: region, part: A1", "region", "due_days[4].level",
            "no level region", id="a due day of an unknown level",
        ),
        pytest.param(
            "calendar.yml", "provinces: []",
            'provinces:\n  - {province: "99", level: commune, part: A1, day: 12-18, source: a}', '"99"',
            "provinces[0].province", "no province 99", id="a due day of an unknown province",
        ),
        pytest.param(
            FORM, "periods: [S1, A1]", "periods: [S1, A1", "columns: SA", "YAML", "", id="YAML that cannot be read",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: bvte-01", "sheet: bvte-01", "sheet",
            "bvte-01 is the sheet of contracts/forms/bvte_01.yml too", id="a sheet of two forms but for case",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: TT Chung", "sheet: TT Chung", "sheet",
            "TT Chung is the sheet of the cover too", id="a form on the sheet of the cover",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: BVTE-02/X", "sheet: BVTE-02/X", "sheet", "has none of [ ] : * ? / \\",
            id="a sheet with a character that Excel forbids",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: Tình hình xâm hại, bạo lực trẻ em", "sheet: Tình hình", "sheet",
            "has 33 characters; the name of a sheet has at most 31", id="a sheet with too long a name",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: BVTE-02'", "sheet: BVTE-02'", "sheet", "neither begins nor ends with '",
            id="a sheet that ends with an apostrophe",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: \"'BVTE-02\"", "BVTE-02\"", "sheet", "neither begins nor ends with '",
            id="a sheet that begins with an apostrophe",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", 'sheet: ""', 'sheet: ""', "sheet", "is empty", id="a sheet without a name",
        ),
        pytest.param(
            "submission.yml", "sheet: TT chung", "sheet: TT [chung]", "TT [chung]", "cover.sheet",
            "has none of [ ] : * ? / \\", id="a cover with a character that Excel forbids",
        ),
        pytest.param(
            FORM, "periods: [S1, A1]", "periods: []", "periods: []", "periods", "is empty", id="a form of no period",
        ),
        pytest.param(
            FORM, "periods: [S1, A1]", "periods: [S1, A1, S1]", "periods:", "periods[2]", "S1 stands twice",
            id="a form of the same period twice",
        ),
        pytest.param(
            FORM, "adds_up: flow, columns: T}", "adds_up: flow, columns: []}", "columns: []", "indicators[0].columns",
            "is empty", id="a row without columns",
        ),
        pytest.param(
            FORM, "adds_up: flow, columns: T}", "adds_up: flow, columns: [T, T]}", "[T, T]", "indicators[0].columns[1]",
            "T stands twice", id="a row with a column twice",
        ),
        pytest.param(
            "coherence.yml", "columns: [T, M, F]", "columns: []", "columns: []", "rules[0].columns", "is empty",
            id="a rule without columns",
        ),
        pytest.param(
            "coherence.yml", "columns: [T, M, F]", "columns: [T, M, T]", "columns: [T, M, T]", "rules[0].columns[2]",
            "T stands twice", id="a rule with a column twice",
        ),
        pytest.param(
            "codelists.yml", "T: [T]", "T: []", "T: []", "column_sets.T", "is empty", id="a column set without columns",
        ),
        pytest.param(
            "codelists.yml", "T: [T]", "T: [T, T]", "T: [T, T]", "column_sets.T[1]", "T stands twice",
            id="a column set with a column twice",
        ),
        pytest.param(
            "codelists.yml", '"Nữ", en', '"NAM ", en', "  S: [T, M", "column_sets.S[2]",
            "«nam», without accents and case, is the label of M too", id="two columns of one set with the same label",
        ),
        pytest.param(
            "codelists.yml", "sex: F,", "sex: M,", "code: F,", "columns[2]",
            "sex M, age_band _T, subset _T is in force twice in some period", id="two columns of the same people",
        ),
        pytest.param(
            "codelists.yml", 'vi: "Bổ sung"', 'vi: "lan  dau"', "code: supplement", "report_kinds[1].label",
            "«lan dau», without accents and case, is the label of first too", id="two kinds of report with one label",
        ),
        pytest.param(
            "codelists.yml", 'vi: "Huyện"', 'vi: "XÃ"', "code: district", "levels[1].label",
            "«xa», without accents and case, is the label of commune too", id="two levels with one label",
        ),
        pytest.param(
            "codelists.yml", "largest_figure: 200000", "largest_figure: 0", "code: commune", "levels[0].largest_figure",
            "Input should be greater than 0", id="a level whose every figure is too large",
        ),
        pytest.param(
            "codelists.yml", "{code: retired, ", "{code: ended, ", "correction_status:", "codes.correction_status",
            "ended is not known", id="a code that the program does not know, in place of one that it says",
        ),
        pytest.param(
            "codelists.yml", "  report_state:", "  state:", "codes:", "codes", "report_state is missing",
            id="a list of codes under another name",
        ),
        pytest.param(
            "codelists.yml", "{code: late, label: {vi: \"Nộp", "{code: refused, label: {vi: \"Nộp",
            '{code: refused, label: {vi: "Nộp', "codes.report_state[3]", "refused stands twice", id="a code twice",
        ),
        pytest.param(
            "codelists.yml", "sex: _U, age_band: _T", "sex: _U, age_band: Y0T5", "code: U,", "columns[3].sex",
            "no column is _U and nothing else, which would be its label", id="a sex that only stands beside an age",
        ),
        pytest.param(
            "codelists.yml", "{code: nso_note_all_population", "{code: nso", "weight_basis:", "codes.weight_basis",
            "nso_note_all_population of contracts/areas/flows.csv is missing", id="a basis of weights without words",
        ),
        pytest.param(
            FORM, 'says: "figure >= first_half(figure)"\n    severity: warning',
            'says: "figure >= first_half(figure)"\n    severity: critical', "severity: critical", "rules[8].severity",
            "a rule that looks back cannot be critical: the earlier report may be the wrong one",
            id="a critical rule that looks back",
        ),
        pytest.param(
            FORM, 'says: "figure >= first_half(figure)"', 'says: "T >= first_half(T)"\n    over: rows', "over: rows",
            "rules[8].over", "a rule that looks back compares figures, not columns", id="columns that look back",
        ),
        pytest.param(
            FORM, "first_half(figure)", "first_half(abuse_victims_*)", "first_half(", "rules[8].says",
            "`first_half` takes one name", id="an earlier figure of several names",
        ),
        pytest.param(
            FORM, 'vi: "Bỏ mặc"', 'vi: "Bỏ rơi "', 'row: "0207"', "indicators[7]",
            "«bo roi», without accents and case, is in force twice in some period", id="two rows with the same label",
        ),
        pytest.param(
            FORM, 'vi: "Bỏ mặc"', 'vi: " "', 'row: "0207"', "indicators[7].label.vi", "is empty", id="a blank label",
        ),
        pytest.param(
            FORM, 'says: "abuse_victims = sum(abuse_victims_*)"', 'says: ""', 'says: ""', "rules[2].says", "is empty",
            id="a rule that says an empty text",
        ),
        pytest.param(
            FORM, 'says: "abuse_victims = sum(abuse_victims_*)"', "says: []", "says: []", "rules[2].says", "is empty",
            id="a rule that says an empty list",
        ),
        pytest.param(
            FORM, 'says: "abuse_victims = sum(abuse_victims_*)"', 'says: [""]', 'says: [""]', "rules[2].says",
            "cannot be read at `its end`", id="a rule that says a list with an empty text",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', '"T = T"', '"T = T"', "rules[0].says", "compares a figure with itself",
            id="a rule that is always true",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', '"T <= sum(T)"', "sum(T)", "rules[0].says", "compares a figure with itself",
            id="a rule that is always true in other words",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', '"T + M = T + M"', "T + M = T + M", "rules[0].says",
            "compares a figure with itself", id="a rule with the same on both sides",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', '"T = M where F >= F"', "F >= F", "rules[0].says", "compares a figure with itself",
            id="a condition that is always true",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', '"1 = 1"', '"1 = 1"', "rules[0].says", "names no figure",
            id="a rule without figures",
        ),
        pytest.param(
            FORM, '"T = M + F + U"', f'"T = {" + ".join(["M"] * 3000)}"', "T = M + M", "rules[0].says",
            "adds more than 100 terms: write sum(…)", id="a rule with thousands of terms",
        ),
        pytest.param(
            FORM, "rules:\n", rules(RULE.format(code="R0299", says="T = = M") + "    until: 2020-A1\n"), "T = = M",
            "rules[0].says", "cannot be read at `= M`", id="a rule in no edition that cannot be read",
        ),
        pytest.param(
            "submission.yml", "file_bytes: 20000000", "file_bytes: 0", "limits:", "limits.file_bytes",
            "Input should be greater than 0", id="a limit that no file keeps",
        ),
        pytest.param(
            "submission.yml", "sheets: 50", "sheets: -1", "limits:", "limits.sheets", "Input should be greater than 0",
            id="a limit below nothing",
        ),
        pytest.param(
            "submission.yml", "row: 5, code", "row: 4, code", "code: area_code", "cover.fields[2]",
            "row 4 stands twice", id="two fields of the cover in one row",
        ),
        pytest.param(
            "submission.yml", "row: 3, code", "row: 2, code", "row: 2", "cover.fields[0].row",
            "Input should be greater than 2", id="a field of the cover over its title",
        ),
        pytest.param(
            "submission.yml", "code: area_code", "code: level", "row: 5", "cover.fields[2]", "level stands twice",
            id="a field of the cover twice",
        ),
        pytest.param(
            "submission.yml", '"Mã đơn vị hành chính"', '"Cấp  báo cáo"', "row: 5", "cover.fields[2]",
            "«cap bao cao», without accents and case, stands twice", id="two fields of the cover with one label",
        ),
        pytest.param(
            "calendar.yml", "{level: district, part: A1", "{level: commune, part: A1", "day: 12-20", "due_days[4]",
            "commune A1 stands twice", id="two due days of one level and part",
        ),
        pytest.param(
            "calendar.yml", "day: 12-20", "day: 2025-02-30", "2025-02-30", "due_days[4].day",
            "2025-02-30 cannot be read; a text stands in quotes", id="a date that does not exist, without quotes",
        ),
        pytest.param(
            FORM, "sheet: BVTE-02", "sheet: !BVTE-02 x", "sheet: !BVTE-02", "sheet",
            "x cannot be read; a text stands in quotes", id="a YAML tag",
        ),
        pytest.param(
            FORM, 'vi: "Bỏ mặc"', 'vi: "Bỏ\0 mặc"', "Bỏ\0 mặc", "YAML", "control characters are not allowed",
            id="a NUL byte",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_line_and_key(project, edit, file, old, new, on, key, message):
    edit(file, old, new)
    error = told(project)
    assert (error.file.rpartition("contracts/")[2], error.key) == (file, key)
    assert message in error.message
    assert error.line == line_of(project, file, on)
    assert str(error).startswith(f"contracts/{file}:{error.line}: {key}: ")


def test_a_unit_that_ended_while_a_row_needs_it(project, edit):
    edit("codelists.yml", "{code: incidents, label", "{code: incidents, until: 2025-A1, label")
    assert str(told(project)).startswith(
        "contracts/forms/bvte_02.yml:8: indicators[0].unit: no unit incidents in force"
    )


def test_a_file_that_is_missing(project):
    (project / "contracts" / "calendar.yml").unlink()
    assert str(told(project)) == "contracts/calendar.yml: file: cannot be read: No such file or directory"


def test_a_file_that_is_empty(project):
    (project / "contracts" / "calendar.yml").write_text("")
    assert str(told(project)) == "contracts/calendar.yml: collected_from: is missing"


def test_a_file_that_is_not_utf_8(project):
    path = project / "contracts" / "calendar.yml"
    path.write_bytes(path.read_bytes() + "# hạn chót".encode("utf-16"))
    assert str(told(project)) == "contracts/calendar.yml: file: is not UTF-8"


def test_a_form_that_is_a_list(project):
    (project / "contracts" / "forms" / "bvte_07.yml").write_text("- form: bvte_07\n")
    assert str(told(project)).startswith("contracts/forms/bvte_07.yml:1: file: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "message"),
    [
        pytest.param(
            FORM, "upper_limit(abuse_victims)", "upper_limit(abuse_incidents)", "rules[9].says",
            "contracts/limits.yml does not say how often abuse_incidents is expected", id="a limit of something else",
        ),
        pytest.param(
            "limits.yml", "exposure: children_under_16", "exposure: children_under_17", "exposure",
            "no indicator children_under_17", id="an unknown exposure",
        ),
        pytest.param(
            "limits.yml", "indicator: abuse_victims", "indicator: abused", "counts[0].indicator", "no indicator abused",
            id="an unknown count",
        ),
        pytest.param(
            "limits.yml", "certainty: 0.999", "certainty: 99.9", "certainty", "Input should be less than 1",
            id="a certainty in percent",
        ),
    ],
)  # fmt: skip
def test_limits_are_of_counts_that_there_are(project, edit, file, old, new, key, message):
    edit(file, old, new)
    assert (told(project).key, told(project).message) == (key, message)


@pytest.mark.parametrize("name", ["submission", "across_forms", "across_periods", "release"])
def test_a_form_with_the_name_of_another_suite(project, name):
    forms = project / "contracts" / "forms"
    form = (forms / "bvte_02.yml").read_text(encoding="utf-8").replace("form: bvte_02", f"form: {name}")
    (forms / "bvte_02.yml").unlink()
    (forms / f"{name}.yml").write_text(form, encoding="utf-8")
    assert str(told(project)) == f"contracts/forms/{name}.yml:2: form: {name} is the name of another suite"


def test_a_label_may_pass_to_another_row_when_the_first_has_ended(project, edit):
    edit(FORM, '- {row: "0206", code', '- {until: 2025-A1, row: "0206", code')
    edit(FORM, '- {row: "0207", code', '- {since: 2026-S1, row: "0207", code')
    edit(FORM, 'vi: "Bỏ mặc"', 'vi: "Bỏ rơi"')
    load_contracts(project / "contracts")


def test_a_rule_may_begin_with_a_number(project, edit):
    edit("forms/bvte_06.yml", '"protection_workers >= 1"', '"1 <= protection_workers"')
    claims = load_contracts(project / "contracts").edition(Period(2025, "A1")).claims
    assert [claim.statement.anchor for claim in claims if claim.rule.code == "R0603"] == ["protection_workers"]


def test_a_period_without_a_template(contracts):
    with pytest.raises(ContractError, match=r"submission.yml: templates: no template is in force in 2020-A1"):
        contracts.edition(Period(2020, "A1"))


def test_a_row_that_ended_leaves_the_wildcards_that_named_it(project, edit):
    edit(FORM, '- {row: "0225", code', '- {until: 2025-A1, row: "0225", code')
    load_contracts(project / "contracts")


def test_a_cover_without_a_field_that_reading_asks_for(project, edit):
    edit("submission.yml", '    - {row: 12, code: report_kind, label: "Loại báo cáo"}\n', "")
    assert str(told(project)).endswith("cover.fields: report_kind is missing")


def test_a_rule_of_the_submission_that_judging_asks_for(project, edit):
    edit("submission.yml", "  - code: S15\n", "  - code: S19\n")
    assert str(told(project)).endswith("rules: S15 is missing")
