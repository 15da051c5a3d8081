"""The figures of every piece of one province: people drawn one by one, stocks by rates, counted as the forms ask.

People are drawn with a sex, an age, a form of abuse and so on, and then counted, so that every identity of the forms
holds in every piece and half-year, and therefore in every sum of pieces and half-years.
Source  published_figures: Ministry of Public Security 2015–2024, hotline 111, population census 2019, reports of
        Quảng Ninh 2013 on groups of children in special circumstances, identified victims of trafficking 2021–2022.
        What is not published (settings, services, bullying, prevention) is an assumption of this module.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.periods import Period
from tally.simulation.pieces import HOME_DAY, Piece

Counts = NDArray[np.int64]
Shares = NDArray[np.float64]
Mask = NDArray[np.bool_]
Cell = tuple[str, str]
Table = dict[Cell, Counts]
Halves = tuple[int, ...]

# children under 16 (census 2019), by the kind of lowest area; None: any other kind
CHILDREN_BY_TYPE: Mapping[str | None, float] = {"Phường": 4950, "Thị trấn": 3050, "Huyện": 1800, None: 1880}
GIRLS_OF_CHILDREN = 0.4787
SPECIAL_SHARE = 0.068  # 2023

# per child and year
INCIDENT_RATE = 1.06e-4
INCIDENTS_PER_DOUBLE = 16  # one incident in 16 has two victims: 2,505 victims in 2,361 incidents, 2024
LARGEST_INCIDENT_MEAN = 4.0  # of a commune and year: what is drawn stays below any reasonable alarm
FRAILTY_SHAPE = 0.65
MORE_OFFENDERS = 0.24  # 2,931 offenders in 2,361 incidents, 2024
REPORT_RATES = {
    "reports_from_hotline_111": 5.5e-5,
    "reports_from_police": 6.0e-5,
    "reports_from_public": 9.0e-5,
    "reports_from_school": 2.7e-5,
    "reports_from_health": 1.3e-5,
    "reports_from_other": 1.6e-5,
}
OTHER_CASES_RATE = 6.6e-5
SERVED_WITHOUT_CASE_RATE = 9.0e-5
BULLYING_RATE = 2.3e-5
OTHER_ONLINE_RATE = 1.5e-5
REMOVAL_RATE = 1.1e-5
CONFLICT_RATE = 1.1e-4
WITNESS_RATE = 3.0e-5
TRAFFICKED_RATE = 1.6e-6  # beside the children whose main form of abuse is trafficking
TRAFFICKED_ADULT_RATE = 5.2e-6
LONGEST_CASE = 6  # half-years
CASE_STAYS_OPEN = 0.6  # from one half-year to the next

FAMILY_OFFENDERS, YOUNG_OFFENDERS = 0.213, 0.12
VICTIMS_WITH_A_CASE, CASES_SERVED = 0.85, 0.9
CASE_STEPS = {
    "cases_risk_assessed": 0.85,
    "emergency_measures_within_12h": 0.22,
    "intervention_plans_approved": 0.70,
}
BULLIED_BESIDE_ONE = 2.1  # 1,453 pupils in 466 incidents, school year 2023–24
BULLIED_SEX = (0.645, 0.35, 0.005)  # 509 girls
BULLIED_AGES = (0.01, 0.24, 0.74, 0.01)
BULLIED_AT_SCHOOL, BULLIED_ONLINE_TOO, BULLIED_SUPPORTED = 0.8, 0.2, 0.75
OTHER_ONLINE_NOT_SEXUAL, REMOVALS_DONE = 0.3, 0.8
CONFLICT_SEX = (0.92, 0.075, 0.005)
CONFLICT_STEPS = {"justice_diverted": 0.35, "justice_detained": 0.08, "justice_reintegrated": 0.5}
VICTIMS_HEARD, HEARD_FRIENDLY, TRAFFICKED_SUPPORTED = 0.75, 0.7, 0.85
TRAFFICKED_ADULT_SEX = (0.45, 0.55, 0.0)

SEXES = ("M", "F", "U")
AGES = ("Y0T5", "Y6T10", "Y11T15", "AGE_U")
AGE_SHARES = (0.12, 0.25, 0.62, 0.01)
VICTIM_SEX = (0.192, 0.804, 0.004)
CHILD_SEX = (0.45, 0.545, 0.005)
OFFENDER_SEX = (0.95, 0.04, 0.01)
FORMS = (
    "abuse_victims_violence", "abuse_victims_exploitation", "abuse_victims_sexual", "abuse_victims_trafficking",
    "abuse_victims_abandonment", "abuse_victims_neglect", "abuse_victims_other_harm",
)  # fmt: skip
SEXUAL = FORMS.index("abuse_victims_sexual")
BOYS_FORMS = (0.34, 0.04, 0.45, 0.01, 0.05, 0.04, 0.07)
GIRLS_FORMS = (0.048, 0.014, 0.862, 0.012, 0.018, 0.014, 0.032)
ACTS = (
    "sexual_abuse_rape", "sexual_abuse_coerced", "sexual_abuse_intercourse", "sexual_abuse_molestation",
    "sexual_abuse_exploitative",
)  # fmt: skip
ACT_SHARES = (0.341, 0.005, 0.474, 0.170, 0.010)
SETTINGS = (
    "abuse_setting_family", "abuse_setting_school", "abuse_setting_community", "abuse_setting_online",
    "abuse_setting_other",
)  # fmt: skip
SETTING_SHARES = (0.27, 0.07, 0.51, 0.08, 0.07)
SERVICES = {
    "service_case_management": 0.60,
    "service_social_worker": 0.45,
    "service_family_based_care": 0.05,
    "service_psychosocial": 0.40,
    "service_health": 0.30,
    "service_justice": 0.30,
    "service_content_removal": 0.02,
    "service_compensation": 0.04,
    "service_education_vocational": 0.15,
    "service_social_protection": 0.35,
}
# main group of a child in special circumstances; a few children are in a second one
GROUPS = {
    "special_orphaned": 0.070,
    "special_abandoned": 0.025,
    "special_without_support": 0.150,
    "special_disability": 0.390,
    "special_hiv": 0.022,
    "special_in_conflict_with_law": 0.015,
    "special_drug_addiction": 0.002,
    "special_out_of_school_working": 0.062,
    "special_harmed_by_violence": 0.008,
    "special_exploited": 0.004,
    "special_sexually_abused": 0.004,
    "special_trafficked": 0.001,
    "special_serious_illness_poor": 0.195,
    "special_migrant_refugee": 0.052,
}
SECOND_GROUPS = {"special_disability": ("special_serious_illness_poor", 0.05)}
SECOND_GROUP_OF_OTHERS = ("special_disability", 0.03)
# whole and part of BVTE-06, and the share reached in 2025; of the first three so many for each child
PREVENTION = (
    ("families_with_children", "families_informed", 0.78),
    ("pupils", "pupils_taught_self_protection", 0.90),
    ("education_institutions", "education_institutions_campaigning", 0.86),
    ("protection_workers", "protection_workers_trained", 0.72),
    ("health_facilities", "health_facilities_capable", 0.80),
    ("police_investigators", "police_investigators_trained", 0.60),
)
PREVENTION_WHOLES = (0.62, 0.68, 1 / 900)
PREVENTION_GROWTH = 0.015  # a year
FRIENDLY_UNIT_SHARE, EMERGENCY_SERVICE_SHARE = 0.40, 0.90


@dataclass(frozen=True)
class People:
    """Persons of one kind and year, one array a trait; `half` is 0 for the first six months, 1 for the rest."""

    piece: Counts
    half: Counts
    traits: Mapping[str, NDArray[Any]]

    def __getitem__(self, trait: str) -> NDArray[Any]:
        return self.traits[trait]

    def __len__(self) -> int:
        return len(self.piece)

    def those(self, which: Mask) -> "People":
        return People(self.piece[which], self.half[which], {name: trait[which] for name, trait in self.traits.items()})

    def during(self, halves: Halves) -> "People":
        return self.those(np.isin(self.half, halves))

    def only(self, *traits: str) -> "People":
        return People(self.piece, self.half, {name: self.traits[name] for name in traits})

    def having(self, **traits: NDArray[Any]) -> "People":
        return People(self.piece, self.half, {**self.traits, **traits})

    def and_also(self, others: "People") -> "People":
        traits = {name: np.concatenate([trait, others[name]]) for name, trait in self.traits.items()}
        return People(np.concatenate([self.piece, others.piece]), np.concatenate([self.half, others.half]), traits)


class Province:
    """One province of `HOME_DAY`: its pieces and everything that is drawn for them.

    Shape   every array of counts has one entry a piece.
    """

    def __init__(self, seed: int, code: str, pieces: list[Piece]) -> None:
        self.code, self.pieces, self._seed = code, pieces, seed
        homes = [piece.on(HOME_DAY) for piece in pieces]
        names = sorted({home.code for home in homes if home})
        places = {name: at for at, name in enumerate(names)}
        self._home = np.array([places[home.code] for home in homes if home])
        self._homes = len(names)
        self._draw_traits()

    def figures(self, period: Period) -> Table:
        """Every figure that the simulator knows, for the whole of a period, by indicator and column."""
        table: Table = {}
        halves: Halves = (0,) if period.part == "S1" else (0, 1)
        self._count_children(table, 2 * period.year + halves[-1])
        self._count_abuse(table, period.year, halves)
        self._count_cases(table, period.year, halves)
        self._count_bullying(table, period.year, halves)
        self._count_justice(table, period.year, halves)
        self._count_prevention(table, period.year)
        return table

    def _draw_traits(self) -> None:
        """What stays as it is for ever: how large, how rich in minorities, how much comes to light."""
        rng = self._rng("traits")
        homes, pieces, size = self._homes, self.pieces, len(self.pieces)
        oldest = {piece.path[0].code: piece.path[0].type for piece in pieces}
        means = np.array([CHILDREN_BY_TYPE.get(kind, CHILDREN_BY_TYPE[None]) for kind in oldest.values()])
        sizes = dict(zip(oldest, means * _lognormal(rng, 0.5, len(oldest)), strict=True))
        self._size = np.array([max(sizes[piece.path[0].code], 150.0) * piece.share for piece in pieces])
        self._home_size = np.bincount(self._home, self._size, homes)
        self._growth = np.clip(rng.normal(0.002, 0.006, size), -0.02, 0.02)
        self._minority = np.clip(rng.beta(0.25, 1.1, homes)[self._home] * _lognormal(rng, 0.2, size), 0, 0.99)
        self._boys = np.clip(rng.normal(1 - GIRLS_OF_CHILDREN, 0.008, size), 0.45, 0.6)
        special = SPECIAL_SHARE * _lognormal(rng, 0.3, homes)[self._home] * _lognormal(rng, 0.15, size)
        self._special = np.clip(special, 0.016, 0.2)
        self._supported = rng.beta(8, 2.5, homes)[self._home]
        self._groups = rng.gamma(np.array(list(GROUPS.values())) * 60, size=(homes, len(GROUPS)))
        self._offsets = rng.random((5, 5, size)) * 0.999
        self._frailty = {
            name: np.minimum(rng.gamma(shape, 1 / shape, homes), 5.0)[self._home]
            for name, shape in (("abuse", FRAILTY_SHAPE), ("reports", 0.7), ("bullying", 0.5), ("justice", 0.6))
        }
        self._level = {name: _lognormal(rng, 0.15, 1)[0] for name in self._frailty}
        self._workers = 1 + rng.poisson(6, size)
        self._investigators = rng.poisson(0.3, size)
        largest = {piece.path[0].code: at for at, piece in sorted(enumerate(pieces), key=lambda one: one[1].share)}
        self._stations = np.isin(np.arange(len(pieces)), list(largest.values())).astype(np.int64)
        self._reached = np.clip(rng.normal(0, 0.08, (len(PREVENTION), homes)), -0.3, 0.1)[:, self._home]
        # of both halves together never all children
        self._taught_online = np.minimum(rng.beta(4, 6, homes)[self._home] * 0.6, 0.45)

    def _rng(self, *what: object) -> np.random.Generator:
        return generator(self._seed, self.code, *what)

    # stocks

    def _children(self, moment: int) -> Counts:
        """Children under 16 at the end of a half-year, numbered 2 × year, + 1 for the second."""
        wobble = self._rng("children", moment).normal(0, 0.003, len(self.pieces))
        return np.floor(self._size * np.exp(self._growth * (moment / 2 - 2025)) * (1 + wobble) + 0.5).astype(np.int64)

    def _count_children(self, table: Table, moment: int) -> None:
        children = self._children(moment)
        boys = np.floor(children * self._boys + 0.5).astype(np.int64)
        boys_minority = np.floor(boys * self._minority + self._offsets[0, 4]).astype(np.int64)
        girls_minority = np.floor((children - boys) * self._minority + self._offsets[1, 4]).astype(np.int64)
        parts = {
            ("M", True): boys_minority,
            ("M", False): boys - boys_minority,
            ("F", True): girls_minority,
            ("F", False): children - boys - girls_minority,
        }
        table["children_under_16", "T"] = children
        table["children_under_16", "M"] = boys
        table["children_under_16", "F"] = children - boys
        table["children_under_16", "ETH"] = boys_minority + girls_minority

        rng = self._rng("special", moment)
        drift = np.exp(rng.normal(0, 0.04, self._groups.shape))
        groups = (self._groups * drift / (self._groups * drift).sum(axis=1, keepdims=True))[self._home]
        # each group in two: supported and not
        halved = np.stack([groups * self._supported[:, None], groups * (1 - self._supported)[:, None]], axis=2)
        shares = halved.reshape(len(self.pieces), -1)
        names = ("children_special_circumstances", *GROUPS)
        for name in names:
            for column in ("T", "M", "F", "ETH", "SUP"):
                table[name, column] = np.zeros(len(self.pieces), np.int64)
        for at, ((sex, minority), number) in enumerate(parts.items()):
            rate = self._special * (1.06 if sex == "M" else 0.935)
            special = np.floor(number * rate + self._offsets[at, 0]).astype(np.int64)
            mains = _apportioned(special, shares, self._offsets[at, 1]).reshape(len(self.pieces), len(GROUPS), 2)
            counted = mains.copy()
            for group, name in enumerate(GROUPS):
                second, share = SECOND_GROUPS.get(name, SECOND_GROUP_OF_OTHERS)
                overlap = np.floor(mains[:, group] * share + self._offsets[at, 2:4].T).astype(np.int64)
                counted[:, list(GROUPS).index(second)] += overlap
            for name, both in zip(names, (mains.sum(axis=1), *counted.transpose(1, 0, 2)), strict=True):
                for column in ("T", sex, *(("ETH",) if minority else ())):
                    table[name, column] += both.sum(axis=1)
                table[name, "SUP"] += both[:, 0]

    def _count_prevention(self, table: Table, year: int) -> None:
        children = table["children_under_16", "T"]
        wholes = [np.floor(children * number + self._offsets[4, at]) for at, number in enumerate(PREVENTION_WHOLES)]
        wholes += [self._workers, self._stations, self._investigators]
        for at, (whole, (name, reached_name, share)) in enumerate(zip(wholes, PREVENTION, strict=True)):
            reached = np.clip(share + PREVENTION_GROWTH * (year - 2025) + self._reached[at], 0.05, 1.0)
            table[name, "T"] = whole.astype(np.int64)
            table[reached_name, "T"] = np.floor(whole * reached + self._offsets[3, at % 4]).astype(np.int64)

    # people

    def _abuse(self, year: int) -> tuple[People, People]:
        """The incidents and the victims of a year."""
        rng = self._rng("abuse", year)
        rates = INCIDENT_RATE * self._size * self._frailty["abuse"] * self._level["abuse"]
        means = np.minimum(np.bincount(self._home, rates, self._homes), LARGEST_INCIDENT_MEAN)
        numbers = np.minimum(rng.poisson(means), np.floor(means + 2.3 * np.sqrt(means) + 1).astype(np.int64))
        places = np.sort(self._within(rng, np.repeat(np.arange(self._homes), numbers)))
        number = len(places)
        incidents = People(places, rng.integers(0, 2, number), {"offenders": 1 + (rng.random(number) < MORE_OFFENDERS)})
        # evenly through the province, so that no area has more than a few
        doubles = (np.arange(number) + rng.integers(INCIDENTS_PER_DOUBLE)) % INCIDENTS_PER_DOUBLE == 0
        of = np.repeat(np.arange(number), 1 + doubles)
        sex = _drawn(rng, VICTIM_SEX, len(of))
        traits = {
            "sex": sex,
            "age": _drawn(rng, AGE_SHARES, len(of)),
            "form": np.where(sex == 0, _drawn(rng, BOYS_FORMS, len(of)), _drawn(rng, GIRLS_FORMS, len(of))),
            "act": _drawn(rng, ACT_SHARES, len(of)),
            "setting": _drawn(rng, SETTING_SHARES, len(of)),
        }
        return incidents, People(incidents.piece[of], incidents.half[of], traits)

    def _count_abuse(self, table: Table, year: int, halves: Halves) -> None:
        incidents, victims = self._abuse(year)
        table["abuse_incidents", "T"] = self._number(incidents.during(halves))
        of = np.repeat(np.arange(len(incidents)), incidents["offenders"])
        rng = self._rng("offenders", year)
        traits = {
            "sex": _drawn(rng, OFFENDER_SEX, len(of)),
            "family": rng.random(len(of)) < FAMILY_OFFENDERS,
            "under_18": rng.random(len(of)) < YOUNG_OFFENDERS,
        }
        offenders = People(incidents.piece[of], incidents.half[of], traits).during(halves)
        self._count(table, "abuse_offenders", offenders)
        self._count(table, "abuse_offenders_family", offenders.those(offenders["family"]))
        self._count(table, "abuse_offenders_under_18", offenders.those(offenders["under_18"]))

        victims = victims.during(halves)
        self._count(table, "abuse_victims", victims)
        for form, name in enumerate(FORMS):
            self._count(table, name, victims.those(victims["form"] == form))
        sexual = victims.those(victims["form"] == SEXUAL)
        for act, name in enumerate(ACTS):
            self._count(table, name, sexual.those(sexual["act"] == act))
        for setting, name in enumerate(SETTINGS):
            self._count(table, name, victims.those(victims["setting"] == setting))

    def _cases(self, year: int) -> People:
        """The cases opened in a year: most victims of abuse, and children at risk."""
        rng = self._rng("cases", year)
        _, victims = self._abuse(year)
        opened = victims.those(rng.random(len(victims)) < VICTIMS_WITH_A_CASE).only("sex")
        opened = opened.and_also(self._persons(rng, OTHER_CASES_RATE, "reports", CHILD_SEX))
        moment = 2 * year + opened.half
        lasts = np.minimum(rng.geometric(1 - CASE_STAYS_OPEN, len(opened)) - 1, LONGEST_CASE - 1)
        return opened.having(opened=moment, closed=moment + lasts)

    def _count_cases(self, table: Table, year: int, halves: Halves) -> None:
        rng = self._rng("reports", year)
        for name, rate in REPORT_RATES.items():
            table[name, "T"] = self._number(self._persons(rng, rate, "reports").during(halves))
        table["reports_received", "T"] = np.sum([table[name, "T"] for name in REPORT_RATES], axis=0)

        first, last = 2 * year, 2 * year + halves[-1]
        cases = new = self._cases(year)
        for earlier in range(year - LONGEST_CASE // 2, year):
            cases = cases.and_also(self._cases(earlier))
        opened, closed = cases["opened"], cases["closed"]
        self._count(table, "cases_open_at_start", cases.those((opened < first) & (closed >= first)))
        self._count(table, "cases_opened", new.during(halves))
        self._count(table, "cases_closed", cases.those((closed >= first) & (closed <= last)))
        self._count(table, "cases_open_at_end", cases.those((opened <= last) & (closed > last)))

        rng = self._rng("services", year)
        for name, share in CASE_STEPS.items():
            self._count(table, name, new.those(rng.random(len(new)) < share).during(halves))
        served = new.those(rng.random(len(new)) < CASES_SERVED).only("sex")
        served = served.and_also(self._persons(rng, SERVED_WITHOUT_CASE_RATE, "reports", CHILD_SEX))
        given = rng.random((len(SERVICES), len(served))) < np.array(list(SERVICES.values()))[:, None]
        given[0] |= ~given.any(axis=0)
        self._count(table, "children_served", served.during(halves))
        for name, which in zip(SERVICES, given, strict=True):
            self._count(table, name, served.those(which).during(halves))

    def _count_bullying(self, table: Table, year: int, halves: Halves) -> None:
        rng = self._rng("bullying", year)
        incidents = self._persons(rng, BULLYING_RATE, "bullying")
        table["bullying_incidents", "T"] = self._number(incidents.during(halves))
        of = np.repeat(np.arange(len(incidents)), 1 + rng.poisson(BULLIED_BESIDE_ONE, len(incidents)))
        at_school = rng.random(len(of)) < BULLIED_AT_SCHOOL
        traits = {
            "sex": _drawn(rng, BULLIED_SEX, len(of)),
            "age": _drawn(rng, BULLIED_AGES, len(of)),
            "school": at_school,
            "online": ~at_school | (rng.random(len(of)) < BULLIED_ONLINE_TOO),
            "supported": rng.random(len(of)) < BULLIED_SUPPORTED,
        }
        bullied = People(incidents.piece[of], incidents.half[of], traits).during(halves)
        self._count(table, "bullying_victims", bullied)
        self._count(table, "bullying_victims_school", bullied.those(bullied["school"]))
        self._count(table, "bullying_victims_online", bullied.those(bullied["online"]))
        self._count(table, "bullying_victims_supported", bullied.those(bullied["supported"]))

        _, victims = self._abuse(year)
        online = victims.those(victims["setting"] == SETTINGS.index("abuse_setting_online"))
        others = self._persons(rng, OTHER_ONLINE_RATE, "abuse", VICTIM_SEX)
        others = others.having(age=_drawn(rng, AGE_SHARES, len(others)), form=np.full(len(others), SEXUAL))
        others["form"][rng.random(len(others)) < OTHER_ONLINE_NOT_SEXUAL] = 0
        online = online.only("sex", "age", "form").and_also(others).during(halves)
        self._count(table, "online_abuse_victims", online)
        self._count(table, "online_sexual_exploitation_victims", online.those(online["form"] == SEXUAL))

        requests = self._persons(rng, REMOVAL_RATE, "abuse")
        done = requests.those(rng.random(len(requests)) < REMOVALS_DONE)
        table["content_removal_requested", "T"] = self._number(requests.during(halves))
        table["content_removal_done", "T"] = self._number(done.during(halves))

        for half in halves:
            children = self._children(2 * year + half)
            share = self._taught_online * self._rng("online_safety", year, half).uniform(0.5, 1, len(self.pieces))
            for sex, part in (("M", self._boys), ("F", 1 - self._boys)):
                reached = np.floor(children * part * share).astype(np.int64)
                for column in ("T", sex):
                    before = table.get(("children_online_safety_reached", column), 0)
                    table["children_online_safety_reached", column] = before + reached
        table["children_online_safety_reached", "U"] = np.zeros(len(self.pieces), np.int64)

    def _count_justice(self, table: Table, year: int, halves: Halves) -> None:
        rng = self._rng("justice", year)
        on_file = self._persons(rng, CONFLICT_RATE, "justice", CONFLICT_SEX)
        self._count(table, "children_in_conflict_with_law", on_file.during(halves))
        for name, share in CONFLICT_STEPS.items():
            self._count(table, name, on_file.those(rng.random(len(on_file)) < share).during(halves))

        _, victims = self._abuse(year)
        heard = victims.those(rng.random(len(victims)) < VICTIMS_HEARD).only("sex")
        heard = heard.and_also(self._persons(rng, WITNESS_RATE, "justice", CHILD_SEX))
        friendly = heard.those(rng.random(len(heard)) < HEARD_FRIENDLY)
        self._count(table, "justice_child_victims_witnesses", heard.during(halves))
        self._count(table, "justice_child_friendly_interviews", friendly.during(halves))

        trafficked = victims.those(victims["form"] == FORMS.index("abuse_victims_trafficking")).only("sex")
        trafficked = trafficked.and_also(self._persons(rng, TRAFFICKED_RATE, None, CHILD_SEX))
        supported = trafficked.those(rng.random(len(trafficked)) < TRAFFICKED_SUPPORTED)
        adults = self._persons(rng, TRAFFICKED_ADULT_RATE, None, TRAFFICKED_ADULT_SEX)
        self._count(table, "trafficking_victims", trafficked.and_also(adults).during(halves))
        self._count(table, "trafficking_child_victims", trafficked.during(halves))
        self._count(table, "trafficking_child_victims_supported", supported.during(halves))

    def _persons(
        self, rng: np.random.Generator, rate: float, frailty: str | None, sexes: tuple[float, ...] | None = None
    ) -> People:
        """As many as a rate per child and year gives, each with a half of the year and, where asked for, a sex."""
        means = rate * self._size
        if frailty:
            means = means * self._frailty[frailty] * self._level[frailty]
        piece = np.repeat(np.arange(len(self.pieces)), rng.poisson(means))
        traits = {"sex": _drawn(rng, sexes, len(piece))} if sexes else {}
        return People(piece, rng.integers(0, 2, len(piece)), traits)

    def _within(self, rng: np.random.Generator, homes: Counts) -> Counts:
        """For each of these homes one of its pieces, by their children."""
        apart = np.argsort(self._home, kind="stable")
        upto = np.cumsum(self._home_size)
        last = np.cumsum(np.bincount(self._home, minlength=self._homes)) - 1
        at = upto[homes] - rng.random(len(homes)) * self._home_size[homes]
        found: Counts = np.searchsorted(np.cumsum(self._size[apart]), at)
        return apart[np.minimum(found, last[homes])]

    def _number(self, people: People) -> Counts:
        return np.bincount(people.piece, minlength=len(self.pieces))

    def _count(self, table: Table, name: str, people: People) -> None:
        """Everybody, and everybody by sex and, where it is known what it is, by age."""
        table[name, "T"] = self._number(people)
        for trait, columns in (("sex", SEXES), ("age", AGES)):
            if trait in people.traits:
                places = people.piece * len(columns) + people[trait]
                counts = np.bincount(places, minlength=len(self.pieces) * len(columns)).reshape(-1, len(columns))
                table.update({(name, column): counts[:, at] for at, column in enumerate(columns)})


def generator(seed: int, *what: object) -> np.random.Generator:
    """A generator of its own for everything that is drawn: the order of drawing changes nothing."""
    digest = hashlib.sha256("/".join(str(part) for part in (seed, *what)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))


def province_figures(seed: int, code: str, period: Period) -> dict[Cell, int]:
    """The rows that only a province fills: once it has a service, it keeps it."""
    unit, service = generator(seed, code, "services").random(2)
    later = 0.04 * (period.year - 2025)
    return {
        ("child_friendly_investigation_unit", "T"): int(unit < FRIENDLY_UNIT_SHARE + later),
        ("emergency_service_available", "T"): int(service < EMERGENCY_SERVICE_SHARE + later),
    }


def _lognormal(rng: np.random.Generator, spread: float, size: int) -> Shares:
    """Around 1 on average."""
    return np.exp(rng.normal(-spread * spread / 2, spread, size))


def _drawn(rng: np.random.Generator, shares: tuple[float, ...], size: int) -> Counts:
    found: Counts = np.searchsorted(np.cumsum(shares)[:-1], rng.random(size), side="right")
    return found


def _apportioned(totals: Counts, shares: Shares, offsets: Shares) -> Counts:
    """Whole numbers by shares, that add up to each total; a little more in total changes them little."""
    upto = np.cumsum(shares, axis=1)
    upto[:, -1] = 1.0
    ends = np.floor(totals[:, None] * upto + offsets[:, None]).astype(np.int64)
    return np.diff(ends, axis=1, prepend=0)
