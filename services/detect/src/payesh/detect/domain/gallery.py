"""Which few pictures of a vehicle are worth keeping."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

Picture = TypeVar("Picture")

SHARP_ENOUGH = 150.0
"""Variance of the Laplacian beyond which sharpness depends on the paint more than on the lens."""


def shot_quality(
    *, width_px: float, height_px: float, sharpness: float, complete: bool, clear_share: float
) -> float:
    """Sharpness x size x completeness: how well a plate may be read here, in rough pixels.

    `complete` is False when the image's border cuts the vehicle; `clear_share` is the share of
    its box that no other vehicle's box covers.
    """
    size = (width_px * height_px) ** 0.5
    return float(
        size * min(1.0, sharpness / SHARP_ENOUGH) ** 0.5 * (1.0 if complete else 0.4) * clear_share
    )


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Picture]):
    """A picture with its quality, taken at `time_s` of the stream."""

    time_s: float
    quality: float
    picture: Picture


@dataclass(slots=True)
class Gallery(Generic[Picture]):
    """The best pictures so far, one for each `apart_s` of time: neighbours share their faults.

    Fixed spans of time, not distances between pictures: of an approaching vehicle each picture
    beats the one just before, and distances would let one picture push all others out.
    """

    capacity: int = 3
    apart_s: float = 0.2
    kept: list[Candidate[Picture]] = field(default_factory=list)

    def wants(self, time_s: float, quality: float) -> bool:
        """Whether a picture of this quality would be kept; asked before the costly copy."""
        rival = self._rival(time_s)
        return rival is None or quality > rival.quality

    def offer(self, candidate: Candidate[Picture]) -> None:
        rival = self._rival(candidate.time_s)
        if rival is not None and candidate.quality <= rival.quality:
            return
        self.kept = [kept for kept in self.kept if kept is not rival]
        self.kept.append(candidate)
        self.kept.sort(key=lambda kept: kept.time_s)

    def _rival(self, time_s: float) -> Candidate[Picture] | None:
        """The kept picture that one of this moment would replace."""
        for kept in self.kept:
            if int(kept.time_s // self.apart_s) == int(time_s // self.apart_s):
                return kept
        if len(self.kept) < self.capacity:
            return None
        return min(self.kept, key=lambda kept: kept.quality)
