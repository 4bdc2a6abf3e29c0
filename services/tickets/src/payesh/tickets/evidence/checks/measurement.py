"""Does what was measured or found carry the violation of its rule?"""

from collections.abc import Iterator

from payesh.contracts.values import Finding, MeasuredQuantity
from payesh.tickets.adapters.violations import measured_of
from payesh.tickets.domain.rules import ASSESSORS
from payesh.tickets.evidence.checks.finding import Fault, require_same
from payesh.tickets.evidence.checks.folder import BundleFolder
from payesh.tickets.evidence.checks.posted_limit import posted_limit_kmh
from payesh.tickets.jalali import jalali_day

_ROUNDED = 0.002
"""Value, bound and uncertainty are each rounded to three decimals."""


def check_measurement(folder: BundleFolder) -> str:
    violation = folder.violation
    measured = violation.measurement
    require_same("measurement", folder.manifest.measurement, measured)
    assessor = ASSESSORS.get(violation.rule)
    if assessor is None or assessor.excess_kmh(measured_of(measured)) is None:
        raise Fault("it supports no violation of this rule")
    if isinstance(measured, MeasuredQuantity):
        return _quantity(folder, measured)
    return _finding(folder, measured)


def _quantity(folder: BundleFolder, measured: MeasuredQuantity) -> str:
    if abs(measured.value - measured.u95 - measured.lower_bound) > _ROUNDED:
        raise Fault(f"{measured.value} - {measured.u95} is not {measured.lower_bound}")
    violation = folder.violation
    posted = posted_limit_kmh(
        folder.revision,
        violation.vehicle.vehicle_class,
        violation.lane,
        violation.captured_at,
    )
    require_same("limit", measured.limit, posted)
    tolerance = folder.basis.as_table().tolerance_kmh(jalali_day(folder.violation.captured_at))
    if ASSESSORS[folder.violation.rule].is_tolerated(measured_of(measured), tolerance):
        raise Fault(f"{measured.lower_bound} km/h is not above {measured.limit} + {tolerance} km/h")
    return (
        f"{measured.value} - {measured.u95} = {measured.lower_bound} km/h, "
        f"above {measured.limit} + {tolerance}"
    )


def _finding(folder: BundleFolder, found: Finding) -> str:
    margin = found.margin
    if abs(margin.value - margin.u95 - margin.grace - margin.lower_bound) > _ROUNDED:
        raise Fault(f"{margin.value} - {margin.u95} - {margin.grace} is not {margin.lower_bound}")
    if not margin.lower_bound > 0:
        raise Fault(f"{margin.quantity} {margin.lower_bound} is not beyond the rule")
    unknown = sorted(set(_marks(found)) - _marks_of(folder))
    if unknown:
        raise Fault(f"the revision has no mark {', '.join(unknown)}")
    return f"{margin.quantity}: {margin.lower_bound} beyond the rule"


def _marks(found: Finding) -> Iterator[str]:
    """Names of the marks that the facts refer to."""
    facts = found.facts
    yield from (crossing.line for crossing in facts.crossings)
    if facts.signal is not None:
        yield facts.signal.signal_head
    if facts.stay is not None:
        yield facts.stay.region


def _marks_of(folder: BundleFolder) -> set[str]:
    revision = folder.revision
    return {
        *(line.name for line in revision.lines),
        *(head.name for head in revision.signal_heads),
        *(region.name for region in revision.regions),
        *(lane.name for lane in revision.lanes),
    }
