"""A stream's segments in, passages and counts out: the whole pipeline without bus or store.

Everything depends on the segments alone: no clock, no randomness, no threads. So a second
process that continues from a checkpoint says the same, with the same ids.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import numpy as np

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import SegmentStored
from payesh.contracts.values import ClockSource, SegmentLink
from payesh.contracts.vocabulary import DetectorKind, PassageEnd
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.adapters.video import decode_segment
from payesh.detect.domain.counts import CountedInterval, MinuteCounter
from payesh.detect.domain.detections import Detections, pairwise_iou
from payesh.detect.domain.passage import TIME_LIMIT_S, OpenPassage, Sighting
from payesh.detect.domain.rules import judge
from payesh.detect.domain.shots import Candidate, shot_quality
from payesh.detect.ports import Detector
from payesh.detect.vision.frames import Frame, sharpness
from payesh.detect.vision.observations import CountsTaken, Observation, PassageTaken
from payesh.detect.vision.pictures import Picture
from payesh.detect.vision.site import Site, site_of
from payesh.kit.errors import MessageFault

CHECKPOINT_EVERY_S = 10.0
_BORDER_PX = 3
_LINKS_KEPT = 64
_CLOCK_STEP_S = 0.5
"""Presentation times are trusted for differences until they leave the source's clock by this …"""
_ANCHOR_FOR_S = 60.0
"""… within so long. A quartz drifts by milliseconds meanwhile: that is no step, and each segment
brings its own time."""
_UNSURE_S = 2.0
"""For so long after following begins, whoever is first seen inside the zone may be somebody who was
told before, in this stream or in one that ended there. It takes a detector most of a second to
learn the road, and a tracker two frames."""


class SegmentBroken(Exception):
    """Observing failed inside a segment; `concluded` is what it had completed before."""

    def __init__(self, reason: str, concluded: list[Observation]) -> None:
        super().__init__(reason)
        self.concluded = concluded


