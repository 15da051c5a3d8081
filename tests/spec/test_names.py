"""What counts as the same name (S07), the same label, and a name in English letters."""

import csv
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tally.contracts.area_files import load_areas
from tally.names import TYPES_IN_ENGLISH, english_name, plain, same_name

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "field_samples"
REGISTER = load_areas(ROOT / "contracts" / "areas")
MAP_DATES = {"2025-S1": date(2025, 6, 15), "2025-A1": date(2025, 12, 15)}
OFFICIAL = sorted({area.name for area in REGISTER.areas})
TONE_PLACEMENTS = [
    ("hòa", "hoà"), ("hóa", "hoá"), ("hỏa", "hoả"), ("tọa", "toạ"), ("lõa", "loã"), ("thủy", "thuỷ"), ("lũy", "luỹ"),
    ("quý", "qúy"), ("túy", "tuý"), ("tụy", "tuỵ"), ("khỏe", "khoẻ"), ("xòe", "xoè"), ("huyện", "huỵên"),
]  # fmt: skip
names = st.sampled_from(OFFICIAL)
syllables = st.sampled_from(
    [
        unicodedata.normalize("NFC", first + vowel[0] + tone + vowel[1:] + last)
        for first in ("", "đ", "ph", "kr", "m'")
        for vowel in ("a", "ă", "â", "e", "ê", "o", "ô", "ơ", "u", "ư", "oa", "uy", "iê", "uyê", "oai")
        for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
        for last in ("", "ng", "k")
    ]
)
invented = st.lists(syllables, min_size=1, max_size=4).map(" ".join)
written = names | invented


def replaced(text: str, pairs: list[tuple[str, str]]) -> str:
    for one, other in pairs:
        text = text.replace(one, other).replace(one.capitalize(), other.capitalize())
    return text


@given(written, st.sampled_from(["NFC", "NFD"]), st.sampled_from([str.upper, str.lower, str.title, str]))
def test_a_name_is_the_same_in_any_unicode_form_and_case(name, form, case):
    assert same_name(unicodedata.normalize(form, case(name)), name) == "same"


@given(written)
def test_a_name_is_the_same_with_its_tones_placed_the_other_way(name):
    other = replaced(name, TONE_PLACEMENTS)
    assert same_name(other, name) == "same"
    assert same_name(replaced(name, [(new, old) for old, new in TONE_PLACEMENTS]), name) == "same"


@given(written, st.sampled_from(["", "’", "‘", "ʼ", "`", "´"]), st.sampled_from(["-", " – ", "—", "‑", "\u00a0", "  "]))
def test_a_name_is_the_same_with_other_apostrophes_dashes_and_spaces(name, apostrophe, gap):
    head, _, tail = name.partition(" ")
    assert same_name(f"  {head} {tail.replace(' ', gap)} ".replace("'", apostrophe), name) == "same"


@given(written, written)
def test_comparing_two_names_either_way_gives_the_same_answer(one, other):
    assert same_name(one, other) == same_name(other, one)


@given(written)
def test_a_name_typed_without_accents_is_equal_only_without_accents(name):
    bare = plain(name)
    assert same_name(bare, name) == ("same" if bare == name.casefold() else "accents")


