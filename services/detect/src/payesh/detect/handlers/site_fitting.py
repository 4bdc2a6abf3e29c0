"""Fitting a site's measurements: the same for the command and for the calibration page."""

from dataclasses import dataclass
from typing import Any

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.domain.calibration import Calibration, calibrate
from payesh.detect.domain.survey import Pixel, Survey
from payesh.detect.handlers.measured_site import MeasuredSite
from payesh.detect.handlers.stated_calibration import (
    revision_with,
    stated_calibration,
    stated_zone,
)

_ROUND = 3


@dataclass(frozen=True, slots=True)
class SiteFit:
    """A survey with the camera that fits it."""

    survey: Survey
    calibration: Calibration

    def revision(
        self, current: CameraRevision | None, *, towards_camera: bool = True
    ) -> dict[str, Any]:
        """What a revision has from it, JSON-ready: with a current one the whole next document.
        `towards_camera` is how traffic drives. Raises UnsuitableRevision."""
        return revision_with(
            current,
            self.survey.picture_px,
            stated_calibration(self.survey, self.calibration),
            stated_zone(self.calibration, towards_camera=towards_camera),
        )

    def described(self) -> dict[str, Any]:
        """The camera, its uncertainties and each residual, JSON-ready."""
        found = self.calibration
        return {
            "camera_height_m": round(found.camera_height_m, _ROUND),
            "camera_height_u95_m": round(found.camera_height_u95_m, _ROUND),
            "focal_px": round(found.focal_px, 1),
            "tilt_deg": round(found.tilt_deg, 2),
            "roll_deg": round(found.roll_deg, 2),
            "ground_u95_m": round(found.ground_u95_m, _ROUND),
            "length_scale_u95": round(found.length_scale_u95, 5),
            "misfit": round(found.misfit, 2),
            "vanishing_px": self.survey.vanishing_px,
            "along_m": [round(each, 2) for each in found.along_m],
            "across_m": [round(each, 2) for each in found.across_m],
            "residuals": [
                {
                    "name": each.name,
                    "measured_m": each.measured_m,
                    "fitted_m": round(each.fitted_m, _ROUND),
                    "difference_m": round(each.difference_m, _ROUND),
                    "sigma_m": round(each.sigma_m, _ROUND),
                }
                for each in found.residuals
            ],
        }


def fitted(site: MeasuredSite, picture_px: tuple[int, int], vanishing_px: Pixel | None) -> SiteFit:
    """Fit the plane to all that was measured. Raises NotDetermined."""
    survey = site.survey(picture_px, vanishing_px)
    return SiteFit(survey, calibrate(survey, site.sigmas()))
