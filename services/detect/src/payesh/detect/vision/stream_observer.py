"""A stream's segments in, passages, violations and counts out: without bus or store.

Everything depends on the segments alone: no clock, no randomness, no threads. So a second
process that continues from a checkpoint concludes the same, with the same ids.
"""

from datetime import datetime, timedelta

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import SegmentStored
from payesh.contracts.vocabulary import DetectorKind, PassageEnd
from payesh.detect.domain.moment import Moment
from payesh.detect.frames import Frame
from payesh.detect.ports import DecodedPart, DecoderFactory, Detector, Tracker, TrackerFactory
from payesh.detect.vision import conclusions
from payesh.detect.vision.evidence_links import EvidenceLinks
from payesh.detect.vision.followed_vehicle import FollowedVehicle
from payesh.detect.vision.following import Following
from payesh.detect.vision.judging import Judging
from payesh.detect.vision.observations import Observation, ObservedViolation
from payesh.detect.vision.photography import photograph
from payesh.detect.vision.road_watch import RoadWatch
from payesh.detect.vision.sightings import sighting_of
from payesh.detect.vision.stream_clock import StreamClock, looked_at_hz
from payesh.detect.vision.stream_decoding import StreamDecoding

CHECKPOINT_EVERY_S = 10.0


class SegmentBroken(Exception):
    """Observing failed inside a segment; `concluded` is what it had completed before."""

    def __init__(self, reason: str, concluded: list[Observation]) -> None:
        super().__init__(reason)
        self.concluded = concluded