class StreamObserver:
    """Watches one stream. Segments come in order; what was seen before is skipped.

    `detector` must be this stream's own. State that a checkpoint needs is public to
    `payesh.detect.adapters.checkpoint` alone.
    """

    def __init__(self, revision: CameraRevision, detector: Detector) -> None:
        self.site: Site = site_of(revision)
        self.detector = detector
        self.tracker: VehicleTracker | None = None
        self.counter = MinuteCounter()
        self.open: dict[int, OpenPassage] = {}
        self.links: list[SegmentLink] = []
        self.parked: list[tuple[float, ...]] = []
        self.last_event: SegmentStored | None = None
        self.anchor: tuple[float, datetime] | None = None
        """A recent segment's first frame, by presentation time and by the source's clock."""
        self.last_time_s = -math.inf
        self.unsure_until_s: float | None = None
        """None until the first frame after following began, or was broken off."""
        self.broken: str | None = None
        """Why the last segment was observed in part only. Kept until the next one: whoever is given
        it again must be able to say so again."""
        self.checkpointed_at: datetime | None = None
        self.checkpoint_due = False

    @property
    def last_sequence(self) -> int:
        """-1 before the first segment."""
        return self.last_event.sequence if self.last_event else -1

    def observe_segment(self, event: SegmentStored, init: bytes, media: bytes) -> list[Observation]:
        """What this segment completes, in the order of its frames.

        Nothing for a segment at or below the last one. Raises MessageFault when not a single
        frame decodes; the state is then as before. Raises SegmentBroken when anything else goes
        wrong inside it; it then counts as observed, and nobody is followed across.
        """
        if event.sequence <= self.last_sequence:
            return []
        frames = iter(decode_segment(init, media))
        first = next(frames, None)
        if first is None:
            raise MessageFault(f"no frame decodes in segment {event.sequence}", retry=False)
        observations: list[Observation] = []
        if self.last_event is not None and event.sequence != self.last_event.sequence + 1:
            # Segments were lost on the way: whoever was under way is not followed across.
            observations += self.close(PassageEnd.LOST)
        if self._clock_steps(event, first.time_s):
            # No speed is measured over a step of the source's clock.
            onward = first.time_s > self.last_time_s
            observations += self.close(PassageEnd.LOST, following=onward)
            observations += [CountsTaken(interval) for interval in self.counter.break_off()]
        self._begin(event, first.time_s)
        try:
            for frame in chain([first], frames):
                observations += self._observe_frame(event, frame, first.time_s)
        except Exception as error:
            observations += self.close(PassageEnd.LOST)
            self.checkpoint_due = True
            self.broken = f"segment {event.sequence}: {type(error).__name__}"
            raise SegmentBroken(self.broken, observations) from error
        if event.last_in_stream:
            observations += self._conclude(event)
        self._prune_links()
        self._consider_checkpoint(event, observations)
        return observations

    def close(self, ended_by: PassageEnd, *, following: bool = False) -> list[Observation]:
        """Give up on everybody who is under way; the stream may go on after a gap.

        With `following` no frame is missing in between: the tracks go on, so that nobody who was
        told is told a second time, and who was not begins anew.
        """
        observations: list[Observation] = []
        for passage in self._by_track(self.open.values()):
            observations += self._end(passage, ended_by)
        told = {track: passage for track, passage in self.open.items() if passage.published}
        self.open = told if following else {}
        self.links.clear()
        self.unsure_until_s = None
        if self.tracker is not None and not following:
            self.tracker.forget()
        if observations:
            self.checkpoint_due = True
        return observations

    def revise(self, revision: CameraRevision, detector: Detector) -> None:
        """Another revision came into force; call `close` with `following` before. A detector of
        the same kind keeps what it remembers."""
        same_kind = revision.detection.kind is self.site.revision.detection.kind
        if not same_kind or not hasattr(detector, "recall"):
            self.detector = detector
        self.site = site_of(revision)
        if self.tracker is not None and self.last_event is not None:
            memory = self.tracker.memory()
            self.tracker = self.new_tracker(self._rate_hz(self.last_event))
            self.tracker.recall(memory)

    def checkpointed(self) -> None:
        """The state up to the last segment has been written down."""
        self.checkpoint_due = False
        self.checkpointed_at = self.last_event.captured_at if self.last_event else None

    def _begin(self, event: SegmentStored, presented_s: float) -> None:
        if self.last_event is None:
            self.checkpointed_at = event.captured_at
        stepped = self._clock_steps(event, presented_s)
        if stepped and presented_s <= self.last_time_s:
            # It was presentation that went back: frames are not skipped for it, tracks begin anew.
            self.last_time_s = -math.inf
            self.tracker = None
        if self.anchor is None or stepped or presented_s - self.anchor[0] >= _ANCHOR_FOR_S:
            self.anchor = presented_s, event.captured_at
        if self.tracker is None:
            self.tracker = self.new_tracker(self._rate_hz(event))
        self.last_event = event
        self.broken = None
        self.links.append(
            SegmentLink(
                stream_id=event.stream_id,
                sequence=event.sequence,
                fencing_token=event.fencing_token,
                captured_at=event.captured_at,
                duration_ms=event.duration_ms,
                init=event.init,
                media=event.media,
                previous_link_sha256=event.previous_link_sha256,
                link_sha256=event.link_sha256,
            )
        )

    def _clock_steps(self, event: SegmentStored, presented_s: float) -> bool:
        """Whether the source's clock has left the presentation times at this segment."""
        if self.anchor is None:
            return False
        anchor_s, anchored_at = self.anchor
        clock_s = (event.captured_at - anchored_at).total_seconds()
        return abs(presented_s - anchor_s - clock_s) > _CLOCK_STEP_S

    def _clock_source(self, passage: OpenPassage) -> ClockSource:
        if not passage.clock_verified or self.last_event is None:
            return ClockSource.UNVERIFIED
        return self.last_event.clock_source

    def _rate_hz(self, event: SegmentStored) -> float:
        """Frames a second that are looked at."""
        rate_hz = 1000.0 * event.frame_count / event.duration_ms if event.duration_ms else 25.0
        return rate_hz / self.site.revision.detection.frame_stride

    def new_tracker(self, rate_hz: float) -> VehicleTracker:
        confidence = self.site.revision.detection.minimum_confidence
        return VehicleTracker(min(max(rate_hz, 0.5), 120.0), minimum_confidence=confidence)

    def _observe_frame(
        self, event: SegmentStored, frame: Frame, segment_start_s: float
    ) -> list[Observation]:
        if frame.index % self.site.revision.detection.frame_stride:
            return []
        time_s = frame.time_s
        if time_s <= self.last_time_s:
            return []
        self.last_time_s = time_s
        if self.unsure_until_s is None:
            self.unsure_until_s = time_s + _UNSURE_S
        # Differences are presentation time's; a moment is the segment's own time, whose
        # uncertainty the segment tells.
        frame_at = event.captured_at + timedelta(seconds=round(time_s - segment_start_s, 6))
        observations: list[Observation] = [
            CountsTaken(interval) for interval in self.counter.advance(frame_at)
        ]
        detections = self.detector.detect(frame)
        assert self.tracker is not None  # noqa: S101 - _begin made it
        for ordinal, tracked in enumerate(self.tracker.update(detections, time_s)):
            passage = self.open.get(tracked.track)
            if passage is not None and passage.published:
                continue
            box = _box(detections, tracked.row)
            if passage is None:
                passage = self._appear(event, frame, tracked.track, ordinal, box, frame_at)
            self._see(passage, event, frame, detections, tracked.row, frame_at)
            observations += self._ended_in_sight(passage, time_s)
        alive = self.tracker.alive()
        for passage in self._by_track(p for t, p in self.open.items() if t not in alive):
            observations += self._end(passage, PassageEnd.LOST)
            del self.open[passage.track]
        return observations

    def _appear(
        self,
        event: SegmentStored,
        frame: Frame,
        track: int,
        ordinal: int,
        box: tuple[float, float, float, float],
        frame_at: datetime,
    ) -> OpenPassage:
        passage_id = deterministic_id(
            "passage", event.stream_id, event.sequence, frame.index, ordinal
        )
        passage = OpenPassage(
            track=track,
            passage_id=str(passage_id),
            first_sequence=event.sequence,
            first_time_s=frame.time_s,
            last_time_s=frame.time_s,
            first_seen_at=frame_at,
            last_seen_at=frame_at,
            first_box=box,
            last_box=box,
            unsure=self.unsure_until_s is None or frame.time_s < self.unsure_until_s,
        )
        self.open[track] = passage
        return passage

    def _see(
        self,
        passage: OpenPassage,
        event: SegmentStored,
        frame: Frame,
        detections: Detections,
        row: int,
        frame_at: datetime,
    ) -> None:
        box = _box(detections, row)
        left, _, right, bottom = box
        whole = bottom < frame.height_px - _BORDER_PX
        x_m = y_m = None
        sigma_m = 0.1
        plane = self.site.plane
        if whole and plane is not None:
            foot = ((left + right) / 2, bottom)
            x_m, y_m = (float(v) for v in plane.ground([foot])[0])
            rows_px = 2.0 + 0.01 * (bottom - box[1])
            sigma_m = max(float(plane.metres_per_row([foot])[0]) * rows_px, 0.01)
        passage.timed_by(
            verified=event.clock_source is not ClockSource.UNVERIFIED, u95_ms=event.clock_u95_ms
        )
        passage.see(
            Sighting(
                time_s=frame.time_s,
                seen_at=frame_at,
                box=box,
                score=float(detections.score[row]),
                class_id=int(detections.class_id[row]),
                whole=whole,
                x_m=x_m,
                y_m=y_m,
                sigma_m=sigma_m,
            )
        )
        self._photograph(passage, event, frame, detections, row, frame_at)

    def _photograph(
        self,
        passage: OpenPassage,
        event: SegmentStored,
        frame: Frame,
        detections: Detections,
        row: int,
        frame_at: datetime,
    ) -> None:
        box = _box(detections, row)
        left, top, right, bottom = (round(v) for v in box)
        if right - left < 8 or bottom - top < 8:
            return
        complete = (
            left > _BORDER_PX
            and top > _BORDER_PX
            and right < frame.width_px - _BORDER_PX
            and bottom < frame.height_px - _BORDER_PX
        )
        sharp = sharpness(frame.luma[max(top, 0) : bottom, max(left, 0) : right])
        quality = shot_quality(
            width_px=right - left,
            height_px=bottom - top,
            sharpness=sharp,
            complete=complete,
            clear_share=_clear_share(detections, row),
        )
        if passage.gallery.wants(frame.time_s, quality):
            picture = Picture.take(frame, box, event.sequence, frame_at, sharp)
            passage.gallery.offer(Candidate(frame.time_s, quality, picture))

    def _ended_in_sight(self, passage: OpenPassage, time_s: float) -> list[Observation]:
        """Publication while the vehicle is still seen: at the exit line, or after half a minute."""
        if passage.published:
            return []
        zone = self.site.zone
        if zone is not None and passage.has_moved:
            crossed_s = passage.crossed_at_s(zone)
            if crossed_s is not None and passage.worth_telling(zone):
                return self._publish(passage, PassageEnd.EXIT_LINE, crossed_s)
        if time_s - passage.first_time_s >= TIME_LIMIT_S:
            return self._end(passage, PassageEnd.TIME_LIMIT)
        return []

    def _end(self, passage: OpenPassage, ended_by: PassageEnd) -> list[Observation]:
        if passage.published:
            return []
        if ended_by == PassageEnd.TIME_LIMIT and not passage.has_moved:
            # What never moved in front of a learned background is the background's own error.
            known = self.site.revision.detection.kind == DetectorKind.ONNX
            if not known or self._parked_before(passage):
                passage.published = True
                return []
        elif not passage.worth_telling(self.site.zone):
            return []
        return self._publish(passage, ended_by, passage.last_time_s)

    def _parked_before(self, passage: OpenPassage) -> bool:
        """Whether a parked vehicle stands here that was told already: a detector that blinks
        would else tell it again every half minute."""
        box = np.array([passage.last_box])
        if self.parked and float(pairwise_iou(np.array(self.parked), box).max()) > 0.6:
            return True
        self.parked = [*self.parked[-63:], passage.last_box]
        return False

    def _publish(
        self, passage: OpenPassage, ended_by: PassageEnd, ended_s: float
    ) -> list[Observation]:
        passage.published = True
        site = self.site
        speed = lane = None
        if site.zone is not None and passage.ground:
            lane = passage.lane(site.zone)
            if site.limits is not None:
                speed = passage.speed(site.zone, site.limits)
        speeding = judge(speed, site.speed_limit_kmh)
        shots = tuple(candidate.picture.shot() for candidate in passage.gallery.kept)
        passage.gallery.kept = []
        if passage.has_moved:
            self.counter.add(lane, passage.vehicle_class, speed.speed_kmh if speed else None)
        links = tuple(link for link in self.links if link.sequence >= passage.first_sequence)
        return [
            PassageTaken(
                passage_id=UUID(passage.passage_id),
                captured_at=passage.moment(ended_s),
                first_seen_at=passage.first_seen_at,
                last_seen_at=passage.last_seen_at,
                clock_source=self._clock_source(passage),
                clock_u95_ms=passage.clock_u95_ms,
                ended_by=ended_by,
                vehicle_class=passage.vehicle_class,
                confidence=min(passage.best_score, 1.0),
                lane=lane,
                speed=speed,
                shots=shots,
                speeding=speeding,
                links=links if speeding else (),
            )
        ]

    def _conclude(self, event: SegmentStored) -> list[Observation]:
        observations = self.close(PassageEnd.STREAM_END)
        ended_at = event.captured_at + timedelta(milliseconds=event.duration_ms)
        intervals: list[CountedInterval] = self.counter.advance(ended_at)
        intervals += self.counter.finish(ended_at)
        return observations + [CountsTaken(interval) for interval in intervals]

    def _prune_links(self) -> None:
        needed = [p.first_sequence for p in self.open.values() if not p.published]
        oldest = min(needed, default=None)
        kept = [] if oldest is None else [x for x in self.links if x.sequence >= oldest]
        self.links = kept[-_LINKS_KEPT:]

    def _consider_checkpoint(self, event: SegmentStored, observations: list[Observation]) -> None:
        since = event.captured_at - (self.checkpointed_at or event.captured_at)
        # The source's clock may have gone back.
        due = abs(since.total_seconds()) >= CHECKPOINT_EVERY_S
        if observations or event.last_in_stream or due:
            self.checkpoint_due = True

    @staticmethod
    def _by_track(passages: Iterable[OpenPassage]) -> list[OpenPassage]:
        return sorted(passages, key=lambda passage: passage.track)


def _box(detections: Detections, row: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(v) for v in detections.xyxy[row])
    return left, top, right, bottom


def _clear_share(detections: Detections, row: int) -> float:
    """Share of a box that no other box covers, at least; 1 for a lone vehicle."""
    boxes: Any = detections.xyxy
    own = boxes[row]
    wide = np.minimum(boxes[:, 2], own[2]) - np.maximum(boxes[:, 0], own[0])
    high = np.minimum(boxes[:, 3], own[3]) - np.maximum(boxes[:, 1], own[1])
    covered = np.clip(wide, 0, None) * np.clip(high, 0, None)
    covered[row] = 0.0
    area = max(float((own[2] - own[0]) * (own[3] - own[1])), 1.0)
    return float(max(0.2, 1.0 - covered.sum() / area))
