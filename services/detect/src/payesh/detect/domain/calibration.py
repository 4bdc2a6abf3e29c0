"""A camera's ground plane from tape-measured distances, marked points and the traffic's direction.

A pinhole camera with square pixels looks at a plane: focal length, tilt, roll and height over the
road are found by least squares, with the principal point near the picture's centre and every mark
near the pixel it was set at (bundle adjustment; Hartley & Zisserman, Multiple View Geometry, 2nd
ed., chapters 8 and 18). A distance needs no direction, so chains and single lines serve alike.
"""

from dataclasses import dataclass

import numpy as np

from payesh.detect.domain.camera_fit import CameraFit
from payesh.detect.domain.geometry import Floats, GroundPlane
from payesh.detect.domain.least_squares import propagated
from payesh.detect.domain.survey import NotDetermined, Residual, Survey, SurveySigmas

LARGEST_LENGTH_SCALE_U95 = 0.03
"""Lengths that are less sure than this are not determined."""
_COVERAGE_K = 1.96


@dataclass(frozen=True, slots=True)
class Calibration:
    """The plane, the camera over it, and how well both are known.

    Ground x runs across the road to the right, y along it away from the camera, which stands over
    the origin; with marked points both are the surveyor's.
    """

    plane: GroundPlane
    camera_height_m: float
    camera_height_u95_m: float
    focal_px: float
    tilt_deg: float
    roll_deg: float
    residuals: tuple[Residual, ...]
    misfit: float
    """Square root of chi-squared a degree of freedom; about 1 when the measurements agree as
    their standard deviations promise. Above 1 the uncertainties are widened by it."""
    across_m: tuple[float, float]
    along_m: tuple[float, float]
    """Least and greatest ground x and y of the marks."""
    ground_u95_m: float
    """How far a point halfway between the marks may lie from its place between the outer ones."""
    length_scale_u95: float
    """Relative uncertainty of the way along the road between the outer marks."""


def calibrate(survey: Survey, sigmas: SurveySigmas | None = None) -> Calibration:
    """Fit the plane to all measurements together. Raises NotDetermined."""
    _refuse_too_little(survey)
    fit = CameraFit(survey, sigmas or SurveySigmas())
    unknowns, cost, covariance = fit.solve()
    freedom = fit.measurements - 4
    misfit = float(np.sqrt(cost / freedom)) if freedom > 0 else 1.0
    covariance = covariance * max(misfit, 1.0) ** 2
    plane = fit.plane(unknowns)
    marks = plane.ground(fit.marks(unknowns))
    (left, near), (right, far) = marks.min(axis=0), marks.max(axis=0)
    if not np.isfinite(marks).all() or far - near < 1e-3:
        raise NotDetermined(
            "the marks lie on one line across the road: measure along it too", "along"
        )
    # Fixed pixels on the middle of the marks: what becomes of them as the camera varies.
    middle = (left + right) / 2
    line = plane.image([(middle, near), (middle, (near + far) / 2), (middle, far)])

    def lengths(values: Floats) -> Floats:
        y = fit.plane(values).ground(line)[:, 1]
        whole = y[2] - y[0]
        return np.array([whole, y[1] - y[0] - whole / 2, np.exp(values[3])])

    whole_u95, ground_u95, height_u95 = _COVERAGE_K * propagated(lengths, unknowns, covariance)
    length_scale_u95 = float(whole_u95 / (far - near))
    if not length_scale_u95 <= LARGEST_LENGTH_SCALE_U95:
        raise _missing(survey, length_scale_u95)
    return Calibration(
        plane=plane,
        camera_height_m=float(np.exp(unknowns[3])),
        camera_height_u95_m=float(height_u95),
        focal_px=float(np.exp(unknowns[0])),
        tilt_deg=float(np.degrees(unknowns[1])),
        roll_deg=float(np.degrees(unknowns[2])),
        residuals=tuple(fit.residuals(plane)),
        misfit=misfit,
        across_m=(float(left), float(right)),
        along_m=(float(near), float(far)),
        ground_u95_m=float(ground_u95),
        length_scale_u95=length_scale_u95,
    )


def _refuse_too_little(survey: Survey) -> None:
    for each in survey.distances:
        if not each.metres > 0 or each.from_px == each.to_px:
            raise NotDetermined(
                "a distance needs two marks and more than 0 metres between them", "distance"
            )
    if not survey.points:
        if not any(each.along_road for each in survey.distances):
            raise NotDetermined("no distance along the road was measured", "along")
        if len(survey.distances) < 2:
            raise NotDetermined("one distance alone fixes no plane: measure more", "more")


_WORDS = {
    "across": "a distance across the road",
    "second_along": "distances along both edges or in a chain",
    "vanishing": "tracks of vehicles, for the vanishing point",
    "points": "four marked points or more",
    "longer": "distances that are longer, or farther apart",
}


def _missing(survey: Survey, length_scale_u95: float) -> NotDetermined:
    lacks = {
        "across": all(each.along_road for each in survey.distances),
        "second_along": sum(each.along_road for each in survey.distances) < 2,
        "vanishing": survey.vanishing_px is None,
        "points": 0 < len(survey.points) < 4,
    }
    wanted = [kind for kind, missing in lacks.items() if missing] or ["longer"]
    words = "; ".join(_WORDS[kind] for kind in wanted)
    known = f"lengths would be unsure by {100 * length_scale_u95:.0f} %"
    return NotDetermined(f"{known}; missing: {words}", *wanted)
