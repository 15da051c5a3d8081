"""The rules that need more than the workbook: who sent it, when, on which map, and what came before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tally.areas.resolve import Resolver, Written
from tally.contracts.aliases import Alias
from tally.contracts.areas import Area, Register
from tally.contracts.model import Contracts
from tally.names import same_name
from tally.periods import LOCAL_TIME, Period
from tally.readings import Cover, Fault
from tally.vocabulary import COVER_SHEET, Severity


@dataclass(frozen=True)
class Sent:
    """How a workbook came, and whether an earlier one for the same report was read."""

    folder: str
    received_at: datetime
    has_earlier: bool


@dataclass(frozen=True)
class Standing:
    """What the rules say of one submission: its faults, the rules that could be asked, and whose report it is."""

    faults: tuple[Fault, ...]
    judged: frozenset[str]
    area: Area | None
    period: Period | None


def standing(cover: Cover, sent: Sent, contracts: Contracts) -> Standing:
    """Judge S03–S05, S07, S08, S10, S13 and S15 of one workbook that could be opened.

    Blanks  a rule whose operand is not there is not judged, unless the rule is that it should be there.
    Source  FORMS.md, "Rules about the submission itself".
    """
    period = cover.period
    faults = _period_faults(cover, sent)
    judged = {"S05"}
    area: Area | None = None
    if period:
        judged |= {"S03"}
        area, area_faults = _area(cover, sent, period, contracts)
        faults += area_faults
        if area:
            judged |= {"S04"}
            if sent.folder != area.code:
                faults.append(_wrong_folder(cover, sent, area))
    if not faults and area and period:
        judged |= {"S07", "S08", "S10", "S13"}
        faults += _name_faults(cover, area, period, contracts.register)
        faults += _signature_faults(cover, period)
        faults += _kind_faults(cover, sent)
        faults += _late_faults(sent, area, period, contracts)
        if contracts.register.children(area.code, period.map_date):
            judged.add("S15")
            faults += _coverage_faults(cover, area, period, contracts.register)
    return Standing(tuple(faults), frozenset(judged), area, period)


def _fault(rule_code: str, cover: Cover, field: str, vi: str, en: str, severity: Severity = Severity.CRITICAL) -> Fault:
    return Fault(rule_code, severity, COVER_SHEET, cover.cells.get(field), None, vi, en)


def _period_faults(cover: Cover, sent: Sent) -> list[Fault]:
    period = cover.period
    if period is None:
        return [
            _fault(
                "S05", cover, "period", "không đọc được kỳ báo cáo trên bìa", "the period on the cover cannot be read"
            )
        ]
    if (cover.start_date, cover.end_date) != (period.start_date, period.end_date):
        return [
            _fault(
                "S05",
                cover,
                "start_date",
                f"{period.label_vi} là từ {period.start_date:%d/%m/%Y} đến {period.end_date:%d/%m/%Y}, "
                f"bìa ghi từ {_day(cover.start_date, 'trống')} đến {_day(cover.end_date, 'trống')}",
                f"{period.label_en} runs from {period.start_date:%d/%m/%Y} to {period.end_date:%d/%m/%Y}, "
                f"the cover says {_day(cover.start_date, 'nothing')} to {_day(cover.end_date, 'nothing')}",
            )
        ]
    if sent.received_at.astimezone(LOCAL_TIME).date() <= period.end_date:
        return [
            _fault(
                "S05",
                cover,
                "period",
                f"{period.label_vi} chưa kết thúc khi nhận báo cáo ({period.end_date:%d/%m/%Y})",
                f"{period.label_en} had not ended ({period.end_date:%d/%m/%Y}) when the report was received",
            )
        ]
    return []


def _area(cover: Cover, sent: Sent, period: Period, contracts: Contracts) -> tuple[Area | None, list[Fault]]:
    register = contracts.register
    code = cover.area_code
    day = period.map_date
    if not code:
        vi, en = _whose_names(cover, sent, period, contracts)
        return None, [
            _fault(
                "S03",
                cover,
                "area_code",
                f"không đọc được mã đơn vị hành chính trên bìa{vi}",
                f"there is no readable area code on the cover{en}",
            )
        ]
    area = register.at(code, day)
    if area is None:
        successors = register.successors(code, day)
        if successors:
            names = ", ".join(f"{s.code} {s.name}" for s in successors)
            return None, [
                _fault(
                    "S03",
                    cover,
                    "area_code",
                    f"mã {code} không còn trên bản đồ của kỳ {period.label_vi}; đơn vị kế thừa: {names}",
                    f"code {code} is no longer on the map of {period.code}; its successors: {names}",
                )
            ]
        vi, en = _whose_names(cover, sent, period, contracts)
        return None, [
            _fault(
                "S03",
                cover,
                "area_code",
                f"không có đơn vị hành chính nào mang mã {code} trong kỳ {period.label_vi}{vi}",
                f"no area has the code {code} in {period.code}{en}",
            )
        ]
    if not register.owes(code, day):
        return None, [
            _fault(
                "S03",
                cover,
                "area_code",
                f"{area.name} ({code}) không phải báo cáo trong kỳ {period.label_vi}",
                f"{area.name} ({code}) owes no report in {period.code}",
            )
        ]
    if cover.level != area.level:
        return None, [
            _fault(
                "S03",
                cover,
                "level",
                f"cấp báo cáo trên bìa không phải là cấp của mã {code} ({area.name})",
                f"the level on the cover is not that of code {code} ({area.name})",
            )
        ]
    return area, []


def _whose_names(cover: Cover, sent: Sent, period: Period, contracts: Contracts) -> tuple[str, str]:
    """Which area of the sender's province the cover's names are; nothing to say where they could be another's."""
    province = contracts.register.province_of(sent.folder, period.map_date)
    written = Written(cover.area_name, cover.district_name, cover.province_name)
    if province is None:
        return "", ""
    resolver = _resolver(contracts.register, contracts.aliases)
    meant = resolver.resolve(written, period.map_date, province.code, cover.level).area
    if meant is None:
        return "", ""
    return f"; tên trên bìa là của {meant.code} {meant.name}", f"; the names are those of {meant.code} {meant.name}"