class StreamObserver:
    """Watches one stream. Segments come in order; one that was observed before is skipped.
    `detector` must be this stream's own; `stream_memory` writes the state down and reads it."""

    def __init__(
        self,
        revision: CameraRevision,
        detector: Detector,
        *,
        new_decoder: DecoderFactory,
        new_tracker: TrackerFactory,
    ) -> None:
        self.revision = revision
        self.detector = detector
        self.decoding = StreamDecoding(new_decoder)
        self.clock = StreamClock()
        self.judging = Judging(revision)
        self.following = Following(self.judging)
        self.links = EvidenceLinks()
        self.road = RoadWatch(revision)
        self.last_event: SegmentStored | None = None
        self.broken: str | None = None
        """Why the last segment was observed in part only. Kept until the next one: a process that
        is given it again must be able to report it again."""
        self.frame_rate_hz: float | None = None
        """What the tracker was made for; None before the first segment."""
        self.frames_shown = 0
        """Of the segment that the latest frame belongs to."""
        self.checkpointed_at: datetime | None = None
        self.checkpoint_due = False
        self._new_tracker = new_tracker

    @property
    def last_sequence(self) -> int:
        """-1 before the first segment."""
        return self.last_event.sequence if self.last_event else -1

    def observe_segment(self, event: SegmentStored, init: bytes, media: bytes) -> list[Observation]:
        """What this segment completes, in the order of its frames.

        Nothing for a segment at or below the last one. Raises MessageFault when not a single
        frame decodes; the state is then as before. Raises SegmentBroken when anything else goes
        wrong inside it; it then counts as observed, and no vehicle is followed across.
        """
        if event.sequence <= self.last_sequence:
            return []
        continues = event.sequence == self.last_sequence + 1
        part = self.decoding.decode(event, init, media, continues=continues)
        observations: list[Observation] = []
        begun = False
        try:
            for frame in part.frames:
                if not begun and frame.time_s >= part.begins_s:
                    observations += self._begin_segment(event, part)
                    begun = True
                observations += self._observe_frame(frame)
            if not begun:
                observations += self._begin_segment(event, part)
        except Exception as error:
            self.last_event = event
            for _ in part.frames:
                pass  # the decoder must have seen the whole segment before the next one
            observations += self.close(PassageEnd.LOST)
            self.checkpoint_due = True
            self.broken = f"segment {event.sequence}: {type(error).__name__}"
            raise SegmentBroken(self.broken, observations) from error
        if event.last_in_stream:
            observations += self._end_stream(event)
        oldest = [vehicle.trajectory.first.time_s for vehicle in self.following.vehicles]
        self.links.keep_since(min(oldest, default=None))
        self._consider_checkpoint(event, observations)
        return observations

    def stop(self, ended_by: PassageEnd = PassageEnd.LOST) -> list[Observation]:
        """Conclude every vehicle after the frames that the decoder held back: none follow."""
        held_back = self.decoding.drain()
        observations = [each for frame in held_back for each in self._observe_frame(frame)]
        observations += self.close(ended_by)
        return [*observations, *self.road.stop(self.clock.now)]

    def close(self, ended_by: PassageEnd, *, going_on: bool = False) -> list[Observation]:
        """End the trajectory of every vehicle that is followed; the stream may go on after a gap.

        With `going_on` no frame is missing in between: a vehicle that was published keeps its id,
        so that it is not published a second time, and others begin anew.
        """
        observations: list[Observation] = []
        for vehicle in self.following.vehicles:
            observations += self._part_with(vehicle, ended_by)
        observations += self.road.close(self.clock.now, going_on=going_on)
        self.following.break_off(going_on=going_on)
        self.links.keep_since(None)
        self.checkpoint_due = self.checkpoint_due or bool(observations)
        return observations

    def revise(self, revision: CameraRevision, detector: Detector) -> None:
        """Another revision came into force; call `close` with `going_on` before. A detector of
        the same kind continues with what the former one remembers."""
        if revision.detection.kind == self.revision.detection.kind:
            detector.recall(self.detector.memory())
        self.detector = detector
        self.revision = revision
        self.judging.revise(revision)
        self.road.revise(revision)
        if self.following.tracker is not None and self.last_event is not None:
            memory = self.following.tracker.memory()
            self.make_tracker(looked_at_hz(self.last_event, revision)).recall(memory)

    def make_tracker(self, frame_rate_hz: float) -> Tracker:
        """A tracker without tracks, for so many frames a second."""
        self.frame_rate_hz = min(max(frame_rate_hz, 0.5), 120.0)
        tracker = self._new_tracker(
            self.frame_rate_hz, minimum_confidence=self.revision.detection.minimum_confidence
        )
        self.following.tracker = tracker
        return tracker

    def checkpointed(self) -> None:
        """The state up to the last segment has been written down."""
        self.checkpoint_due = False
        self.checkpointed_at = self.last_event.captured_at if self.last_event else None

    def _begin_segment(self, event: SegmentStored, part: DecodedPart) -> list[Observation]:
        observations: list[Observation] = []
        presented_s = part.begins_s
        if self.last_event is None:
            self.checkpointed_at = event.captured_at
        elif event.sequence != self.last_event.sequence + 1:
            # Segments were lost on the way: no vehicle is followed across.
            observations += self.close(PassageEnd.LOST)
            self.links.drop()
        if self.clock.steps_at(event.captured_at, presented_s):
            # No speed is measured over a step of the source's clock.
            backwards = self.clock.goes_back(presented_s)
            observations += self.close(PassageEnd.LOST, going_on=not backwards)
            observations += self.road.break_off()
            if backwards:
                self.following.tracker = None  # times must grow for it
                self.links.drop()
        self.clock.begin_segment(event, part)
        if self.following.tracker is None:
            self.make_tracker(looked_at_hz(event, self.revision))
        self.last_event = event
        self.frames_shown = 0
        self.broken = None
        self.links.add(event, part)
        return observations

    def _observe_frame(self, frame: Frame) -> list[Observation]:
        event, index = self.last_event, self.frames_shown
        self.frames_shown += 1
        if event is None or index % self.revision.detection.frame_stride:
            return []
        moment = self.clock.moment(frame.time_s)
        if moment is None:
            return []
        observations = self._consider_size(frame)
        observations += self.road.advance(moment.at)
        self.judging.look(frame, moment.time_s)
        detections = self.detector.detect(frame)
        seen: list[FollowedVehicle] = []
        for vehicle, row in self.following.update(
            detections,
            moment,
            lambda ordinal: deterministic_id(
                "passage", event.stream_id, event.sequence, index, ordinal
            ),
        ):
            if vehicle.dismissed:
                continue
            vehicle.clock.widen(event)
            vehicle.trajectory.widen_time(self.clock.time_scale_u95)
            vehicle.see(
                sighting_of(frame, detections, row, moment, self.judging.scene),
                class_id=int(detections.class_id[row]),
                score=float(detections.score[row]),
            )
            if not vehicle.published:
                photograph(
                    vehicle.gallery, frame, detections, row,
                    sequence=event.sequence, frame_at=moment.at,
                )  # fmt: skip
            seen.append(vehicle)
            observations += self._consider(vehicle, moment)
        observations += self.road.look(frame, detections, moment, seen, self.judging)
        for vehicle in self.following.take_gone(moment.time_s):
            observations += self._part_with(vehicle, PassageEnd.LOST)
        return observations

    def _consider_size(self, frame: Frame) -> list[Observation]:
        """No vehicle is followed into pictures of another size."""
        size_px, former_px = (frame.width_px, frame.height_px), self.judging.picture_px
        if size_px == former_px:
            return []
        observations = [] if former_px is None else self.close(PassageEnd.LOST)
        self.judging.show(size_px)
        return observations

    def _consider(self, vehicle: FollowedVehicle, moment: Moment) -> list[Observation]:
        """What is due of a vehicle in sight: it is followed on afterwards."""
        self.judging.observe(vehicle, moment)
        observations: list[Observation] = []
        if not vehicle.published:
            left_s = conclusions.left_at_s(vehicle, self.judging.scene)
            if left_s is not None:
                observations += self._publish(vehicle, PassageEnd.EXIT_LINE, left_s)
            elif conclusions.has_waited(vehicle, moment.time_s):
                observations += self._publish_waiting(vehicle)
        return [*observations, *self._violations(vehicle)]

    def _publish_waiting(self, vehicle: FollowedVehicle) -> list[Observation]:
        if not vehicle.trajectory.has_moved:
            # What never moved in front of a learned background is the background's own error.
            if self.revision.detection.kind == DetectorKind.MOTION:
                vehicle.dismissed = True
                return []
            if not self.following.park(vehicle):
                return []
        elif not conclusions.is_worth_a_passage(vehicle, self.judging.scene):
            return []
        return self._publish(vehicle, PassageEnd.TIME_LIMIT, vehicle.trajectory.last.time_s)

    def _part_with(self, vehicle: FollowedVehicle, ended_by: PassageEnd) -> list[Observation]:
        """What is due of a vehicle that is followed no longer."""
        if vehicle.dismissed:
            return []
        vehicle.trajectory.is_over = True
        self.judging.observe(vehicle, self.clock.now or vehicle.trajectory.last)
        observations: list[Observation] = []
        if not vehicle.published and conclusions.is_worth_a_passage(vehicle, self.judging.scene):
            observations += self._publish(vehicle, ended_by, vehicle.trajectory.last.time_s)
        self.road.lost(vehicle)
        return [*observations, *self._violations(vehicle)]

    def _publish(
        self, vehicle: FollowedVehicle, ended_by: PassageEnd, ended_s: float
    ) -> list[Observation]:
        assert self.last_event is not None  # noqa: S101 - a vehicle was seen in a segment
        scene, clock_source = self.judging.scene, self.last_event.clock_source
        passage = conclusions.passage_of(
            vehicle, scene, clock_source, ended_by, ended_s, self.links
        )
        self.road.passed(passage, vehicle, scene)
        return [passage]

    def _violations(self, vehicle: FollowedVehicle) -> list[ObservedViolation]:
        assert self.last_event is not None  # noqa: S101 - a vehicle was seen in a segment
        return conclusions.take_violations(
            vehicle, self.judging.scene, self.last_event.clock_source, self.links
        )

    def _end_stream(self, event: SegmentStored) -> list[Observation]:
        observations = self.stop(PassageEnd.STREAM_END)
        ended_at = event.captured_at + timedelta(milliseconds=event.duration_ms)
        return observations + list(self.road.end(ended_at))

    def _consider_checkpoint(self, event: SegmentStored, observations: list[Observation]) -> None:
        since = event.captured_at - (self.checkpointed_at or event.captured_at)
        # The source's clock may have gone back.
        due = abs(since.total_seconds()) >= CHECKPOINT_EVERY_S
        if observations or event.last_in_stream or due:
            self.checkpoint_due = True
