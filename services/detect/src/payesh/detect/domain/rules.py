"""Rules of the road, judged on the bound that favours the driver."""

from dataclasses import dataclass

from payesh.detect.domain.speed import SpeedEstimate


@dataclass(frozen=True, slots=True)
class Speeding:
    """The measured speed is above the posted limit even at the interval's lower end."""

    speed_kmh: float
    speed_u95_kmh: float
    limit_kmh: float

    @property
    def lower_bound_kmh(self) -> float:
        return self.speed_kmh - self.speed_u95_kmh


def judge_speeding(
    speed_kmh: float, speed_u95_kmh: float, limit_kmh: float | None
) -> Speeding | None:
    """None without a posted limit, or when the interval reaches down to it."""
    if limit_kmh is None or speed_kmh - speed_u95_kmh <= limit_kmh:
        return None
    return Speeding(speed_kmh, speed_u95_kmh, limit_kmh)


def judge(estimate: SpeedEstimate | None, limit_kmh: float | None) -> Speeding | None:
    if estimate is None:
        return None
    return judge_speeding(estimate.speed_kmh, estimate.speed_u95_kmh, limit_kmh)
