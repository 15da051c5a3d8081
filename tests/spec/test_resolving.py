"""Which area a written name or code means: on whose map, in which province, and when a person has to choose."""

import csv
import json
import random
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from perturbing import perturbed
from test_submissions import Case, judged
from typer.testing import CliRunner

from tally.areas.resolve import Resolver, Written
from tally.cli import app
from tally.contracts.aliases import load_aliases
from tally.contracts.area_files import load_areas
from tally.errors import ContractError, UsageError

FOLDER = Path(__file__).parents[2] / "contracts" / "areas"
REGISTER = load_areas(FOLDER)
RESOLVER = Resolver(REGISTER, load_aliases(FOLDER, REGISTER))
OLD, NEW, LATER = date(2025, 6, 15), date(2025, 12, 15), date(2026, 9, 20)
HO_CHI_MINH, HA_NOI = "79", "01"


def resolved(name=None, district=None, province=None, code=None, on=OLD, sender=None, level=None):
    return RESOLVER.resolve(Written(name, district, province, code), on, sender, level)


def settled(*written, **asked):
    found = resolved(*written, **asked)
    assert (found.status, found.candidates) == ("settled", ((found.area, found.candidates[0][1]),))
    return found.area.code


def for_review(*written, **asked):
    found = resolved(*written, **asked)
    assert (found.status, found.area) == ("review", None)
    return {area.code for area, _ in found.candidates}


@pytest.mark.parametrize(("written", "code"), [
    (("Phường 1", "Quận 3", "Thành phố Hồ Chí Minh"), "27160"),
    (("P.1", "Q.3", "TP.HCM"), "27160"),
    (("Phường 01", "Quận 03", "TPHCM"), "27160"),
    (("1", "3", "Sài Gòn"), "27160"),
    (("p1", "q3", "tp hcm"), "27160"),
    (("Phường Bến Nghé", "Quận 1", "HCM"), "26740"),
    (("Bén Nghé", "Quận 1", "HCM"), "26740"),
    (("Xã Đăk Hring", "Huyện Đăk Hà", "Kon Tum"), "23506"),
    (("Xã Đắk Hring", "Đắc Hà", "Tỉnh Kon Tum"), "23506"),
    (("xã \u00d0ăk hring", "\u00d0ăk Hà", "T. Kon Tum"), "23506"),
    (("Thị trấn Yên Viên", "Gia Lâm", "HN"), "00526"),
    (("Xa Yen Vien", "Gia Lam", "Ha Noi"), "00532"),
])  # fmt: skip
def test_an_area_is_found_however_its_name_is_written(written, code):
    assert resolved(*written, on=OLD).area is REGISTER.at(code, OLD)


@pytest.mark.parametrize(("name", "method"), [
    ("Phường Bến Nghé", "name"),
    ("P. Bến Nghé", "name"),
    ("Bến Nghé", "prefix"),
    ("Xã Bến Nghé", "prefix"),
    ("Bến Nghe", "accents"),
    ("PHUONG BEN NGHE", "accents"),
    ("Bến Nghyé", "typing_error"),
    ("Bếnn Nghé", "typing_error"),
    ("Phờưng Bến Nghé", "typing_error"),
])  # fmt: skip
def test_the_method_says_how_loosely_it_was_read(name, method):
    found = resolved(name, "Quận 1", on=OLD, sender=HO_CHI_MINH)
    assert (found.area.code, found.method) == ("26740", method)


def test_looser_readings_score_lower():
    written = ["Phường Bến Nghé", "Bến Nghé", "Ben Nghe", "Bến Nghyé"]
    scores = [resolved(name, on=OLD, sender=HO_CHI_MINH).score for name in written]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    assert scores[0] == 1


def test_a_name_is_no_surer_than_its_district():
    assert resolved("Phường Bến Nghé", "Qậun 1", on=OLD, sender=HO_CHI_MINH).score < 1


def test_y_and_i_are_one_letter():
    assert settled("Phường Mĩ An", sender="48", on=OLD) == settled("Phường Mỹ An", sender="48", on=OLD)
    assert resolved("Phường Mĩ An", sender="48", on=OLD).method == "spelling"


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_the_unicode_form_does_not_count(form):
    written = [unicodedata.normalize(form, text) for text in ("Phường Yên Hoà", "Quận Cầu Giấy", "Hà Nội")]
    assert settled(*written) == settled("Phường Yên Hòa", "Quận Cầu Giấy", "Hà Nội")