@pytest.mark.parametrize(("name", "official"), [
    ("Phường Yên Hoà", "Phường Yên Hòa"),
    ("Xã Thuỷ Xuân", "Xã Thủy Xuân"),
    ("P. Bến Nghé", "Phường Bến Nghé"),
    ("P.Bến Nghé", "Phường Bến Nghé"),
    ("P Bến Nghé", "Phường Bến Nghé"),
    ("Bến Nghé", "Phường Bến Nghé"),
    ("Xã Bến Nghé", "Phường Bến Nghé"),
    ("P.1", "Phường 1"),
    ("Q1", "Quận 1"),
    ("X. Mường Toong", "Xã Mường Toong"),
    ("TT. Ái Tử", "Thị Trấn Ái Tử"),
    ("TX Kỳ Anh", "Thị xã Kỳ Anh"),
    ("H. Cồn Cỏ", "Huyện Cồn Cỏ"),
    ("Vân Đồn", "Đặc khu Vân Đồn"),
    ("T. Lai Châu", "Tỉnh Lai Châu"),
    ("TP.Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
    ("T.P. Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
    ("Tp Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
    ("Bà Rịa–Vũng Tàu", "Tỉnh Bà Rịa - Vũng Tàu"),
    ("Xã Ia Krêl", "Xã Ia Krêl"),
    ("Thị trấn D’Ran", "Xã D'Ran"),
    ("xã KDang", "Xã K'Dang"),
    ("\u00d0ắk Lắk", "Tỉnh Đắk Lắk"),
    ("ĐẮKLẮK", "Tỉnh Đắk Lắk"),
    ("Tịnh Khê", "Xã Tịnh Khê"),
    ("Phường Đúc", "Phường Phường Đúc"),
])  # fmt: skip
def test_what_does_not_count_in_a_name(name, official):
    assert same_name(name, official) == "same"


@pytest.mark.parametrize(("name", "official"), [
    ("Ben Nghe", "Phường Bến Nghé"),
    ("PHUONG BEN NGHE", "Phường Bến Nghé"),
    ("Đăk Lăk", "Tỉnh Đắk Lắk"),
    ("Dak Lak", "Tỉnh Đắk Lắk"),
    ("Tấn Phu", "Xã Tân Phú"),
    ("Lao Ài", "Xã Lào Ai"),
    ("Hưng Sơn", "Xã Hùng Sơn"),
])  # fmt: skip
def test_a_name_equal_only_without_accents_is_told_apart(name, official):
    assert same_name(name, official) == "accents"


@pytest.mark.parametrize(("name", "official"), [
    pytest.param("Phường 1", "Phường 11", id="a number is not its beginning"),
    pytest.param("Phường 1 1", "Phường 11", id="two numbers are not one"),
    pytest.param("X· Xu©n S¬n", "Xã Xuân Sơn", id="TCVN3 commune"),
    pytest.param("Thµnh phè Hå ChÝ Minh", "Thành phố Hồ Chí Minh", id="TCVN3 city"),
    pytest.param("Xaõ Xuaân Sôn", "Xã Xuân Sơn", id="VNI"),
    pytest.param("TP.HCM", "Thành phố Hồ Chí Minh", id="initials"),
    pytest.param("Phường", "Phường Bến Nghé", id="only a prefix"),
    pytest.param("", "Phường Bến Nghé", id="nothing"),
    pytest.param("Tịnh Khê", "Xã Khê", id="a name that begins almost like a prefix"),
    pytest.param("Phường Ngọc Trạo", "Phường Hạc Thành", id="another name"),
])  # fmt: skip
def test_anything_else_is_another_name(name, official):
    assert same_name(name, official) == "other"


def covers():
    with (SAMPLES / "expected.csv").open(encoding="utf-8", newline="") as stream:
        for expected in csv.DictReader(stream):
            if expected["verdict"] in ("accepted", "accepted_with_warnings", "returned"):
                yield pytest.param(expected, id=Path(expected["path"]).name)


@pytest.mark.parametrize("expected", list(covers()))
def test_the_covers_of_the_field_samples_are_judged_as_expected(expected):
    sheet = CalamineWorkbook.from_path(str(SAMPLES / expected["path"])).get_sheet_by_name("TT chung")
    cover = [str(row[1]) if len(row) > 1 else "" for row in sheet.to_python(skip_empty_area=False)]
    day = next(day for period, day in MAP_DATES.items() if period in expected["path"])
    code = cover[4]
    official = {
        "B6": REGISTER.at(code, day),
        "B7": REGISTER.district_of(code, day),
        "B8": REGISTER.province_of(code, day),
    }
    for cell, area in official.items():
        answer = same_name(cover[int(cell[1:]) - 1], area.name if area else "")
        assert answer == ("other" if f"S07@TT chung!{cell}" in expected["rules"] else "same")


@pytest.mark.parametrize(("text", "compared"), [
    ("  Tổng\u00a0 SỐ ", "tong so"),
    ("ĐVT", "dvt"),
    ("\u00d0VT", "dvt"),
    ("Không", "khong"),
    (unicodedata.normalize("NFD", "Không rõ giới tính"), "khong ro gioi tinh"),
    ("0-5 tuổi", "0-5 tuoi"),
    ("", ""),
])  # fmt: skip
def test_labels_are_compared_without_accents_case_and_spaces_around(text, compared):
    assert plain(text) == compared


@pytest.mark.parametrize("legacy", ["Tæng sè", "Nam gi¬i", "Toång soá", "TrÎ em"])
def test_a_label_in_a_legacy_font_matches_nothing(legacy):
    assert plain(legacy) not in {plain(label) for label in ("Tổng số", "Nam giới", "Trẻ em")}


@pytest.mark.parametrize(("name", "area_type", "english"), [
    ("Phường Bến Nghé", "Phường", "Ben Nghe Ward"),
    ("Phường 8", "Phường", "Ward 8"),
    ("Phường 1 Bảo Lộc", "Phường", "1 Bao Loc Ward"),
    ("Thành phố Hà Nội", "Thành phố", "Ha Noi City"),
    ("Tỉnh Lai Châu", "Tỉnh", "Lai Chau Province"),
    ("Tỉnh Đắk Lắk", "Tỉnh", "Dak Lak Province"),
    ("Xã Cư M'gar", "Xã", "Cu M'gar Commune"),
    ("Thị Trấn Ái Tử", "Thị trấn", "Ai Tu Township"),
    ("Đặc khu Bạch Long Vĩ", "Đặc khu", "Bach Long Vi Special Zone"),
    ("Quận 1", "Quận", "District 1"),
    ("Quận Ba Đình", "Quận", "Ba Dinh District"),
    ("Huyện Cồn Cỏ", "Huyện", "Con Co District"),
    ("Thị xã Kỳ Anh", "Thị xã", "Ky Anh Town"),
])  # fmt: skip
def test_an_english_name_is_unaccented_and_says_the_type(name, area_type, english):
    assert english_name(name, area_type) == english


def test_every_area_has_an_english_name_in_plain_letters():
    assert {area.type for area in REGISTER.areas} == set(TYPES_IN_ENGLISH)
    assert all(english_name(area.name, area.type).isascii() for area in REGISTER.areas)
