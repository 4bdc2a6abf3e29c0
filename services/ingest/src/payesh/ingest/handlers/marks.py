"""Checks of what a revision marks in the picture: lines, regions, lanes, signals, limits.

The contract's schema holds each mark to its form. Here they are held to each other and to the
picture: a mark that names nothing known would arm no rule, and its owner would not notice.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from zoneinfo import ZoneInfo

from payesh.contracts.camera_revision import CameraRevision, Lamp, Scoped
from payesh.contracts.vocabulary import (
    DetectorKind,
    LampState,
    LineKind,
    RegionKind,
    VehicleClass,
    known,
)
from payesh.ingest.domain.picture_geometry import PixelPoint, encloses_area, lies_inside
from payesh.ingest.errors import BadMarks

Fault = tuple[str, str]
"""The field of the revision, such as `lines/0/to_px`, and what is wrong with it."""


def require_sound_marks(revision: CameraRevision) -> None:
    """Raises BadMarks with every fault."""
    faults = [
        *_names(revision),
        *_kinds(revision),
        *_shapes(revision),
        *_references(revision),
        *_scopes(revision),
        *_time_zones(revision),
        *_stretches(revision),
        *_incidents(revision),
    ]
    if faults:
        raise BadMarks(faults)


def _names(revision: CameraRevision) -> Iterator[Fault]:
    for field, marks in (
        ("lines", revision.lines),
        ("regions", revision.regions),
        ("lanes", revision.lanes),
        ("signal_heads", revision.signal_heads),
        ("schedules", revision.schedules),
        ("stretches", revision.stretches),
    ):
        names = [mark.name for mark in marks]
        counted = Counter(names)
        for number, name in enumerate(names):
            if counted[name] > 1:
                yield f"{field}/{number}/name", "the name is used twice"


def _kinds(revision: CameraRevision) -> Iterator[Fault]:
    for number, line in enumerate(revision.lines):
        yield from _known(LineKind, line.kind, f"lines/{number}/kind")
    for number, region in enumerate(revision.regions):
        yield from _known(RegionKind, region.kind, f"regions/{number}/kind")
    for number, head in enumerate(revision.signal_heads):
        for place, lamp in enumerate(head.lamps):
            yield from _known(LampState, lamp.state, f"signal_heads/{number}/lamps/{place}/state")


def _known(vocabulary: type[StrEnum], term: str, field: str) -> Iterator[Fault]:
    if not known(vocabulary, term):
        yield field, f"not one of {', '.join(vocabulary)}"


def _shapes(revision: CameraRevision) -> Iterator[Fault]:
    """Marks lie in the picture, lines have a direction, polygons an area."""
    points = dict(_points(revision))
    if points and (revision.width_px is None or revision.height_px is None):
        yield "width_px", "marks need the size of the picture"
    elif revision.width_px is not None and revision.height_px is not None:
        for field, point in points.items():
            if not lies_inside(point, revision.width_px, revision.height_px):
                yield field, "outside the picture"
    for field, from_px, to_px in _ways(revision):
        if from_px == to_px:
            yield f"{field}/to_px", "the same point as from_px"
    for field, polygon_px in _polygons(revision):
        if not encloses_area(polygon_px):
            yield f"{field}/polygon_px", "encloses no area"


def _ways(revision: CameraRevision) -> Iterator[tuple[str, PixelPoint, PixelPoint]]:
    """What has a direction."""
    for number, line in enumerate(revision.lines):
        yield f"lines/{number}", line.from_px, line.to_px
    for number, lane in enumerate(revision.lanes):
        yield f"lanes/{number}", lane.from_px, lane.to_px


def _polygons(revision: CameraRevision) -> Iterator[tuple[str, tuple[PixelPoint, ...]]]:
    for number, region in enumerate(revision.regions):
        yield f"regions/{number}", region.polygon_px
    for number, lane in enumerate(revision.lanes):
        yield f"lanes/{number}", lane.polygon_px


def _points(revision: CameraRevision) -> Iterator[tuple[str, PixelPoint]]:
    for field, from_px, to_px in _ways(revision):
        yield f"{field}/from_px", from_px
        yield f"{field}/to_px", to_px
    for field, polygon_px in _polygons(revision):
        for place, point in enumerate(polygon_px):
            yield f"{field}/polygon_px/{place}", point
    for number, head in enumerate(revision.signal_heads):
        for place, lamp in enumerate(head.lamps):
            field = f"signal_heads/{number}/lamps/{place}"
            yield f"{field}/x_px", (lamp.x_px, lamp.y_px)
            yield f"{field}/width_px", _far_corner(lamp)


def _far_corner(lamp: Lamp) -> PixelPoint:
    return lamp.x_px + lamp.width_px, lamp.y_px + lamp.height_px


def _references(revision: CameraRevision) -> Iterator[Fault]:
    """Movements go between gates, heads govern stop lines, limits hold in lanes."""
    gates = {line.name for line in revision.lines if line.kind == LineKind.GATE}
    for number, movement in enumerate(revision.movements):
        for end, name in (("entry", movement.entry), ("exit", movement.exit)):
            if name not in gates:
                yield f"movements/{number}/{end}", "no line of kind gate has this name"
    stops = {line.name for line in revision.lines if line.kind == LineKind.STOP}
    for number, head in enumerate(revision.signal_heads):
        if head.stop_line not in stops:
            yield f"signal_heads/{number}/stop_line", "no line of kind stop has this name"
    lanes = {lane.name for lane in revision.lanes}
    if revision.zone is not None:
        lanes |= {lane.name for lane in revision.zone.lanes}
    for number, limit in enumerate(revision.limits):
        for place, name in enumerate(limit.lanes or ()):
            if name not in lanes:
                yield f"limits/{number}/lanes/{place}", "no lane has this name"


def _scopes(revision: CameraRevision) -> Iterator[Fault]:
    schedules = {schedule.name for schedule in revision.schedules}
    scoped: Iterable[tuple[str, Sequence[Scoped]]] = (
        ("regions", revision.regions),
        ("lanes", revision.lanes),
        ("movements", revision.movements),
        ("limits", revision.limits),
    )
    for field, marks in scoped:
        for number, mark in enumerate(marks):
            if mark.schedule is not None and mark.schedule not in schedules:
                yield f"{field}/{number}/schedule", "no schedule has this name"
            for place, term in enumerate(mark.vehicle_classes or ()):
                yield from _known(VehicleClass, term, f"{field}/{number}/vehicle_classes/{place}")


def _time_zones(revision: CameraRevision) -> Iterator[Fault]:
    for number, schedule in enumerate(revision.schedules):
        try:
            ZoneInfo(schedule.time_zone)
        except (ValueError, OSError, KeyError):  # a path, a folder, no zone of that name
            yield f"schedules/{number}/time_zone", "not a time zone of the IANA database"


def _stretches(revision: CameraRevision) -> Iterator[Fault]:
    """A stretch leads from another camera's line of a measurement to one of this camera's."""
    ends = {line.name for line in revision.lines if line.kind == LineKind.MEASUREMENT}
    for number, stretch in enumerate(revision.stretches):
        field = f"stretches/{number}"
        if stretch.exit_line not in ends:
            yield f"{field}/exit_line", "no line of kind measurement has this name"
        if stretch.entry_line.kind != LineKind.MEASUREMENT:
            yield f"{field}/entry_line/kind", "not a line of kind measurement"
        if stretch.entry_line.from_px == stretch.entry_line.to_px:
            yield f"{field}/entry_line/to_px", "the same point as from_px"
        if stretch.entry_camera_id == revision.camera_id:
            yield f"{field}/entry_camera_id", "the camera itself: a stretch begins at another one"
        if stretch.valid_to <= stretch.valid_from:
            yield f"{field}/valid_to", "not after valid_from"
        if stretch.way_u95_m >= stretch.shortest_way_m:
            yield f"{field}/way_u95_m", "as long as the way itself"


def _incidents(revision: CameraRevision) -> Iterator[Fault]:
    """A threshold is stated where its incident can be raised at all."""
    stated = revision.incidents.model_dump(exclude_none=True) if revision.incidents else {}
    if revision.detection.kind == DetectorKind.MOTION:
        for field in stated:
            yield (
                f"incidents/{field}",
                "nothing that stands is seen by a detector of kind motion",
            )
    elif "pedestrian_s" in stated and not any(
        region.kind == RegionKind.CARRIAGEWAY for region in revision.regions
    ):
        yield "incidents/pedestrian_s", "no region of kind carriageway is marked"
