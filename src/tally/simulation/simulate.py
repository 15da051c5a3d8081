"""The reports of a period, all or some of them, as many of them faulty as asked for."""

from collections.abc import Iterator, Sequence

from tally.contracts.areas import Area
from tally.contracts.model import Contracts
from tally.periods import Period
from tally.simulation.faults import with_fault
from tally.simulation.figures import generator
from tally.simulation.reports import SimulatedReport, lawful_reports


def simulate_reports(
    contracts: Contracts, period: Period, areas: Sequence[Area], seed: int = 1, fault_rate: float = 0.0
) -> Iterator[SimulatedReport]:
    """The reports of these areas for a period, of which the share `fault_rate` is faulty in one way each.

    Shape   in order of areas; a fault may make two files of one report. An area's report is the same whichever other
            areas are asked for.
    """
    for report in lawful_reports(contracts, period, areas, seed):
        rng = generator(seed, report.area.code, period, "fault")
        if rng.random() < fault_rate:
            yield from with_fault(report, contracts, rng)
        else:
            yield report
