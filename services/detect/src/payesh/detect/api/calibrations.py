"""A camera's view and its calibration. Personal data: a view shows who passed."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import Identifier
from payesh.detect.api.dependencies import DependenciesHere
from payesh.detect.handlers import calibrating, comparing_drives
from payesh.detect.handlers.calibrating import FittedView
from payesh.detect.handlers.comparing_drives import StatedDrive
from payesh.detect.handlers.measured_site import MeasuredSite, StatedDistance, StatedPoint
from payesh.kit.authorization import authorize
from payesh.kit.openapi import ShapeOf
from payesh.kit.paging import UtcTime
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/cameras", tags=["calibrations"])
Surveyor = Annotated[
    Principal, Depends(authorize(calibrating.SCOPE, resource="view", personal=True))
]
CameraId = Annotated[Identifier, Path()]
Pair = tuple[float, float]


class MeasuredView(MeasuredSite):
    """What was measured on the road, in pixels of the camera's view; fewer than a file may have,
    because it is fitted while the caller waits."""

    measured_distances: Annotated[tuple[StatedDistance, ...], Field(max_length=40)] = ()
    measured_points: Annotated[tuple[StatedPoint, ...], Field(max_length=40)] = ()
    towards_camera: bool = Field(default=True, description="how the traffic drives")


class ResidualView(BaseModel):
    """A measurement beside the fit; of a point, 0 beside its distance from its coordinates."""

    name: str
    measured_m: float
    fitted_m: float
    difference_m: float
    sigma_m: float = Field(description="one standard deviation of what was measured")


class LineView(BaseModel):
    """A line of the grid, in pixels: at `across_m` along the road, or at `along_m` across it."""

    from_px: Pair
    to_px: Pair
    across_m: float | None
    along_m: float | None


class CalibrationView(BaseModel):
    """The camera over the road, how well it is known, and the revision to be registered."""

    camera_height_m: float
    camera_height_u95_m: float
    focal_px: float
    tilt_deg: float
    roll_deg: float
    ground_u95_m: float
    length_scale_u95: float
    misfit: float = Field(description="about 1 or less where the measurements agree")
    along_m: Pair
    across_m: Pair
    residuals: list[ResidualView]
    grid: list[LineView]
    next_revision: Annotated[dict[str, Any], ShapeOf(CameraRevision)] = Field(
        description="the whole document, without what ingest assigns: POST it to ingest's "
        "/v1/cameras/{camera_id}/revisions. It has no certificate: that was for another calibration"
    )


class StatedDrives(BaseModel):
    """Drives whose speed a reference measured, by when each passed the end of the measured zone."""

    drives: Annotated[tuple[StatedDrive, ...], Field(min_length=1, max_length=40)]
    within_s: Annotated[float, Field(ge=0.2, le=10)] = Field(
        default=3.0, description="how far a stated time may lie from the passage"
    )


class DriveView(BaseModel):
    """A drive beside the passage that shows it. `found` is `one`; or `none`, `several` vehicles (or
    one for several drives), `no_speed`, or `other_revision`: then nothing was measured of it."""

    at: UtcTime
    known_kmh: float
    known_u95_kmh: float
    found: Literal["one", "none", "several", "no_speed", "other_revision"]
    passed_at: UtcTime | None
    lane: str | None
    measured_kmh: float | None
    measured_u95_kmh: float | None
    error_kmh: float | None
    e_n: float | None = Field(description="ISO 13528: beyond ±1 the two intervals disagree")


class DrivesView(BaseModel):
    """What the drives show of the revision in force. A suggestion is never below what is stated."""

    drives: list[DriveView]
    median_ratio: float | None = Field(description="measured over known")
    agrees: bool | None = Field(description="whether all intervals meet; null without any drive")
    length_scale_u95: float | None = Field(description="as the revision states it")
    shown_length_scale_u95: float | None = Field(
        description="mean error and its uncertainty, of four drives or more"
    )
    suggested_length_scale_u95: float | None


@router.get(
    "/{camera_id}/view",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture, upright."}},
)
async def read_view(
    dependencies: DependenciesHere, camera_id: CameraId, principal: Surveyor
) -> Response:
    """The latest whole picture of a camera."""
    view = await calibrating.read_view(dependencies, principal, camera_id)
    return Response(view.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.post("/{camera_id}/calibration")
async def calibrate_view(
    dependencies: DependenciesHere, camera_id: CameraId, measured: MeasuredView, principal: Surveyor
) -> CalibrationView:
    """Fit measured distances and points to the camera's view. Nothing is stored."""
    found = await calibrating.calibrate_view(
        dependencies, principal, camera_id, measured, towards_camera=measured.towards_camera
    )
    return _view_of(found)


@router.post("/{camera_id}/drives")
async def compare_drives(
    dependencies: DependenciesHere, camera_id: CameraId, stated: StatedDrives, principal: Surveyor
) -> DrivesView:
    """Compare drives of known speed with what was measured under the revision in force. Nothing is
    stored."""
    found = await comparing_drives.compare_drives(
        dependencies, principal, camera_id, stated.drives, timedelta(seconds=stated.within_s)
    )
    return DrivesView.model_validate(found.described())


def _view_of(found: FittedView) -> CalibrationView:
    grid = [
        {
            "from_px": each.from_px,
            "to_px": each.to_px,
            "across_m": each.across_m,
            "along_m": each.along_m,
        }
        for each in found.lines
    ]
    return CalibrationView.model_validate(
        {**found.fit.described(), "grid": grid, "next_revision": found.next_revision}
    )
