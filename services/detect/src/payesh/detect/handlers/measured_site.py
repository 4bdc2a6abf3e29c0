"""What an installer measured at a site, as a file: `MEASURED.json`."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from payesh.detect.domain.survey import (
    MarkedPoint,
    MeasuredDistance,
    Pixel,
    Survey,
    SurveySigmas,
)

_SIGMAS = SurveySigmas()
_Share = Annotated[float, Field(gt=0, le=0.1)]
_Metres = Annotated[float, Field(gt=0, le=1_000)]


class UnsuitableMeasurements(ValueError):
    """The file cannot be read; the text says where."""


class StatedDistance(BaseModel):
    """Metres on the road between two marks; `along_road` in the direction of travel."""

    model_config = ConfigDict(allow_inf_nan=False)

    p1_px: Pixel
    p2_px: Pixel
    metres: _Metres
    along_road: bool


class StatedPoint(BaseModel):
    """A mark with surveyed coordinates: x across the road, y along it."""

    model_config = ConfigDict(allow_inf_nan=False)

    image_px: Pixel
    ground_m: tuple[float, float]


class MeasuredSite(BaseModel):
    """All measurements of one camera. The standard deviations need no change for a tape of steel
    or fibre laid flat and marks of a hand's width."""

    model_config = ConfigDict(allow_inf_nan=False)

    measured_distances: Annotated[tuple[StatedDistance, ...], Field(max_length=256)] = ()
    measured_points: Annotated[tuple[StatedPoint, ...], Field(max_length=64)] = ()
    tape_relative: _Share = _SIGMAS.tape_relative
    tape_m: _Metres = _SIGMAS.tape_m
    point_m: _Metres = _SIGMAS.point_m
    mark_px: Annotated[float, Field(gt=0, le=50)] = _SIGMAS.mark_px

    @model_validator(mode="after")
    def _has_measurements(self) -> Self:
        if not self.measured_distances and not self.measured_points:
            raise ValueError("states neither measured_distances nor measured_points")
        return self

    def survey(self, picture_px: tuple[int, int], vanishing_px: Pixel | None) -> Survey:
        return Survey(
            picture_px,
            distances=tuple(
                MeasuredDistance(each.p1_px, each.p2_px, each.metres, each.along_road)
                for each in self.measured_distances
            ),
            points=tuple(
                MarkedPoint(each.image_px, each.ground_m) for each in self.measured_points
            ),
            vanishing_px=vanishing_px,
        )

    def sigmas(self) -> SurveySigmas:
        return SurveySigmas(
            tape_relative=self.tape_relative,
            tape_m=self.tape_m,
            point_m=self.point_m,
            mark_px=self.mark_px,
        )


def read_site(path: Path) -> MeasuredSite:
    """Raises UnsuitableMeasurements, OSError."""
    try:
        return MeasuredSite.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UnsuitableMeasurements(f"{path}: {where}: {first['msg']}") from error