def test_a_name_is_read_on_the_map_of_the_day():
    assert settled("Xã Nội Bài", sender=HA_NOI, on=NEW) == "00433"
    assert resolved("Xã Nội Bài", sender=HA_NOI, on=OLD).status == "unknown"
    assert settled("Phường Phúc Xá", sender=HA_NOI, on=OLD) == "00001"


def test_a_name_that_has_ended_answers_with_its_successors():
    assert for_review("Phường Phúc Xá", sender=HA_NOI, on=NEW) == {"00097"}
    assert resolved("Phường Phúc Xá", sender=HA_NOI, on=NEW).method == "successor"


def test_an_earlier_area_of_just_this_name_stands_beside_a_present_one_of_nearly_this_name():
    found = resolved("Xã Thanh Phước", sender="80", on=NEW)
    assert (found.status, found.method) == ("review", "successor")
    assert [area.name for area, _ in found.candidates] == ["Phường Gò Dầu", "Xã Thạnh Phước"]


def test_a_former_district_or_type_tells_that_a_present_name_is_another_area():
    # Trần Phú of Hoàng Mai district became parts of three wards; the commune Trần Phú of today lies elsewhere
    assert settled("Trần Phú", sender=HA_NOI, on=NEW) == settled("Xã Trần Phú", sender=HA_NOI, on=NEW) == "10081"
    assert resolved("Phường Trần Phú", sender=HA_NOI, on=NEW).method == "successor"
    assert "10081" in for_review("Trần Phú", "Quận Hoàng Mai", sender=HA_NOI, on=NEW)
    assert len(for_review("Trần Phú", "Quận Hoàng Mai", sender=HA_NOI, on=NEW)) == 4


def test_a_former_district_that_says_nothing_against_it_does_not_count():
    assert settled("Phường Hồng Hà", "Quận Hoàn Kiếm", sender=HA_NOI, on=NEW) == "00097"
    # the ward of this name in this district flowed, among others, into the ward of this name
    assert settled("Phường Yên Hòa", "Quận Cầu Giấy", sender=HA_NOI, on=NEW) == settled(
        "Yên Hòa", sender=HA_NOI, on=NEW
    )


def test_an_old_code_in_a_new_period_answers_with_its_successors_by_name():
    found = resolved(code="00001", on=NEW)
    assert (found.status, found.method, found.area) == ("review", "successor", None)
    assert [area.name for area, _ in found.candidates] == ["Phường Hồng Hà"]


def test_a_living_code_is_not_chosen_beside_the_name_of_an_area_that_went_into_it():
    assert resolved("Phường Phúc Xá", code="00097", on=NEW, sender=HA_NOI).status == "review"


def test_an_old_code_is_never_chosen_even_beside_the_name_of_its_successor():
    assert for_review("Phường Hồng Hà", code="00001", on=NEW, sender=HA_NOI) == {"00097"}


def test_the_code_of_a_district_that_ended_answers_with_what_holds_its_communes():
    assert {"00004", "00008", "00025"} < for_review(code="001", on=NEW)


def test_a_code_that_was_not_yet_given_is_unknown():
    later = {area.code for area in REGISTER.on(NEW)} - {area.code for area in REGISTER.on(OLD)}
    assert all(resolved(code=code, on=OLD, level="commune").area is None for code in later)


def test_homonyms_need_the_district():
    without = for_review("Phường 1", sender=HO_CHI_MINH, level="commune")
    assert len(without) > 5
    assert {REGISTER.at(code, OLD).name for code in without} == {"Phường 1"}
    assert settled("Phường 1", "Quận 3", sender=HO_CHI_MINH) in without


def test_a_name_that_is_not_in_the_district_beside_it_is_for_review():
    assert resolved("Phường Bến Nghé", "Quận 3", sender=HO_CHI_MINH).method == "contradiction"
    assert for_review("Phường Bến Nghé", "Quận 3", sender=HO_CHI_MINH) == {"26740"}
    assert for_review("Phường Bến Nghé", "Quận Không Có", sender=HO_CHI_MINH) == {"26740"}


