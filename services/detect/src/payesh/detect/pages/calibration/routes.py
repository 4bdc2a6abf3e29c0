"""The calibration of a camera as a page."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from payesh.detect.api.calibrations import CameraId
from payesh.detect.api.dependencies import DependenciesHere
from payesh.detect.errors import NoRevision, NoSuchView
from payesh.detect.handlers import calibrating
from payesh.detect.handlers.calibrating import OpenedView
from payesh.kit.page_reader import page_reader
from payesh.kit.principal import Principal

PURPOSE = "کالیبراسیون دوربین‌ها"

router = APIRouter(prefix="/calibration", include_in_schema=False)

Surveyor = Annotated[Principal, Depends(page_reader(calibrating.SCOPE, resource="view"))]

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
)


@router.get("")
async def choose_camera(principal: Surveyor) -> HTMLResponse:
    """A field for the camera's id: detect keeps no list of cameras."""
    return _page("choose.html", principal, fault=None)


@router.get("/{camera_id}")
async def calibration_page(
    dependencies: DependenciesHere, camera_id: CameraId, principal: Surveyor
) -> HTMLResponse:
    """The camera's latest view, to set marks in."""
    try:
        opened = await calibrating.open_view(dependencies, principal, camera_id)
    except (NoSuchView, NoRevision) as problem:
        return _page("choose.html", principal, status_code=problem.status, fault=problem.type)
    return _page("calibration.html", principal, view=opened.view, known=_known(opened))


def _known(opened: OpenedView) -> dict[str, object]:
    """Of the revision in force, what the page shows over the view: its name and control points, in
    the view's pixels."""
    revision, view = opened.revision, opened.view
    across = view.width_px / (revision.width_px or view.width_px)
    down = view.height_px / (revision.height_px or view.height_px)
    points = revision.calibration.control_points if revision.calibration is not None else ()
    return {
        "name": revision.name,
        "revision": revision.revision,
        "certified": revision.certificate is not None,
        "points": [[p.image_px[0] * across, p.image_px[1] * down] for p in points],
    }


def _page(
    template: str, principal: Principal, *, status_code: int = 200, **shown: object
) -> HTMLResponse:
    body = _templates.get_template(template).render(person=principal.subject, **shown)
    return HTMLResponse(body, status_code, headers={"Cache-Control": "no-store"})
