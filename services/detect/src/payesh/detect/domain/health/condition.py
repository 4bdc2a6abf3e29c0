"""A condition of a detector, as it is raised and cleared."""

from dataclasses import dataclass

from payesh.detect.domain.moment import Moment


@dataclass(frozen=True, slots=True)
class ConditionChange:
    """A condition was raised or cleared at a moment, with the value that decided it; `value` is
    None where it was cleared because nothing is looked at any more."""

    condition: str
    raised: bool
    at: Moment
    value: float | None
    threshold: float


def changed(
    condition: str, *, was: bool, bad: bool, at: Moment, value: float, threshold: float
) -> list[ConditionChange]:
    """The change, if there is one."""
    if was == bad:
        return []
    return [ConditionChange(condition, bad, at, round(value, 3), round(threshold, 3))]