def test_two_names_that_are_one_without_accents_need_accents():
    pair = [area for area in REGISTER.children("399", OLD) if area.name in ("Xã Hoằng Phú", "Xã Hoằng Phụ")]
    codes = {area.code for area in pair}
    assert len(codes) == 2
    assert for_review("Xa Hoang Phu", "Hoằng Hóa", sender="38") == codes
    assert for_review("Xã Hoằng Phu", "Hoằng Hóa", sender="38") == codes
    assert for_review("Xã Hoằng Phù", "Hoằng Hóa", sender="38") == codes
    assert {settled(area.name, "Hoằng Hóa", sender="38") for area in pair} == codes


def test_a_name_without_any_accent_does_not_mean_the_official_name_that_has_none():
    here = {area.name: area.code for area in REGISTER.children(HO_CHI_MINH, NEW)}
    thanh, with_dot = here["Xã Thanh An"], here["Xã Thạnh An"]
    assert for_review("Thanh An", sender="79", on=NEW) == {thanh, with_dot}
    assert settled("Xã Thanh An", sender="79", on=NEW) == thanh


def test_a_type_that_belongs_to_a_name_with_other_accents_is_for_review():
    assert len(for_review("Thị trấn Tân Thành", "Tân Thạnh", sender="80", level="commune")) == 2


@pytest.mark.parametrize("name", ["Phường 99", "Phường 13 1", "Phường1 5", "Phường 1a"])
def test_figures_are_never_guessed(name):
    assert resolved(name, "Quận 3", sender=HO_CHI_MINH, level="commune").area is None


def test_a_typing_error_in_a_short_name_is_for_review():
    assert resolved("Xã Xc", "Huyện Chư Prông", sender="64").area is None
    assert resolved("Ia U", "Ia Grai", sender="64").status == "review"


def test_two_names_equally_near_are_for_review():
    assert len(for_review("Phường Hàng Bạ", "Hoàn Kiếm", sender=HA_NOI)) > 1


def test_a_name_with_other_accents_is_not_passed_over_for_one_with_a_typing_error():
    found = resolved("Xã Nhơn Ầi", sender="92", on=NEW)
    assert found.status == "review"
    assert {area.name for area, _ in found.candidates} == {"Xã Nhơn Ái", "Xã Nhơn Mỹ"}
    assert for_review("Phường Bền Nghẽ", "Quận 1", sender=HO_CHI_MINH) == {"26740"}


def test_a_code_and_a_name_that_contradict_each_other_are_for_review():
    assert settled("Phường 1", "Quận 3", code="27160", sender=HO_CHI_MINH) == "27160"
    assert for_review("Phường Bến Nghé", code="27160", sender=HO_CHI_MINH) == {"27160", "26740"}
    assert for_review("Phường Không Có Tên", code="27160", sender=HO_CHI_MINH) == {"27160"}
    assert for_review("Phường 1", "Quận 4", code="27160", sender=HO_CHI_MINH) > {"27160"}
    assert for_review(code="27160", district="Quận 1", sender=HO_CHI_MINH) == {"27160"}


def test_a_code_tells_homonyms_apart():
    assert settled("Phường 1", code="27160", sender=HO_CHI_MINH) == "27160"


def test_a_code_gets_the_zeros_back_that_a_spreadsheet_took():
    assert settled(code="97", on=NEW, level="commune") == "00097"
    assert settled(code="97", on=NEW, sender=HA_NOI) == "00097"
    assert settled("Hà Nội", code="1", on=NEW) == "01"
    assert for_review(code="1", on=OLD) == {"01", "001", "00001"}
    assert for_review(code="1", on=NEW) > {"01", "00097"}  # successors of 001 and 00001


def test_nothing_outside_the_senders_province_is_meant():
    assert resolved("Phường Bến Nghé", sender=HA_NOI).status == "unknown"
    assert resolved(code="26740", sender=HA_NOI).status == "unknown"
    assert for_review("Phường Trúc Bạch", None, "TP.HCM", sender=HA_NOI) == {"00004"}
    assert for_review(None, None, "TP.HCM", code="00004", sender=HA_NOI) == {"00004"}


def test_a_written_province_that_cannot_be_read_settles_nothing():
    found = resolved("Phường Bến Nghé", "Quận 1", "Quảng Ninhh hh")
    assert (found.status, found.method) == ("unknown", "province")
    assert resolved("Phường Hồng Gai", None, "Quảng Bình", on=NEW).method == "province"


def test_without_a_province_only_a_full_name_that_the_nation_has_once_is_settled():
    assert settled("Phường Bến Nghé") == "26740"
    assert resolved("Bến Nghé").area is None
    assert resolved("Phuong Ben Nghe").area is None
    assert len(for_review("Xã Tân Lập")) > 10


