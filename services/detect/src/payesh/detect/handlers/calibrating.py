"""Calibrating a camera in the latest view of it. A view shows who passed: each opening, reading and
fit leaves an audit record before its answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.adapters.views import CameraView
from payesh.detect.dependencies import Dependencies
from payesh.detect.domain.metric_lines import MetricLine, metric_lines
from payesh.detect.domain.survey import NotDetermined
from payesh.detect.errors import NoPlane, NoRevision, NoSuchView, OtherPictures
from payesh.detect.handlers.measured_site import MeasuredSite
from payesh.detect.handlers.site_fitting import SiteFit, fitted
from payesh.detect.handlers.stated_calibration import UnsuitableRevision
from payesh.detect.settings import Settings
from payesh.kit.audit import record_read
from payesh.kit.errors import MessageFault
from payesh.kit.principal import Principal

SCOPE = "calibrations:write"
_GIVEN_BY_INGEST = ("camera_id", "revision", "created_at")


@dataclass(frozen=True, slots=True)
class OpenedView:
    """A camera's view beside the revision that was in force when it was taken."""

    view: CameraView
    revision: CameraRevision


@dataclass(frozen=True, slots=True)
class FittedView:
    """A fit, its grid, and the next revision as ingest's route takes it."""

    fit: SiteFit
    lines: tuple[MetricLine, ...]
    next_revision: Mapping[str, Any]


async def read_view(
    dependencies: Dependencies, principal: Principal, camera_id: str, action: str = "read"
) -> CameraView:
    """The latest view of a camera. Raises NoSuchView for one outside the caller's bounds too, which
    is recorded."""
    view = await dependencies.views.of_camera(camera_id)
    if view is not None and not principal.bounds.allows(view.county, view.road_class):
        view = None
    async with dependencies.database.transaction() as session:
        await record_read(
            session,
            principal,
            service=Settings.service,
            scope=SCOPE,
            action=action,
            resource_kind="view",
            resource_ids=[camera_id],
            outcome="granted" if view is not None else "denied",
            query=dependencies.digests.of({"camera_id": camera_id}),
        )
    if view is None:
        raise NoSuchView
    return view


async def open_view(
    dependencies: Dependencies, principal: Principal, camera_id: str, action: str = "open"
) -> OpenedView:
    """A view with its revision. Raises NoSuchView, NoRevision."""
    view = await read_view(dependencies, principal, camera_id, action)
    try:
        return OpenedView(view, await dependencies.revisions.load(view.revision))
    except MessageFault as fault:
        raise NoRevision from fault


async def calibrate_view(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    site: MeasuredSite,
    *,
    towards_camera: bool,
) -> FittedView:
    """Fit what was measured to a camera's view. Raises NoSuchView, NoRevision, NoPlane,
    OtherPictures."""
    opened = await open_view(dependencies, principal, camera_id, "calibrate")
    size_px = opened.view.width_px, opened.view.height_px
    try:
        async with dependencies.fitting:
            fit = await asyncio.to_thread(fitted, site, size_px, None)
        document = fit.revision(opened.revision, towards_camera=towards_camera)
    except NotDetermined as lacking:
        raise NoPlane(str(lacking), lacking.missing) from lacking
    except UnsuitableRevision as other:
        raise OtherPictures(str(other)) from other
    kept = {name: value for name, value in document.items() if name not in _GIVEN_BY_INGEST}
    return FittedView(fit, metric_lines(fit.calibration), kept)
