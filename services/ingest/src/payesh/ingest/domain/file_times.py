"""The times of an uploaded file's frames, planned from all of its packets before one is written.

A file's presentation times are believed as they are. Three faults are mended: decoding times are
missing or do not fit (Matroska, AVI), a frame repeats another's time, and the times jump.
"""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]
Flags = NDArray[np.bool_]

HOLE_S = 10.0
"""Frames further apart are two recordings. Less is a slow camera, or one that saves frames."""
CLOCK_AHEAD_S = 60.0
"""By how much a device's clock may be ahead of ours."""
_UNKNOWN_HOLE_S = 1.0
"""Published as missing where times jump to one that cannot be, so that a gap is seen at all."""
_MOST_REORDERED = 16
"""Pictures that may be decoded before one that is shown before them (H.264 A.3, HEVC A.4)."""
_STRAYS = 8
"""So few frames that lie elsewhere, between two that fit together, have wrong times."""
_MOST_STREAMS = 500


class UnusableTimes(ValueError):
    """The times jump so often that no stream can be made of them."""


@dataclass(frozen=True, slots=True)
class SurveyedPackets:
    """One entry a packet, in decoding order. `hidden` frames are decoded but not shown; `setup`
    counts the parameter sets that came so far. `independent` keyframes need no earlier frame for
    those after them that are shown before them (HEVC's RADL; an open group needs it)."""

    pts: Ticks
    keyframe: Flags
    independent: Flags
    hidden: Flags
    setup: Ticks


@dataclass(frozen=True, slots=True)
class Jump:
    """Times that leave their sequence by `by_ticks`, after the stream that ends at `at_ticks`.
    `believed`: so much time is missing; otherwise it is not known how much."""

    at_ticks: int
    by_ticks: int
    believed: bool


@dataclass(frozen=True, slots=True)
class PlannedStream:
    """Packets `first` to `end` (excluded), with their times on the file's one time line, which
    begins at the file's first shown frame. Arrays hold one entry a packet of the stream."""

    first: int
    end: int
    setup: int
    pts: Ticks
    dts: Ticks
    hidden: Flags
    repaired: Flags
    shown_from: int
    shown_until: int
    time_known: bool
    jump: Jump | None
    step: int

    def starts_at(self, place: int) -> int:
        """When the fragment begins whose first packet is the stream's `place`-th: the time of its
        first frame in decoding order, as for live streams, or of the first shown one if that is
        hidden; at the end, when the stream ends."""
        if place >= len(self.pts):
            return self.shown_until
        return self.shown_from if self.hidden[place] else int(self.pts[place])


def plan_streams(
    packets: SurveyedPackets,
    ticks_per_s: float,
    *,
    nominal_step: int,
    latest_ticks: float,
    farthest_ticks: float = math.inf,
) -> list[PlannedStream]:
    """Streams in the order of the file; packets that no shown frame needs are in none.

    `latest_ticks`: nothing can have been captured later; a jump that leads there is not believed,
    nor is one by more than `farthest_ticks`, where a container's times wrap around.
    Raises UnusableTimes.
    """
    step = _usual_step(packets, nominal_step)
    hole = max(round(HOLE_S * ticks_per_s), 4 * step)
    runs: list[_Run] = []
    for run in _runs(packets, step, hole):
        trimmed = _without_unneeded(packets, run)
        if trimmed is not None:
            runs.append(trimmed)
        if len(runs) > _MOST_STREAMS:
            raise UnusableTimes(f"the times of the file jump more than {_MOST_STREAMS} times")
    return _on_one_line(packets, _strays_joined(packets, runs, step, hole), step, hole, ticks_per_s,
                        latest_ticks, farthest_ticks)  # fmt: skip


@dataclass(slots=True)
class _Run:
    first: int
    end: int
    strays: list[tuple[int, int]] = field(default_factory=list)
    """Spans of packets whose times lie elsewhere."""


def _usual_step(packets: SurveyedPackets, nominal_step: int) -> int:
    shown = np.unique(packets.pts[~packets.hidden])
    return max(1, int(np.median(np.diff(shown)))) if len(shown) > 1 else max(1, nominal_step)


def _runs(packets: SurveyedPackets, step: int, hole: int) -> Iterator[_Run]:
    """Spans within which neither the parameter sets change nor the times jump."""
    first, latest, recent = 0, 0, list[int]()
    former_hidden, setup = False, 0
    for index, (pts, keyframe, hidden, now) in enumerate(
        zip(
            packets.pts.tolist(),
            packets.keyframe.tolist(),
            packets.hidden.tolist(),
            packets.setup.tolist(),
            strict=True,
        )
    ):
        another_edit = hidden and keyframe and not former_hidden and bool(recent)
        jumps = bool(recent) and not hidden and (
            pts > latest + step + hole or pts < _earliest(recent, step)
        )  # fmt: skip
        if index > first and (now != setup or another_edit or jumps):
            yield _Run(first, index)
            first, recent = index, []
        if not hidden:
            latest = max(latest, pts) if recent else pts
            if len(recent) <= _MOST_REORDERED:
                heapq.heappush(recent, pts)
            else:
                heapq.heappushpop(recent, pts)
        former_hidden, setup = hidden, now
    if first < len(packets.pts):
        yield _Run(first, len(packets.pts))