def test_nothing_written_is_unknown():
    assert {resolved(*[blank] * 4).status for blank in (None, "", "  ")} == {"unknown"}


days = st.sampled_from([OLD, NEW, LATER])
names = st.sampled_from(sorted({area.name for area in REGISTER.areas})) | st.text(max_size=12)
codes = st.sampled_from(sorted({area.code for area in REGISTER.areas})) | st.from_regex(r"[0-9]{1,6}", fullmatch=True)
blank = st.none()
senders = st.sampled_from(sorted({area.code for area in REGISTER.areas if area.level == "province"}))
seeds = st.integers(0, 2**32)


@settings(deadline=None)  # the first question about a province makes its map
@given(
    blank | names,
    blank | names,
    blank | names,
    blank | codes,
    days,
    senders,
    seeds,
    st.sampled_from([None, "commune", "district", "province"]),
)
def test_whatever_is_written_the_answer_lies_in_the_province_and_on_the_days_map(
    name, district, province, code, day, sender, seed, level
):
    rng = random.Random(seed)
    written = [perturbed(text, rng) if text else text for text in (name, district, province)]
    found = resolved(*written, code, on=day, sender=sender, level=level)
    assert (found.area is not None) == (found.status == "settled")
    assert bool(found.candidates) == (found.status != "unknown")
    for area, score in found.candidates:
        assert REGISTER.at(area.code, day) is area
        assert REGISTER.province_of(area.code, day).code == sender
        assert 0 < score <= 1
    if found.area:
        assert found.candidates == ((found.area, found.candidates[0][1]),)
        assert level in (None, found.area.level)


@pytest.mark.parametrize("day", [OLD, NEW, LATER], ids=str)
@pytest.mark.parametrize("sender_is_known", [True, False], ids=["sender known", "only what is written"])
def test_of_5000_perturbed_names_99_in_100_are_right_and_1_in_1000_wrong_at_most(day, sender_is_known):
    rng = random.Random(20251215)
    communes = REGISTER.on(day, "commune")
    answers = Counter()
    for _ in range(5000):
        area = rng.choice(communes)
        district, province = REGISTER.district_of(area.code, day), REGISTER.province_of(area.code, day)
        written = [perturbed(place.name, rng) if place else None for place in (area, district, province)]
        found = resolved(*written, on=day, sender=province.code if sender_is_known else None, level="commune")
        answers["right" if found.area is area else "wrong" if found.area else "for a person"] += 1
    assert answers["right"] >= 4950, answers
    assert answers["wrong"] <= 5, answers


@pytest.mark.parametrize("day", [OLD, NEW, LATER], ids=str)
def test_every_official_name_and_code_is_its_own_area(day):
    for area in REGISTER.on(day):
        district, province = REGISTER.district_of(area.code, day), REGISTER.province_of(area.code, day)
        names = (area.name, district.name if district else None, province.name)
        assert resolved(*names, on=day, level=area.level).area is area, area
        assert resolved(*names, area.code, on=day, level=area.level).area is area, area


