"""What is watched of the road as a whole, beside each vehicle: counts, incidents, self-checks."""

from collections.abc import Sequence
from datetime import datetime

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.vocabulary import DetectorKind
from payesh.detect.domain.counts import MinuteCounter
from payesh.detect.domain.detections import Detections
from payesh.detect.domain.lane_view import CountedLane, counted_lanes, view_of
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.scene import Scene
from payesh.detect.frames import Frame
from payesh.detect.vision.conclusions import passed_of
from payesh.detect.vision.detector_health import DetectorHealth
from payesh.detect.vision.followed_vehicle import FollowedVehicle
from payesh.detect.vision.incident_watch import IncidentWatch
from payesh.detect.vision.judging import Judging
from payesh.detect.vision.observations import (
    Observation,
    ObservedCondition,
    ObservedCounts,
    ObservedIncident,
    ObservedPassage,
)
from payesh.detect.vision.view_taking import ViewTaking


class RoadWatch:
    """The lanes of one stream. In front of a learned background they are not looked at: a vehicle
    that stands becomes background within a minute, and a jam would be an empty road."""

    def __init__(self, revision: CameraRevision) -> None:
        self.counter = MinuteCounter()
        self.incidents = IncidentWatch()
        self.health = DetectorHealth()
        self.view = ViewTaking()
        self._lanes: tuple[CountedLane, ...] = ()
        self._lanes_of: Scene | None = None
        self.revise(revision)

    def revise(self, revision: CameraRevision) -> None:
        """Another revision came into force."""
        self._sees_standing = revision.detection.kind != DetectorKind.MOTION
        self._lanes_of = None

    def advance(self, frame_at: datetime) -> list[ObservedCounts]:
        """A frame of this moment comes next: the minutes that ended before it."""
        return [ObservedCounts(interval) for interval in self.counter.advance(frame_at)]

    def passed(self, passage: ObservedPassage, vehicle: FollowedVehicle, scene: Scene) -> None:
        """A vehicle's passage is published."""
        self.counter.count(vehicle.trajectory, passed_of(passage, vehicle, scene))
        self.health.passed()

    def lost(self, vehicle: FollowedVehicle) -> None:
        """A vehicle is followed no longer."""
        if vehicle.published:
            self.counter.lost(vehicle.trajectory)
        else:
            self.health.lost(vehicle.trajectory)

    def look(
        self,
        frame: Frame,
        detections: Detections,
        moment: Moment,
        seen: Sequence[FollowedVehicle],
        judging: Judging,
    ) -> list[Observation]:
        """A frame shows these vehicles, which were judged."""
        self.view.look(frame)
        scene = judging.scene
        changes = self.incidents.drive(moment, seen, judging.fresh, scene)
        changes += self.incidents.walk(frame, moment, detections, scene)
        if self._sees_standing:
            views = [view_of(each.trajectory, scene) for each in seen]
            vehicles = [view for view in views if view is not None]
            lanes = [(lane, lane.view(vehicles)) for lane in self._lanes_in(scene)]
            self.counter.look(moment.time_s, [view for _, view in lanes])
            changes += self.incidents.stand(moment, seen, vehicles, lanes, scene)
        conditions = self.health.look(frame, moment, self.incidents.longest_stay_s)
        return [*map(ObservedIncident, changes), *map(ObservedCondition, conditions)]

    def close(self, now: Moment | None, *, going_on: bool) -> list[ObservedIncident]:
        """Trajectories end at the latest frame; with `going_on` no frame is missing after it."""
        if now is None:
            return []
        changes = self.incidents.close(now, going_on=going_on)
        return [ObservedIncident(change) for change in changes]

    def stop(self, now: Moment | None) -> list[ObservedCondition]:
        """The stream is not watched any further."""
        return [ObservedCondition(change) for change in self.health.end(now)]

    def break_off(self) -> list[ObservedCounts]:
        """The source's clock steps."""
        return [ObservedCounts(interval) for interval in self.counter.break_off()]

    def end(self, ended_at: datetime) -> list[ObservedCounts]:
        """The stream is over."""
        intervals = [*self.counter.advance(ended_at), *self.counter.finish(ended_at)]
        return [ObservedCounts(interval) for interval in intervals]

    def _lanes_in(self, scene: Scene) -> tuple[CountedLane, ...]:
        known = self._lanes_of
        # A scene is replaced with each frame of signals; its marks are then the same objects.
        if known is None or not (
            known.lanes is scene.lanes
            and known.speed_zone is scene.speed_zone
            and known.plane is scene.plane
        ):
            self._lanes, self._lanes_of = counted_lanes(scene), scene
        return self._lanes
