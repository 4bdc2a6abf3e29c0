"""What is published of a followed vehicle, and when: its passage once, then its violations."""

from payesh.contracts.values import ClockSource, SegmentLink
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.domain.counts import Passed
from payesh.detect.domain.measured_crossing import MEASUREMENT, measured_crossing
from payesh.detect.domain.passage import (
    MINIMUM_SIGHTINGS,
    TIME_LIMIT_S,
    is_reportable,
    lane_of,
    left_zone_at_s,
    marked_lane_of,
    measured_speed,
)
from payesh.detect.domain.scene import Scene
from payesh.detect.vision.evidence_links import EvidenceLinks
from payesh.detect.vision.followed_vehicle import FollowedVehicle
from payesh.detect.vision.observations import (
    ObservedCrossing,
    ObservedPassage,
    ObservedViolation,
)
from payesh.detect.vision.tracks import track_of

MOST_CROSSINGS = 8
"""Of one passage: the contract's bound."""


def left_at_s(vehicle: FollowedVehicle, scene: Scene) -> float | None:
    """When a vehicle that is still in sight left the speed zone, if that ends its passage."""
    zone = scene.speed_zone
    if zone is None or not vehicle.trajectory.has_moved:
        return None
    left_s = left_zone_at_s(vehicle.trajectory, zone)
    return left_s if left_s is not None and is_worth_a_passage(vehicle, scene) else None


def has_waited(vehicle: FollowedVehicle, time_s: float) -> bool:
    """Whether a vehicle is followed for so long that its passage is due."""
    return time_s - vehicle.trajectory.first.time_s >= TIME_LIMIT_S


def is_worth_a_passage(vehicle: FollowedVehicle, scene: Scene) -> bool:
    """Whether the vehicle passes, or was found to break a rule: a violation needs its passage. A
    flicker is no vehicle, whatever a rule found."""
    trajectory = vehicle.trajectory
    if vehicle.held and trajectory.sightings >= MINIMUM_SIGHTINGS:
        return True
    return is_reportable(trajectory, scene.speed_zone)


def passage_of(
    vehicle: FollowedVehicle,
    scene: Scene,
    clock_source: ClockSource,
    ended_by: PassageEnd,
    ended_s: float,
    links: EvidenceLinks,
) -> ObservedPassage:
    """The vehicle's passage; its pictures leave the gallery."""
    trajectory = vehicle.trajectory
    speed = lane = None
    if scene.speed_zone is not None and trajectory.ground:
        lane = lane_of(trajectory, scene.speed_zone)
        if scene.speed_budget is not None:
            speed = measured_speed(trajectory, scene.speed_zone, scene.speed_budget)
    shots = tuple(candidate.picture.shot() for candidate in vehicle.gallery.kept)
    crossings = crossings_of(vehicle, scene)
    window: tuple[SegmentLink, ...] = ()
    if crossings:
        last_s = trajectory.last.time_s
        window = links.between(max(trajectory.first.time_s, last_s - TIME_LIMIT_S), last_s)
    vehicle.gallery.kept = []
    vehicle.published = True
    return ObservedPassage(
        passage_id=vehicle.passage_id,
        captured_at=trajectory.moment(ended_s).at,
        first_seen_at=trajectory.first.at,
        last_seen_at=trajectory.last.at,
        clock_source=_verified(vehicle, clock_source),
        clock_u95_ms=vehicle.clock.u95_ms,
        ended_by=ended_by,
        vehicle_class=vehicle.votes.vehicle_class,
        confidence=vehicle.votes.confidence,
        lane=lane,
        speed=speed,
        shots=shots,
        crossings=crossings if window else (),
        links=window,
    )


def crossings_of(vehicle: FollowedVehicle, scene: Scene) -> tuple[ObservedCrossing, ...]:
    """The lines of a measurement that the vehicle surely crossed, in the revision's order."""
    found = (
        measured_crossing(vehicle.trajectory, line, scene.row_px)
        for line in scene.lines_of(MEASUREMENT)
    )
    return tuple(
        ObservedCrossing(
            line=each.line,
            crossed_at=vehicle.trajectory.moment(each.time_s).at,
            u95_ms=round(1000.0 * each.u95_s, 3),
            approaching=each.approaching,
        )
        for each in found
        if each is not None
    )[:MOST_CROSSINGS]


def passed_of(passage: ObservedPassage, vehicle: FollowedVehicle, scene: Scene) -> Passed:
    """What is counted of a passage. Where no zone is measured, by the lanes that are marked."""
    speed_kmh = passage.speed.speed_kmh if passage.speed is not None else None
    lane = passage.lane
    if scene.speed_zone is None:
        lane = marked_lane_of(vehicle.trajectory, scene.lanes.values())
    return Passed(lane, passage.vehicle_class, speed_kmh, passage.captured_at)


def take_violations(
    vehicle: FollowedVehicle, scene: Scene, clock_source: ClockSource, links: EvidenceLinks
) -> list[ObservedViolation]:
    """The held findings of a vehicle as violations; none before its passage is published. A finding
    whose segments are not known any more proves nothing and is dropped."""
    if not vehicle.published or not vehicle.held:
        return []
    lane = None
    if scene.speed_zone is not None and vehicle.trajectory.ground:
        lane = lane_of(vehicle.trajectory, scene.speed_zone)
    held, vehicle.held = vehicle.held, []
    windows = [links.between(each.finding.from_s, each.finding.to_s) for each in held]
    return [
        ObservedViolation(
            passage_id=vehicle.passage_id,
            rule=each.rule,
            captured_at=each.captured_at,
            clock_source=_verified(vehicle, clock_source),
            clock_u95_ms=vehicle.clock.u95_ms,
            vehicle_class=vehicle.votes.vehicle_class,
            confidence=vehicle.votes.confidence,
            lane=lane,
            measurement=each.finding.measurement,
            links=window,
            track=track_of(vehicle.trajectory, each.finding.from_s, each.finding.to_s),
        )
        for each, window in zip(held, windows, strict=True)
        if window
    ]


def _verified(vehicle: FollowedVehicle, clock_source: ClockSource) -> ClockSource:
    return clock_source if vehicle.clock.verified else ClockSource.UNVERIFIED
