"""A calibration as a camera's revision states it."""

import json
from typing import Any

import numpy as np

from payesh.contracts import camera_revision as stated
from payesh.detect.domain.calibration import Calibration
from payesh.detect.domain.survey import Survey

_LENGTH_DIGITS = 4
_MOST_POINTS = 64


class UnsuitableRevision(ValueError):
    """The current revision is none, or is of pictures of another size."""


def stated_calibration(survey: Survey, calibration: Calibration) -> stated.Calibration:
    """Control points at the survey's marks, and at the corners of their extent: all lie on the
    fitted plane, so a revision has that plane and no other."""
    (left, right), (near, far) = calibration.across_m, calibration.along_m
    corners = calibration.plane.image([(x, y) for x in (left, right) for y in (near, far)])
    marks = [each.image_px for each in survey.points]
    marks += [end for each in survey.distances for end in (each.from_px, each.to_px)]
    pixels = np.array([*corners, *dict.fromkeys(marks)])[:_MOST_POINTS]
    ground = calibration.plane.ground(pixels)
    return stated.Calibration(
        control_points=tuple(
            stated.ControlPoint(image_px=_pair(pixel, 3), ground_m=_pair(metres, _LENGTH_DIGITS))
            for pixel, metres in zip(pixels, ground, strict=True)
        ),
        ground_u95_m=round(calibration.ground_u95_m, _LENGTH_DIGITS),
        length_scale_u95=round(calibration.length_scale_u95, 5),
        camera_height_m=round(calibration.camera_height_m, 3),
    )


def stated_zone(calibration: Calibration, *, towards_camera: bool) -> stated.MeasuredZone:
    """From one end of the marks to the other, as one lane: the installer divides it."""
    (left, right), (near, far) = calibration.across_m, calibration.along_m
    first, last = (far, near) if towards_camera else (near, far)
    lane = stated.Lane(name="road", from_x_m=round(left, 2), to_x_m=round(right, 2))
    return stated.MeasuredZone(entry_y_m=round(first, 2), exit_y_m=round(last, 2), lanes=(lane,))


def revision_with(
    current: stated.CameraRevision | None,
    picture_px: tuple[int, int],
    calibration: stated.Calibration,
    zone: stated.MeasuredZone,
) -> dict[str, Any]:
    """What a revision has from a calibration, JSON-ready; with a current revision its document
    with these parts replaced and its number one higher.

    The certificate goes: it was for another calibration. Raises UnsuitableRevision.
    """
    parts: dict[str, Any] = {
        "width_px": picture_px[0],
        "height_px": picture_px[1],
        "calibration": calibration.model_dump(mode="json"),
        "zone": zone.model_dump(mode="json"),
    }
    if current is None:
        return parts
    if (current.width_px, current.height_px) not in (picture_px, (None, None)):
        raise UnsuitableRevision(
            f"its marks are in pictures of {current.width_px} by {current.height_px} pixels"
        )
    changed = parts | {"certificate": None, "revision": current.revision + 1}
    document = current.model_dump(mode="json") | changed
    return stated.CameraRevision.model_validate_json(json.dumps(document)).model_dump(mode="json")


def _pair(point: Any, digits: int) -> tuple[float, float]:
    return round(float(point[0]), digits), round(float(point[1]), digits)
