"""A camera revision as the domain sees it: geometry, zone and limits ready for use."""

from dataclasses import dataclass

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.vocabulary import DetectorKind
from payesh.detect.domain.geometry import DegenerateControlPoints, GroundPlane, ground_plane
from payesh.detect.domain.speed import SpeedLimits
from payesh.detect.domain.zone import LaneStrip, Zone

_EDGE_HEIGHT_M: dict[str, float] = {DetectorKind.MOTION: 0.05, DetectorKind.ONNX: 0.05}
_EDGE_HEIGHT_U95_M: dict[str, float] = {DetectorKind.MOTION: 0.12, DetectorKind.ONNX: 0.15}
"""Where the seen lower edge of a vehicle lies over the road: between the tyres' contact and the
bumper's lower lip. A learned detector puts it less evenly than the change against the road."""


@dataclass(frozen=True, slots=True)
class Site:
    """`plane`, `zone` and `limits` are None together with what the revision lacks."""

    revision: CameraRevision
    plane: GroundPlane | None
    zone: Zone | None
    limits: SpeedLimits | None

    @property
    def speed_limit_kmh(self) -> float | None:
        return self.revision.speed_limit_kmh


def site_of(revision: CameraRevision) -> Site:
    """A calibration that fixes no plane counts as none: vehicles are still seen and counted."""
    calibration, measured = revision.calibration, revision.zone
    zone = None
    if measured is not None and measured.entry_y_m != measured.exit_y_m:
        zone = Zone(
            measured.entry_y_m,
            measured.exit_y_m,
            tuple(LaneStrip(lane.name, lane.from_x_m, lane.to_x_m) for lane in measured.lanes),
        )
    if calibration is None:
        return Site(revision, None, None, None)
    points = calibration.control_points
    try:
        plane = ground_plane([p.image_px for p in points], [p.ground_m for p in points])
    except DegenerateControlPoints:
        return Site(revision, None, None, None)
    along = [p.ground_m[1] for p in points]
    kind = revision.detection.kind
    limits = SpeedLimits(
        camera_height_m=calibration.camera_height_m,
        length_scale_u95=calibration.length_scale_u95,
        ground_u95_m=calibration.ground_u95_m,
        survey_span_m=max(along) - min(along),
        edge_height_m=_EDGE_HEIGHT_M[kind],
        edge_height_u95_m=_EDGE_HEIGHT_U95_M[kind],
    )
    return Site(revision, plane, zone, limits)
