"""What an installer measured at a site, and how sure each kind of measurement is."""

from dataclasses import dataclass

Pixel = tuple[float, float]


class NotDetermined(ValueError):
    """The measurements do not fix the plane; the text names what is missing, `missing` its kinds:
    `distance`, `along`, `across`, `second_along`, `vanishing`, `points`, `longer`, `more`."""

    def __init__(self, text: str, *missing: str) -> None:
        super().__init__(text)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class MeasuredDistance:
    """Metres on the road between two marks in the picture. `along_road`: in the direction of
    travel."""

    from_px: Pixel
    to_px: Pixel
    metres: float
    along_road: bool


@dataclass(frozen=True, slots=True)
class MarkedPoint:
    """A mark whose coordinates on the road, in metres, were surveyed (x across, y along)."""

    image_px: Pixel
    ground_m: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Survey:
    """What was measured at a site, in pixels of pictures of `picture_px` (width, height)."""

    picture_px: tuple[int, int]
    distances: tuple[MeasuredDistance, ...] = ()
    points: tuple[MarkedPoint, ...] = ()
    vanishing_px: Pixel | None = None
    """Where the ways of vehicles that drive straight on meet."""


@dataclass(frozen=True, slots=True)
class SurveySigmas:
    """One standard deviation of what a survey rests on."""

    tape_relative: float = 0.005
    """A distance: tape, slope and the choice of the mark's edge …"""
    tape_m: float = 0.01
    point_m: float = 0.03
    mark_px: float = 1.0
    """How exactly a mark is set in the picture."""
    horizon_deg: float = 0.2
    """The vanishing point off the plane's horizon: roads bend and sag."""
    centre_share: float = 0.015
    """The principal point off the picture's centre, in widths."""


@dataclass(frozen=True, slots=True)
class Residual:
    """A measured length beside the calibration's; of a point, 0 beside its distance from its
    surveyed coordinates."""

    name: str
    measured_m: float
    fitted_m: float
    sigma_m: float

    @property
    def difference_m(self) -> float:
        return self.fitted_m - self.measured_m
