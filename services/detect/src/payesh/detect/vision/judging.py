"""Judging: the rules of the road that a scene arms, applied to each vehicle."""

from dataclasses import replace
from typing import Any

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.registry import armed
from payesh.detect.domain.rules.rule import Rule, RuleKind
from payesh.detect.domain.scene import Scene
from payesh.detect.frames import Frame
from payesh.detect.ports import UNREADABLE, Part, Parts
from payesh.detect.vision.followed_vehicle import FollowedVehicle, HeldFinding
from payesh.detect.vision.scenes import scene_of
from payesh.detect.vision.signal_watch import SignalWatch

_PREFIX = "rule."


class Judging:
    """The armed rules of one stream. Each vehicle has instances of its own."""

    def __init__(self, revision: CameraRevision) -> None:
        self.picture_px: tuple[int, int] | None = None
        """Width and height of the frames; None before the first."""
        self.scene: Scene
        self.signals = SignalWatch()
        self.fresh: list[tuple[FollowedVehicle, HeldFinding]] = []
        """What was found since `look`, in the frame that is judged."""
        self._kinds: dict[str, RuleKind]
        self.revise(revision)

    def revise(self, revision: CameraRevision) -> None:
        """Another revision's scene is in force for vehicles that appear from now on."""
        self._revision = revision
        self.scene = scene_of(revision, self.picture_px)
        self._kinds = {kind.name: kind for kind in armed(self.scene)}

    def show(self, picture_px: tuple[int, int]) -> None:
        """Frames are of this size from now on."""
        self.picture_px = picture_px
        self.revise(self._revision)

    def look(self, frame: Frame, time_s: float) -> None:
        """See what the signal heads show in the frame that is judged next."""
        self.fresh = []
        if self.scene.signal_heads:
            showing = self.signals.look(frame, self.scene, time_s)
            self.scene = replace(self.scene, showing=showing)

    def begin(self) -> dict[str, Rule]:
        """Instances for a vehicle that appears."""
        return {name: kind.factory() for name, kind in self._kinds.items()}

    def observe(self, vehicle: FollowedVehicle, time: Moment) -> None:
        """Put each new finding with the vehicle's held ones, and end that rule for it."""
        for name, rule in list(vehicle.rules.items()):
            finding = rule.observe(vehicle.trajectory, self.scene, time)
            if finding is not None:
                captured_at = vehicle.trajectory.moment(finding.at_s).at
                held = HeldFinding(name, captured_at, finding)
                vehicle.held.append(held)
                self.fresh.append((vehicle, held))
                vehicle.found.add(name)
                del vehicle.rules[name]

    def memory(self, vehicles: list[FollowedVehicle]) -> list[Part]:
        """A part for each armed rule: what it remembers of each vehicle."""
        return [
            Part(
                _PREFIX + name,
                kind.version,
                {
                    "vehicles": {
                        str(vehicle.passage_id): vehicle.rules[name].to_state()
                        for vehicle in vehicles
                        if name in vehicle.rules
                    }
                },
            )
            for name, kind in self._kinds.items()
        ]

    def recall(self, parts: Parts, vehicles: list[FollowedVehicle]) -> list[str]:
        """Give the vehicles their rules back; the names of the parts that had to do without.

        A rule without a readable memory begins anew with each vehicle, but for those that are
        published: it may have judged them already, and no vehicle is judged twice.
        """
        rebuilt = []
        for vehicle in vehicles:
            vehicle.rules = {n: r for n, r in self.begin().items() if n not in vehicle.found}
        for name, kind in self._kinds.items():
            part = parts.get(_PREFIX + name)
            try:
                if part is None or part.version != kind.version:
                    raise ValueError(f"no part of version {kind.version}")
                states: dict[str, Any] = part.state["vehicles"]
                recalled = {
                    vehicle.track: kind.factory.from_state(states[str(vehicle.passage_id)])
                    for vehicle in vehicles
                    if name in vehicle.rules
                }
            except UNREADABLE:
                rebuilt.append(_PREFIX + name)
                for vehicle in vehicles:
                    if vehicle.published:
                        vehicle.rules.pop(name, None)
                continue
            for vehicle in vehicles:
                if vehicle.track in recalled:
                    vehicle.rules[name] = recalled[vehicle.track]
        return rebuilt
