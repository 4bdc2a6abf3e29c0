"""An uploaded video file, cut into streams and fragments; decoded only where its container does not
carry the order in which frames are shown."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from payesh.ingest.adapters.file_survey import (
    FileSurvey,
    Quarter,
    container_packets,
    opened,
    survey_file,
)
from payesh.ingest.adapters.remuxer import Fragment, Remuxer
from payesh.ingest.adapters.video_setup import NotAVideo, VideoSetup
from payesh.ingest.domain.file_times import (
    CLOCK_AHEAD_S,
    PlannedStream,
    UnusableTimes,
    plan_streams,
)
from payesh.ingest.domain.parameter_sets import with_start_codes

__all__ = ["FileEnd", "FileFragment", "FileSegments", "FileStream", "NotAVideo"]

_MISSING_TOLERANCE_S = 0.5


@dataclass(frozen=True, slots=True)
class FileEnd:
    """How the file ended: seconds that could be read, and seconds missing from what it promised."""

    readable_s: float
    missing_s: float
    warning: str | None


@dataclass(frozen=True, slots=True)
class FileStream:
    """One stream of the file. `time_known` is false where the file's times do not show when it was
    recorded. A stream before which times jump has a gap from `gap_from_s` to `starts_s`."""

    ordinal: int
    init: bytes
    codec: str
    width_px: int
    height_px: int
    rotation_deg: Quarter
    time_known: bool
    starts_s: float
    gap_from_s: float | None
    gap_known: bool


@dataclass(frozen=True, slots=True)
class FileFragment:
    """One fragment, its stream, and its times in seconds since the file's first shown frame. The
    fragment's `frame_count` is that of the shown frames."""

    stream: FileStream
    fragment: Fragment
    start_s: float
    end_s: float
    last: bool


class FileSegments:
    """`survey()` and `fragments()` once each, then `end()`."""

    def __init__(self, path: Path, *, shortest_s: float, latest_s: float = math.inf) -> None:
        """`latest_s`: seconds after the first frame after which nothing can have been captured."""
        self._path = path
        self._shortest_s = shortest_s
        self._latest_s = latest_s
        self._survey: FileSurvey | None = None
        self._streams: list[PlannedStream] = []

    def survey(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Read all packets once and plan the streams. Raises NotAVideo when there is nothing that
        can be kept."""
        survey = survey_file(self._path, stopping)
        tick_s = survey.tick_s
        try:
            self._streams = plan_streams(
                survey.packets,
                1 / tick_s,
                nominal_step=survey.nominal_step,
                latest_ticks=self._latest_s / tick_s,
                farthest_ticks=survey.farthest_jump,
            )
        except UnusableTimes as error:
            raise NotAVideo(str(error)) from None
        if not self._streams or not survey.packets.keyframe.any():
            raise NotAVideo("the file has no frame that can be read")
        self._survey = survey

    def fragments(self) -> Iterator[FileFragment]:
        """Raises NotAVideo when there is nothing that can be kept."""
        if self._survey is None:
            self.survey()
        survey = self._survey
        assert survey is not None  # noqa: S101 - survey() sets it or raises
        with opened(self._path) as (container, video):
            packets = enumerate(container_packets(container, video))
            for ordinal, planned in enumerate(self._streams):
                yield from self._stream(survey, video, packets, ordinal, planned)

    def end(self) -> FileEnd:
        survey = self._survey
        assert survey is not None  # noqa: S101 - fragments() was called
        readable_s = self._streams[-1].shown_until * survey.tick_s
        warnings = [*survey.warnings, *self._jumps(survey.tick_s)]
        if self._starts_too_late:
            ahead_s = self._known_until_s - self._latest_s
            warnings.append(
                f"ends {ahead_s:.0f} s after its upload, so it began before started_at: unverified"
            )
        read_s = max(survey.read_s, readable_s)
        missing_s = survey.promised_s - read_s
        if missing_s <= _MISSING_TOLERANCE_S:
            return FileEnd(readable_s, 0.0, "; ".join(warnings) or None)
        truncated = f"truncated: {read_s:.1f} of {survey.promised_s:.1f} s could be read"
        return FileEnd(readable_s, missing_s, "; ".join([truncated, *warnings]))

    @property
    def _known_until_s(self) -> float:
        """When the frames end whose times are believed, by the time stated for the first one."""
        survey = self._survey
        assert survey is not None  # noqa: S101 - fragments() was called
        return survey.tick_s * max(each.shown_until for each in self._streams if each.time_known)

    @property
    def _starts_too_late(self) -> bool:
        """Whether frames would have been captured after the upload."""
        return self._known_until_s > self._latest_s + CLOCK_AHEAD_S

    def _jumps(self, tick_s: float) -> Iterator[str]:
        for planned in self._streams:
            jump = planned.jump
            if jump is None:
                continue
            text = (
                f"times jump by {jump.by_ticks * tick_s:+.1f} s at {jump.at_ticks * tick_s:.1f} s"
            )
            yield (
                text
                if jump.believed
                else f"{text}, to a time that cannot be: unverified from there"
            )

    def _stream(
        self,
        survey: FileSurvey,
        video: Any,
        packets: Iterator[tuple[int, Any]],
        ordinal: int,
        planned: PlannedStream,
    ) -> Iterator[FileFragment]:
        setup, tick_s = survey.setups[planned.setup], survey.tick_s
        remuxer = Remuxer(
            video, shortest_s=self._shortest_s, setup=setup, shown_from=planned.shown_from
        )
        begun = 0

        def fragment(done: Fragment, until: int, *, last: bool) -> FileFragment:
            shown = int((~planned.hidden[begun:until]).sum())
            start, end = planned.starts_at(begun), planned.starts_at(until)
            stream = _file_stream(survey, setup, ordinal, planned, remuxer.init or b"")
            if self._starts_too_late:
                stream = replace(stream, time_known=False)
            return FileFragment(
                stream,
                replace(done, frame_count=max(1, shown)),
                start * tick_s,
                max(start, end) * tick_s,
                last,
            )

        for index, packet in packets:
            if index < planned.first:
                continue
            place = index - planned.first
            if setup is not None and setup.lengths_before:
                packet.update(with_start_codes(bytes(packet)))
            done = remuxer.add(
                packet,
                int(planned.pts[place]),
                int(planned.dts[place]),
                step=planned.step,
                repaired=bool(planned.repaired[place]),
            )
            if done is not None:
                yield fragment(done, place, last=False)
                begun = place
            if index == planned.end - 1:
                break
        final = remuxer.finish(planned.shown_until)
        if final is not None:
            yield fragment(final, planned.end - planned.first, last=True)


def _file_stream(
    survey: FileSurvey,
    setup: VideoSetup | None,
    ordinal: int,
    planned: PlannedStream,
    init: bytes,
) -> FileStream:
    jump = planned.jump
    return FileStream(
        ordinal,
        init,
        survey.codec,
        setup.width_px if setup else survey.width_px,
        setup.height_px if setup else survey.height_px,
        survey.rotation_deg,
        planned.time_known and survey.has_times,
        planned.shown_from * survey.tick_s,
        None if jump is None else jump.at_ticks * survey.tick_s,
        jump is not None and jump.believed,
    )