@pytest.mark.parametrize(("line", "key"), [
    ("city,HCM,Thành phố Hồ Chí Minh,in use", "level"),
    ("province,,Thành phố Hồ Chí Minh,in use", "alias"),
    ("province,Hà Nội,Thành phố Hồ Chí Minh,in use", "alias"),
    ("province,HCM,Thành phố Hồ Chí Minh City,in use", "name"),
    ("commune,P1,Phường 1,in use", "name"),
    ("province,HCM,Thành phố Hồ Chí Minh,", "source"),
    ("province,h.c.m,Thành phố Hồ Chí Minh,in use\nprovince,HCM,Thành phố Hồ Chí Minh,in use", "alias"),
    ("province,HCM,Thành phố Hồ Chí Minh", "province"),
])  # fmt: skip
def test_a_wrong_alias_names_file_line_and_key(tmp_path, line, key):
    (tmp_path / "aliases.csv").write_text(f"level,alias,name,source\n{line}\n", encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_aliases(tmp_path, REGISTER)
    assert (caught.value.file, caught.value.key) == ("contracts/areas/aliases.csv", key)
    assert caught.value.line == 2 + line.count("\n")


def test_the_finding_about_an_unreadable_code_says_whose_names_the_cover_has():
    (fault,) = judged(
        Case(
            "", folder="26740", cover={"area_code": None, "area_name": "P. Sài Gòn", "province_name": "TP. Hồ Chí Minh"}
        )
    ).faults
    assert fault.vi.endswith("; tên trên bìa là của 26740 Phường Sài Gòn")
    assert fault.en.endswith("; the names are those of 26740 Phường Sài Gòn")
    (fault,) = judged(Case("", code="99999", folder="26743", cover={"area_name": "Phường Sài Gòn"})).faults
    assert fault.vi.endswith("; tên trên bìa là của 26740 Phường Sài Gòn")


@pytest.mark.parametrize("case", [
    Case("another province's sender", code="99999", folder="00097", cover={"area_name": "Phường Sài Gòn"}),
    Case("a sender that there is not", code="99999", cover={"area_name": "Phường Sài Gòn"}),
    Case("a name that could be another's", code="99999", folder="26740", cover={"area_name": "Thanh An"}),
    Case("no name", code="99999", folder="26740"),
], ids=lambda case: case.name)  # fmt: skip
def test_the_finding_names_no_area_that_is_not_settled_in_the_senders_province(case):
    (fault,) = judged(case).faults
    assert "tên trên bìa" not in fault.vi
    assert "the names are" not in fault.en


def tally(*arguments):
    return CliRunner().invoke(app, ["resolve", *arguments])


def test_the_command_prints_the_area_with_its_code_and_says_by_its_exit_that_it_is_settled():
    done = tally("--period", "2025-S1", "P.1, Quận 3, TP.HCM")
    assert (done.exit_code, done.output) == (0, "settled  name  1.00\n  27160 Phường 1, Quận 3  1.00\n")


def test_of_two_parts_the_second_is_the_province_unless_the_senders_is_known():
    assert tally("--period", "2025-S1", "Bến Nghé, TP.HCM").exit_code == 0
    assert tally("--period", "2025-S1", "--province", "79", "P.1, Q.3").exit_code == 0


def test_the_command_gives_successors_by_name_and_candidates_with_their_district():
    done = tally("--period", "2025-A1", "--code", "00001")
    assert (done.exit_code, done.output) == (1, "review  successor  1.00\n  00097 Phường Hồng Hà  1.00\n")
    done = tally("--period", "2025-S1", "--province", "79", "--level", "commune", "--json", "Phường 1")
    assert done.exit_code == 1
    assert "Phường 1, Quận 3" in [one["name"] for one in json.loads(done.output)["candidates"]]


@pytest.mark.parametrize("arguments", [
    ("--period", "2025", "Bến Nghé"),
    ("--period", "2025-S1"),
    ("--period", "2025-S1", "--province", "99", "Bến Nghé"),
    ("--period", "2025-A1", "--province", "02", "Bến Nghé"),
    ("--period", "2025-S1", "--level", "village", "Bến Nghé"),
    ("--period", "2025-S1", "a, b, c, d"),
    ("--period", "2025-S1", "--file", "no.csv", "--out", "out.csv"),
    ("--period", "2025-S1", "--file", "no.csv"),
])  # fmt: skip
def test_a_question_that_cannot_be_asked_is_wrong_use(arguments):
    assert isinstance(tally(*arguments).exception, UsageError)


def test_a_file_is_answered_row_by_row_and_keeps_what_a_person_has_to_choose(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        "no,code,name,district,province\n1,,P.1,Q.3,TP.HCM\n2,,P.1,,TP.HCM\n3,,???,,TP.HCM\n", encoding="utf-8"
    )
    done = tally("--period", "2025-S1", "--file", str(source), "--out", str(target))
    assert (done.exit_code, done.output) == (1, "1 settled, 1 review, 1 unknown\n")
    with target.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["no"], row["status"], row["area_code"]) for row in rows] == [
        ("1", "settled", "27160"),
        ("2", "review", ""),
        ("3", "unknown", ""),
    ]
    assert "27160 Phường 1, Quận 3" in rows[1]["candidates"].split("; ")


@pytest.mark.parametrize(
    "content",
    [b"code,name\n1,2\n", b"code,name,district,province\n1,2,3\n", b"code,name,district,province\n\xff,,,\n"],
    ids=["columns", "cells", "letters"],
)
def test_a_file_that_cannot_be_read_is_wrong_use(tmp_path, content):
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    done = tally("--period", "2025-S1", "--file", str(source), "--out", str(tmp_path / "out.csv"))
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "out.csv").exists()
