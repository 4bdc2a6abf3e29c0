"""Incidents of one stream: what is raised, and what is over."""

from collections.abc import Sequence
from typing import ClassVar

from payesh.detect.domain.detections import VEHICLE_CLASSES, Detections
from payesh.detect.domain.incidents.incident import IncidentChange
from payesh.detect.domain.incidents.pedestrian import Pedestrians, walks
from payesh.detect.domain.incidents.places import CARRIAGEWAY, places_in
from payesh.detect.domain.incidents.queue import Queues
from payesh.detect.domain.incidents.stopped_vehicle import StoppedVehicles
from payesh.detect.domain.incidents.wrong_way import KIND as WRONG_WAY
from payesh.detect.domain.incidents.wrong_way import WrongWays
from payesh.detect.domain.lane_view import CountedLane, LaneView, VehicleView
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import PicturePoint
from payesh.detect.frames import Frame
from payesh.detect.ports import Part
from payesh.detect.vision.followed_vehicle import FollowedVehicle, HeldFinding
from payesh.detect.vision.sightings import BORDER_PX


class IncidentWatch:
    """Vehicles are known by their passages: they keep their incidents while they are followed."""

    part_name: ClassVar[str] = "incidents"
    part_version: ClassVar[int] = 1

    def __init__(self) -> None:
        self._stopped = StoppedVehicles()
        self._queues = Queues()
        self._wrong_ways = WrongWays()
        self._pedestrians = Pedestrians()

    def drive(
        self,
        now: Moment,
        seen: Sequence[FollowedVehicle],
        found: Sequence[tuple[FollowedVehicle, HeldFinding]],
        scene: Scene,
    ) -> list[IncidentChange]:
        """What the rules found of the vehicles in a frame, and which ones it shows no longer."""
        changes: list[IncidentChange] = []
        for vehicle, held in found:
            if held.rule == WRONG_WAY:
                foot_px = vehicle.trajectory.picture[-1].foot_px
                on = (lane for lane in scene.lanes.values() if lane.polygon.holds(foot_px))
                lane = next((lane.name for lane in on), None)
                passage = str(vehicle.passage_id)
                changes += self._wrong_ways.find(passage, vehicle.trajectory, held.finding, lane)
        for vehicle in seen:
            self._wrong_ways.see(str(vehicle.passage_id), now)
        return changes + self._wrong_ways.tidy(now) + self._stopped.tidy(now)

    def stand(
        self,
        now: Moment,
        seen: Sequence[FollowedVehicle],
        views: Sequence[VehicleView],
        lanes: Sequence[tuple[CountedLane, LaneView]],
        scene: Scene,
    ) -> list[IncidentChange]:
        """What stands in a frame, where a detector sees what stands."""
        places = places_in(scene, [lane for lane, _ in lanes])
        changes: list[IncidentChange] = []
        if places:
            for vehicle in seen:
                passage = str(vehicle.passage_id)
                changes += self._stopped.see(passage, vehicle.trajectory, views, places, scene)
        for lane, view in lanes:
            changes += self._queues.see(lane, view, now, scene)
        return changes

    def walk(
        self, frame: Frame, now: Moment, detections: Detections, scene: Scene
    ) -> list[IncidentChange]:
        """The people of a frame, where its detector tells of people. They are forgotten with it."""
        if detections.persons is None or not scene.regions_of(CARRIAGEWAY):
            return []
        names = [VEHICLE_CLASSES[number] for number in detections.class_id.tolist()]
        vehicles = [(detections.box(row), name) for row, name in enumerate(names)]
        lowest_px = frame.height_px - BORDER_PX
        walking = [
            PicturePoint(now.time_s, (left, top, right, bottom), whole=bottom < lowest_px)
            for left, top, right, bottom in detections.persons.tolist()
            if walks((left, top, right, bottom), vehicles)
        ]
        return self._pedestrians.see(walking, scene, now)

    @property
    def longest_stay_s(self) -> float:
        """Of a box on the carriageway, whatever it is."""
        return self._stopped.longest_s()

    def close(self, now: Moment, *, going_on: bool) -> list[IncidentChange]:
        """Trajectories end here. With `going_on`, vehicles keep their passages, and what they were
        found to do; the lanes may be others from here on."""
        changes = self._queues.close(now) + self._pedestrians.close(now)
        if not going_on:
            changes += self._stopped.close(now) + self._wrong_ways.close(now)
        return changes

    def memory(self) -> Part:
        state = {
            "stopped": self._stopped.to_state(),
            "queues": self._queues.to_state(),
            "wrong_ways": self._wrong_ways.to_state(),
            "pedestrians": self._pedestrians.to_state(),
        }
        return Part(self.part_name, self.part_version, state)

    def recall(self, part: Part) -> None:
        fresh = IncidentWatch()
        fresh._stopped.recall(part.state["stopped"])
        fresh._queues.recall(part.state["queues"])
        fresh._wrong_ways.recall(part.state["wrong_ways"])
        fresh._pedestrians.recall(part.state["pedestrians"])
        self._stopped, self._queues = fresh._stopped, fresh._queues
        self._wrong_ways, self._pedestrians = fresh._wrong_ways, fresh._pedestrians
