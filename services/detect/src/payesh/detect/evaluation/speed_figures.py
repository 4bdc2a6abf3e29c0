"""Measured speeds beside a laser's: which track is which vehicle, and how far apart they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from payesh.detect.domain.geometry import Floats
from payesh.detect.domain.speed import SpeedEstimate
from payesh.detect.evaluation.recording import RecordedTrack, Recording

ALONE_S = 0.6
"""Vehicles that cross a line within this of each other could be taken for one another."""
_SAME_CROSSING_SIGMAS, _LEAST_SAME_CROSSING_S = 4.0, 0.02
_LARGEST_OFFSET_S = 0.5


@dataclass(frozen=True, slots=True)
class Match:
    """One vehicle by the laser, and by its track when that has a speed."""

    reference_kmh: float
    measured: SpeedEstimate | None


@dataclass(slots=True)
class SpeedFigures:
    """Collects matches of one recording or of several."""

    matches: list[Match] = field(default_factory=list)

    def add(self, matches: Sequence[Match]) -> None:
        self.matches.extend(matches)

    def summary(self) -> dict[str, Any]:
        """Errors are measured minus reference, in km/h; coverage is the share of references inside
        the 95 % interval."""
        pairs = [(each.reference_kmh, each.measured) for each in self.matches]
        rows = np.array(
            [(laser, own.speed_kmh, own.speed_u95_kmh) for laser, own in pairs if own is not None]
        ).reshape(-1, 3)
        counts = {"matched": len(pairs), "measured": len(rows)}
        if not len(rows):
            return counts
        laser, ours, u95 = rows.T
        error = ours - laser
        return counts | {
            "mean_abs_error_kmh": _rounded(np.abs(error).mean()),
            "p95_abs_error_kmh": _rounded(np.percentile(np.abs(error), 95)),
            "bias_kmh": _rounded(error.mean()),
            "coverage": _rounded((np.abs(error) <= u95).mean()),
            "lower_bound_above_reference": _rounded((error > u95).mean()),
            "median_u95_kmh": _rounded(np.median(u95)),
            "median_ratio": round(float(np.median(ours / laser)), 5),
        }


def matches_of(recording: Recording, speeds: Mapping[int | str, SpeedEstimate]) -> list[Match]:
    """Vehicles that were alone at the line that most tracks cross, by when they crossed it.

    The laser's clock and the tracks' point differ by a constant, which is the median of the
    differences. A vehicle is left out when another one, by laser or by track, crossed within 0.6 s,
    and when no track crossed at its time: never for its speed.
    """
    line, tracks = _most_crossed(recording)
    valid = [
        (each.crossed_s[line], each.speed_kmh, each.valid)
        for each in recording.references or ()
        if line in each.crossed_s
    ]
    if not valid or not tracks:
        return []
    at_s = np.array([crossed for crossed, _ in tracks])
    true_s = np.array([crossed for crossed, _, _ in valid])
    offset_s, within_s = _offset_s(at_s, true_s)
    matches = []
    for crossed_s, speed_kmh, is_valid in valid:
        near = np.flatnonzero(np.abs(at_s - offset_s - crossed_s) < ALONE_S)
        alone = len(near) == 1 and (np.abs(true_s - crossed_s) < ALONE_S).sum() == 1
        if not (is_valid and alone):
            continue
        at, track = tracks[int(near[0])]
        if abs(at - offset_s - crossed_s) <= within_s:
            matches.append(Match(speed_kmh, speeds.get(track.track_id)))
    return matches


def _offset_s(at_s: Floats, true_s: Floats) -> tuple[float, float]:
    """The constant between both clocks, and how far from it a vehicle's own crossing may lie: four
    robust deviations."""
    nearest = np.array([at_s[np.abs(at_s - each).argmin()] - each for each in true_s])
    offset_s, spread_s = 0.0, 0.0
    for within_s in (_LARGEST_OFFSET_S, 0.1):
        close = nearest[np.abs(nearest - offset_s) < within_s]
        if len(close):
            offset_s = float(np.median(close))
            spread_s = 1.4826 * float(np.median(np.abs(close - offset_s)))
    return offset_s, max(_SAME_CROSSING_SIGMAS * spread_s, _LEAST_SAME_CROSSING_S)


def _most_crossed(recording: Recording) -> tuple[int, list[tuple[float, RecordedTrack]]]:
    """The number of a line that references cross, and tracks by when they cross it."""
    lines = {line for each in recording.references or () for line in each.crossed_s}
    best: tuple[int, list[tuple[float, RecordedTrack]]] = (0, [])
    for line in sorted(lines & set(range(len(recording.lines_abc)))):
        crossed = [
            (crossed_s, track)
            for track in recording.tracks
            if (crossed_s := _crossed_s(track, recording.lines_abc[line])) is not None
        ]
        if len(crossed) > len(best[1]):
            best = line, crossed
    return best


def _crossed_s(track: RecordedTrack, line_abc: Floats) -> float | None:
    """When the track first crosses the line, between two frames."""
    side = track.pixels @ line_abc[:2] + line_abc[2]
    over = np.flatnonzero((side[1:] > 0) != (side[:-1] > 0))
    if not len(over):
        return None
    at = int(over[0])
    share = side[at] / (side[at] - side[at + 1])
    return float(track.time_s[at] + share * (track.time_s[at + 1] - track.time_s[at]))


def _rounded(value: Any) -> float:
    return round(float(value), 3)
