"""From a camera's revision to the scene that measurements and rules rest on."""

from dataclasses import replace
from datetime import time
from math import hypot
from zoneinfo import ZoneInfo

from payesh.contracts.camera_revision import CameraRevision, Scoped, Weekday
from payesh.contracts.camera_revision import Lamp as StatedLamp
from payesh.contracts.camera_revision import Schedule as StatedSchedule
from payesh.contracts.vocabulary import DetectorKind
from payesh.detect.domain.geometry import DegenerateControlPoints, GroundPlane, ground_plane
from payesh.detect.domain.incidents.thresholds import Thresholds
from payesh.detect.domain.marks import (
    Lamp,
    Line,
    MarkedLane,
    Movement,
    Polygon,
    Region,
    SignalHead,
)
from payesh.detect.domain.scene import PostedLimit, Scene
from payesh.detect.domain.schedule import NEVER, Period, Schedule, Scope
from payesh.detect.domain.speed import SpeedUncertaintyBudget
from payesh.detect.domain.speed_zone import LaneStrip, SpeedZone
from payesh.detect.vision.picture_size import same_shape, scaled

_EDGE_HEIGHT_M: dict[str, float] = {
    DetectorKind.MOTION: 0.05,
    DetectorKind.ONNX: 0.05,
    DetectorKind.GATED: 0.05,
}
_EDGE_HEIGHT_U95_M: dict[str, float] = {
    DetectorKind.MOTION: 0.12,
    DetectorKind.ONNX: 0.15,
    DetectorKind.GATED: 0.15,
}
"""Where the seen lower edge of a vehicle lies over the road: between the tyres' contact and the
bumper's lower lip. A learned detector puts it less evenly than the change against the road."""
_RESIZED_U95 = 0.01
"""Of lengths in a picture of another size than the calibrated one: how a camera scales and crops it
to a size of even numbers is not surveyed."""
_WEEKDAYS = {
    Weekday.MONDAY: 0,
    Weekday.TUESDAY: 1,
    Weekday.WEDNESDAY: 2,
    Weekday.THURSDAY: 3,
    Weekday.FRIDAY: 4,
    Weekday.SATURDAY: 5,
    Weekday.SUNDAY: 6,
}


def scene_of(revision: CameraRevision, picture_px: tuple[int, int] | None = None) -> Scene:
    """The scene that a revision describes, in pixels of pictures of this width and height; None
    for those that it was marked in.

    In pictures of another shape nothing is where it was marked: the scene is then empty. A
    calibration that fixes no plane counts as none. Vehicles are still seen and counted.
    """
    scopes = _Scopes(revision.schedules)
    if picture_px is not None and revision.width_px is not None and revision.height_px is not None:
        marked_px = revision.width_px, revision.height_px
        if not same_shape(marked_px, picture_px):
            return Scene(limits=_limits(revision, scopes), incidents=_thresholds(revision))
        resized = scaled(revision, marked_px, picture_px)
        if resized is not revision:
            return _resized(scene_of(resized), picture_px[1] / marked_px[1])
    plane = _plane(revision)
    return Scene(
        plane=plane,
        speed_zone=_speed_zone(revision) if plane is not None else None,
        speed_budget=_speed_budget(revision) if plane is not None else None,
        limits=_limits(revision, scopes),
        lines={
            line.name: Line(line.name, line.kind, line.from_px, line.to_px)
            for line in revision.lines
        },
        regions={
            region.name: Region(
                region.name, region.kind, Polygon(region.polygon_px), scopes.of(region)
            )
            for region in revision.regions
        },
        lanes={
            lane.name: MarkedLane(
                lane.name, Polygon(lane.polygon_px), lane.from_px, lane.to_px, scopes.of(lane)
            )
            for lane in revision.lanes
        },
        incidents=_thresholds(revision),
        movements=tuple(
            Movement(each.entry, each.exit, each.allowed, scopes.of(each))
            for each in revision.movements
        ),
        signal_heads={
            head.name: SignalHead(
                head.name,
                head.stop_line,
                tuple(
                    Lamp(
                        lamp.state,
                        (
                            lamp.x_px,
                            lamp.y_px,
                            lamp.x_px + lamp.width_px,
                            lamp.y_px + lamp.height_px,
                        ),
                    )
                    for lamp in head.lamps
                ),
                head.grace_ms,
            )
            for head in revision.signal_heads
        },
    )