@lru_cache(maxsize=2)
def _resolver(register: Register, aliases: tuple[Alias, ...]) -> Resolver:
    return Resolver(register, aliases)


def _wrong_folder(cover: Cover, sent: Sent, area: Area) -> Fault:
    return _fault(
        "S04",
        cover,
        "area_code",
        f"bìa ghi mã {area.code} nhưng tệp nằm trong thư mục của đơn vị khác",
        f"the cover says {area.code} but the file lies in the folder of another area",
    )


def _name_faults(cover: Cover, area: Area, period: Period, register: Register) -> list[Fault]:
    day = period.map_date
    asked = [
        ("area_name", cover.area_name, area),
        ("district_name", cover.district_name, register.district_of(area.code, day)),
        ("province_name", cover.province_name, register.province_of(area.code, day)),
    ]
    faults = []
    for field, written, official in asked:
        if official is None:
            if written:
                faults.append(
                    _fault(
                        "S07",
                        cover,
                        field,
                        "kỳ này không còn cấp huyện, ô này để trống",
                        "there is no district in this period: leave the cell empty",
                    )
                )
            continue
        match same_name(written or "", official.name):
            case "accents":
                faults.append(
                    _fault(
                        "S07",
                        cover,
                        field,
                        f"tên viết khác dấu với tên chính thức «{official.name}»",
                        f"the name differs from the official «{official.name}» in its accents",
                        Severity.WARNING,
                    )
                )
            case "other":
                faults.append(
                    _fault(
                        "S07",
                        cover,
                        field,
                        f"tên không phải là tên chính thức «{official.name}» của mã {official.code}",
                        f"the name is not the official «{official.name}» of code {official.code}",
                    )
                )
    return faults


def _signature_faults(cover: Cover, period: Period) -> list[Fault]:
    faults = []
    if not cover.is_signed:
        faults.append(_fault("S08", cover, "signed_by", "báo cáo chưa được ký", "the report is not signed"))
    if cover.signed_date is None:
        faults.append(
            _fault("S08", cover, "signed_date", "không đọc được ngày ký", "the date of signature cannot be read")
        )
    elif cover.signed_date <= period.end_date:
        faults.append(
            _fault(
                "S08",
                cover,
                "signed_date",
                f"ngày ký {cover.signed_date:%d/%m/%Y} không sau ngày cuối kỳ {period.end_date:%d/%m/%Y}",
                f"signed on {cover.signed_date:%d/%m/%Y}, not after the period's last day {period.end_date:%d/%m/%Y}",
            )
        )
    return faults


def _kind_faults(cover: Cover, sent: Sent) -> Sequence[Fault]:
    if not sent.has_earlier or cover.report_kind in ("supplement", "correction"):
        return []
    return [
        _fault(
            "S10",
            cover,
            "report_kind",
            "đã có báo cáo của kỳ này, lần gửi này không ghi là Bổ sung hoặc Đính chính",
            "there is a report for this period already, and this one does not say Bổ sung or Đính chính",
            Severity.WARNING,
        )
    ]


def _late_faults(sent: Sent, area: Area, period: Period, contracts: Contracts) -> Sequence[Fault]:
    due = contracts.due_date(area, period)
    day = sent.received_at.astimezone(LOCAL_TIME).date()
    if day <= due:
        return []
    return [
        Fault(
            "S13",
            Severity.INFO,
            None,
            None,
            None,
            f"nhận ngày {day:%d/%m/%Y}, hạn là {due:%d/%m/%Y}",
            f"received on {day:%d/%m/%Y}, due on {due:%d/%m/%Y}",
        )
    ]


def _coverage_faults(cover: Cover, area: Area, period: Period, register: Register) -> list[Fault]:
    owed = len(register.children(area.code, period.map_date))
    faults = []
    if cover.reports_expected is not None and cover.reports_expected != owed:
        faults.append(
            _fault(
                "S15",
                cover,
                "reports_expected",
                f"ghi {cover.reports_expected} đơn vị phải báo cáo, danh mục có {owed}",
                f"says {cover.reports_expected} units owe a report, the register has {owed}",
                Severity.WARNING,
            )
        )
    if cover.reports_made is not None and cover.reports_made > (cover.reports_expected or owed):
        faults.append(
            _fault(
                "S15",
                cover,
                "reports_made",
                f"ghi {cover.reports_made} đơn vị đã báo cáo, nhiều hơn số phải báo cáo",
                f"says {cover.reports_made} units reported, more than owe a report",
                Severity.WARNING,
            )
        )
    return faults


def _day(day: object, nothing: str) -> str:
    return f"{day:%d/%m/%Y}" if day else nothing