def _earliest(recent: list[int], step: int) -> int:
    """How early a frame may be shown that is decoded after these, a heap of the latest."""
    known = len(recent) > _MOST_REORDERED
    return recent[0] if known else recent[0] - (_MOST_REORDERED + 1) * step


def _without_unneeded(packets: SurveyedPackets, run: _Run) -> _Run | None:
    """Without hidden frames before the last keyframe that the first shown frame needs, and after
    the last shown one; None when nothing is shown."""
    shown = np.flatnonzero(~packets.hidden[run.first : run.end]) + run.first
    if not len(shown):
        return None
    begin, end = run.first, int(shown[-1]) + 1
    if packets.hidden[begin]:
        keys = np.flatnonzero(packets.keyframe[begin : int(shown[0]) + 1])
        begin += int(keys[-1]) if len(keys) else 0
    return _Run(begin, end)


def _strays_joined(packets: SurveyedPackets, runs: list[_Run], step: int, hole: int) -> list[_Run]:
    joined: list[_Run] = []
    waiting = runs
    while waiting:
        run, waiting = waiting[0], waiting[1:]
        former = joined[-1] if joined else None
        if (
            former is not None
            and waiting
            and run.end - run.first <= _STRAYS
            and packets.setup[former.first] == packets.setup[waiting[0].first]
        ):
            lost = _first_shown(packets, waiting[0]) - _last_shown(packets, former)
            if 0 < lost <= hole + _STRAYS * step:
                former.strays.append((run.first, run.end))
                former.strays += waiting[0].strays
                former.end = waiting[0].end
                waiting = waiting[1:]
                continue
        joined.append(run)
    return joined


def _first_shown(packets: SurveyedPackets, run: _Run) -> int:
    span = slice(run.first, run.end)
    return int(packets.pts[span][~packets.hidden[span]].min())


def _last_shown(packets: SurveyedPackets, run: _Run) -> int:
    keep = ~packets.hidden[run.first : run.end]
    for first, end in run.strays:
        keep[first - run.first : end - run.first] = False
    return int(packets.pts[run.first : run.end][keep].max())


def _on_one_line(
    packets: SurveyedPackets,
    runs: list[_Run],
    step: int,
    hole: int,
    ticks_per_s: float,
    latest: float,
    farthest: float,
) -> list[PlannedStream]:
    streams: list[PlannedStream] = []
    shift, known = 0, True
    for run in runs:
        pts, repaired = _increasing(packets, run, step)
        hidden = packets.hidden[run.first : run.end]
        if packets.keyframe[run.first] and not packets.independent[run.first]:
            hidden = hidden | (pts < pts[0])  # what they need lies before the stream
        shown = np.sort(pts[~hidden])
        length = int(shown[-1] - shown[0]) + step
        jump: Jump | None = None
        if not streams:
            shift = -int(shown[0])
        else:
            until = streams[-1].shown_until
            missing = int(shown[0]) + shift - until
            if missing > hole or missing < 0:
                believed = 0 < missing <= farthest and int(shown[0]) + shift + length <= latest
                jump = Jump(until, missing, believed)
                if not believed:
                    least = min(_UNKNOWN_HOLE_S * ticks_per_s, latest - until - length)
                    shift += max(0, round(least)) - missing
                    known = False
        pts, shown = pts + shift, shown + shift
        streams.append(
            PlannedStream(
                run.first,
                run.end,
                int(packets.setup[run.first]),
                pts,
                _decoding_times(pts, step),
                hidden,
                repaired,
                int(shown[0]),
                int(shown[0]) + length,
                known,
                jump,
                step,
            )
        )
    return streams


def _increasing(packets: SurveyedPackets, run: _Run, step: int) -> tuple[Ticks, Flags]:
    """Presentation times that differ, and which of them were repaired."""
    pts = packets.pts[run.first : run.end].copy()
    repaired = np.zeros(len(pts), np.bool_)
    for first, end in run.strays:
        begin, count = first - run.first, end - first
        before = int(pts[:begin].max())
        room = max(count + 1, int(pts[begin + count :].min()) - before)
        pts[begin : begin + count] = before + np.arange(1, count + 1) * room // (count + 1)
        repaired[begin : begin + count] = True
    order = np.argsort(pts, kind="stable")
    if (np.diff(pts[order]) > 0).all():
        return pts, repaired
    times = pts[order].tolist()
    for place in range(1, len(times)):
        if times[place] > times[place - 1]:
            continue
        following = next((t for t in times[place + 1 : place + 64] if t > times[place - 1]), None)
        room = 2 * step if following is None else following - times[place - 1]
        times[place] = times[place - 1] + max(1, min(step, room // 2))
        repaired[order[place]] = True
    pts[order] = times
    return pts, repaired


def _decoding_times(pts: Ticks, step: int) -> Ticks:
    """Decoding times that increase and are never later than the presentation: the presentation
    times in order, delayed by as many frames as the stream is reordered by."""
    ordered = np.sort(pts)
    places = np.arange(len(pts))
    delay = int((places - np.searchsorted(ordered, pts)).max())
    before = ordered[0] - step * np.arange(delay, 0, -1)
    return np.concatenate([before, ordered[: len(pts) - delay]]).astype(np.int64)