def _resized(scene: Scene, scale: float) -> Scene:
    """A scene in pictures of another size than the calibrated one, with what that makes unsure."""
    budget = scene.speed_budget
    if budget is not None:
        length_scale_u95 = hypot(budget.length_scale_u95, _RESIZED_U95)
        budget = replace(budget, length_scale_u95=length_scale_u95)
    return replace(scene, speed_budget=budget, row_px=max(1.0, scale))


class _Scopes:
    """Scopes of marks and limits, whose schedules a revision states by name."""

    def __init__(self, schedules: tuple[StatedSchedule, ...]) -> None:
        self._schedules = {schedule.name: _schedule(schedule) for schedule in schedules}

    def of(self, stated: Scoped) -> Scope:
        """A schedule that the revision names but does not state never holds: a mark without it
        would hold at all times."""
        classes, schedule = stated.vehicle_classes, None
        if stated.schedule is not None:
            schedule = self._schedules.get(stated.schedule, NEVER)
        return Scope(frozenset(classes) if classes is not None else None, schedule)


def _schedule(stated: StatedSchedule) -> Schedule:
    """One in an unknown time zone never holds."""
    try:
        zone = ZoneInfo(stated.time_zone)
    except (LookupError, ValueError, OSError):  # the latter from a folder, such as "Asia"
        return NEVER
    periods = (
        Period(
            frozenset(_WEEKDAYS[day] for day in period.weekdays),
            time.fromisoformat(period.since),
            time.fromisoformat(period.until),
        )
        for period in stated.periods
    )
    return Schedule(zone, tuple(periods))


def _lamp(lamp: StatedLamp) -> Lamp:
    right, bottom = lamp.x_px + lamp.width_px, lamp.y_px + lamp.height_px
    return Lamp(lamp.state, (lamp.x_px, lamp.y_px, right, bottom))


def _plane(revision: CameraRevision) -> GroundPlane | None:
    if revision.calibration is None:
        return None
    points = revision.calibration.control_points
    try:
        return ground_plane([p.image_px for p in points], [p.ground_m for p in points])
    except DegenerateControlPoints:
        return None


def _speed_budget(revision: CameraRevision) -> SpeedUncertaintyBudget | None:
    calibration, kind = revision.calibration, revision.detection.kind
    if calibration is None or kind not in _EDGE_HEIGHT_M:
        return None
    along = [point.ground_m[1] for point in calibration.control_points]
    return SpeedUncertaintyBudget(
        camera_height_m=calibration.camera_height_m,
        length_scale_u95=calibration.length_scale_u95,
        ground_u95_m=calibration.ground_u95_m,
        survey_span_m=max(along) - min(along),
        edge_height_m=_EDGE_HEIGHT_M[kind],
        edge_height_u95_m=_EDGE_HEIGHT_U95_M[kind],
    )


def _limits(revision: CameraRevision, scopes: _Scopes) -> tuple[PostedLimit, ...]:
    posted = revision.speed_limit_kmh
    everywhere = () if posted is None else (PostedLimit(posted),)
    return everywhere + tuple(
        PostedLimit(
            limit.speed_limit_kmh,
            frozenset(limit.lanes) if limit.lanes is not None else None,
            scopes.of(limit),
        )
        for limit in revision.limits
    )


def _thresholds(revision: CameraRevision) -> Thresholds:
    stated = revision.incidents
    if stated is None:
        return Thresholds()
    return Thresholds(
        stopped_vehicle_s=stated.stopped_vehicle_s,
        queue_s=stated.queue_s,
        queue_m=stated.queue_m,
        queue_vehicles=stated.queue_vehicles,
        pedestrian_s=stated.pedestrian_s,
    )


def _speed_zone(revision: CameraRevision) -> SpeedZone | None:
    zone = revision.zone
    if zone is None or zone.entry_y_m == zone.exit_y_m:
        return None
    return SpeedZone(
        zone.entry_y_m,
        zone.exit_y_m,
        tuple(LaneStrip(lane.name, lane.from_x_m, lane.to_x_m) for lane in zone.lanes),
    )
