"""Vehicles as panels: their faces are painted once, in sunlight, and then only projected."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.street.geometry import Floats
from payesh.local.street.panels import Panel, split_along_road
from payesh.local.street.plate_art import draw_plate
from payesh.local.street.traffic import Vehicle, VehicleClass

Image = NDArray[np.uint8]
Bgr = tuple[float, float, float]

_PX_PER_M = 220
_PAINT: dict[str, Bgr] = {
    "white": (226, 228, 226),
    "silver": (178, 176, 172),
    "grey": (104, 102, 98),
    "black": (44, 42, 42),
    "beige": (160, 186, 200),
    "blue": (140, 82, 36),
    "red": (44, 40, 158),
    "green": (72, 88, 48),
    "yellow": (40, 186, 240),
}
_GLASS: Bgr = (66, 58, 50)
# How much of the sun each direction gets; it stands behind the camera, to the right.
_SUN_FRONT, _SUN_TOP, _SUN_RIGHT, _SUN_LEFT = 0.88, 1.08, 0.80, 0.50


class _Canvas:
    """A picture measured in metres, its origin at the lower left, or as the panel's plane has it."""

    def __init__(self, width_m: float, height_m: float, bgr: Bgr, light: float) -> None:
        self.width_m, self.height_m, self.light = width_m, height_m, light
        self.shape = (max(4, round(height_m * _PX_PER_M)), max(4, round(width_m * _PX_PER_M)))
        self.image = np.empty((*self.shape, 3), np.float32)
        self.image[:] = bgr

    def gradient(self, top: float, bottom: float) -> None:
        """Multiply the brightness from `top` down to `bottom`."""
        ramp = np.linspace(top, bottom, self.shape[0], dtype=np.float32)
        self.image *= ramp[:, None, None]

    def polygon(self, points_m: list[tuple[float, float]], bgr: Bgr) -> None:
        """Fill a polygon given in metres from the lower left."""
        cv2.fillPoly(self.image, [self._pixels(points_m)], bgr, cv2.LINE_AA, 4)

    def box(self, x0: float, z0: float, x1: float, z1: float, bgr: Bgr) -> None:
        """Fill a rectangle."""
        self.polygon([(x0, z0), (x1, z0), (x1, z1), (x0, z1)], bgr)

    def line(self, points_m: list[tuple[float, float]], width_m: float, bgr: Bgr) -> None:
        """Draw an open line."""
        width_px = max(1, round(width_m * _PX_PER_M))
        cv2.polylines(self.image, [self._pixels(points_m)], False, bgr, width_px, cv2.LINE_AA, 4)

    def disc(self, x: float, z: float, rx: float, rz: float, bgr: Bgr) -> None:
        """Fill an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 48)
        self.polygon([(x + rx * float(np.cos(a)), z + rz * float(np.sin(a))) for a in turn], bgr)

    def _pixels(self, points_m: list[tuple[float, float]]) -> NDArray[np.int32]:
        points = np.array(points_m, float)
        points[:, 1] = self.height_m - points[:, 1]
        return np.asarray(np.round(points * _PX_PER_M * 16), np.int32)

    def picture(self) -> Image:
        """The finished picture in its light."""
        return np.clip(self.image * self.light, 0, 255).astype(np.uint8)


def _mask(width_m: float, height_m: float, outline_m: list[tuple[float, float]]) -> Image:
    canvas = _Canvas(width_m, height_m, (0, 0, 0), 1.0)
    canvas.polygon(outline_m, (255, 255, 255))
    return np.ascontiguousarray(canvas.picture()[..., 0])


def _quad(
    a: tuple[float, float, float],
    b: tuple[float, float, float],
    c: tuple[float, float, float],
    d: tuple[float, float, float],
) -> Floats:
    return np.array((a, b, c, d), float)


def build_panels(vehicle: Vehicle) -> list[Panel]:
    """All panels of `vehicle`, from back to front as they must be drawn."""
    rng = np.random.default_rng(vehicle.look)
    panels = _shadow(vehicle)
    match vehicle.vehicle_class:
        case VehicleClass.CAR:
            panels += _car(vehicle, rng)
        case VehicleClass.VAN:
            panels += _van(vehicle)
        case VehicleClass.TRUCK:
            panels += _truck(vehicle)
        case VehicleClass.BUS:
            panels += _bus(vehicle)
    return panels


def _shadow(vehicle: Vehicle) -> list[Panel]:
    body = vehicle.body
    margin = 0.35
    reach = 0.22 * body.height_m  # the sun stands high on the right
    width, length = body.width_m + reach + 2 * margin, body.length_m + 2 * margin
    rows, columns = int(length * 40), int(width * 40)
    opacity = np.zeros((rows, columns), np.uint8)
    edge = int(margin * 40)
    opacity[edge : rows - edge, edge : columns - edge] = 185
    opacity = np.asarray(cv2.GaussianBlur(opacity, (0, 0), margin * 40 * 0.42), np.uint8)
    left, right = -body.width_m / 2 - reach - margin, body.width_m / 2 + margin
    far, near = body.length_m + margin, -margin + 0.1
    # Turned so that the picture's columns run along the road, then cut as long sides are.
    corners = _quad((left, near, 0), (left, far, 0), (right, far, 0), (right, near, 0))
    turned = np.ascontiguousarray(opacity.T)
    dark = np.full((*turned.shape, 3), 22, np.uint8)
    return split_along_road(Panel(corners, dark, turned))


def _plate_panel(vehicle: Vehicle) -> Panel:
    middle_z = vehicle.body.plate_height_m
    picture = np.ascontiguousarray(draw_plate(vehicle.plate, height_px=96)[..., ::-1])
    picture = (picture * 0.94).astype(np.uint8)
    half_w, half_h, y = 0.26, 0.055, -0.015
    return Panel(
        _quad(
            (-half_w, y, middle_z + half_h),
            (half_w, y, middle_z + half_h),
            (half_w, y, middle_z - half_h),
            (-half_w, y, middle_z - half_h),
        ),
        picture,
    )


def _wheel(canvas: _Canvas, x: float, radius: float) -> None:
    canvas.disc(x, radius, radius + 0.06, radius + 0.06, (26, 26, 26))
    canvas.disc(x, radius, radius, radius, (36, 36, 36))
    canvas.disc(x, radius, radius * 0.62, radius * 0.62, (150, 150, 150))
    for angle in np.arange(0, 2 * np.pi, 2 * np.pi / 5):
        tip = (x + 0.55 * radius * float(np.cos(angle)), radius * (1 + 0.55 * float(np.sin(angle))))
        canvas.line([(x, radius), tip], 0.05, (90, 90, 90))


def _sides(
    lower: Image,
    opacity: Image | None,
    x: float,
    box: tuple[float, float, float, float],
    top_x: float | None = None,
) -> list[Panel]:
    """The right and the left side from one picture, whose left edge is the vehicle's front."""
    near, far, low, high = box
    inner = x if top_x is None else top_x
    right = _quad((inner, near, high), (inner, far, high), (x, far, low), (x, near, low))
    left = _quad((-inner, far, high), (-inner, near, high), (-x, near, low), (-x, far, low))
    shade = (lower.astype(np.float32) * (_SUN_LEFT / _SUN_RIGHT)).astype(np.uint8)
    flipped = None if opacity is None else np.ascontiguousarray(opacity[:, ::-1])
    return [
        Panel(right, lower, opacity),
        Panel(left, np.ascontiguousarray(shade[:, ::-1]), flipped),
    ]


def _strips(
    picture: Image,
    xs: tuple[float, ...],
    near: tuple[float, ...],
    far: tuple[float, ...],
    low: tuple[float, ...],
    high: tuple[float, ...],
) -> list[Panel]:
    """Cut one picture, seen from the front, into upright strips between the given sections."""
    panels = []
    columns = picture.shape[1]
    span = xs[-1] - xs[0]
    for i in range(len(xs) - 1):
        a = round((xs[i] - xs[0]) / span * columns)
        b = round((xs[i + 1] - xs[0]) / span * columns)
        corners = _quad(
            (xs[i], far[i], high[i]),
            (xs[i + 1], far[i + 1], high[i + 1]),
            (xs[i + 1], near[i + 1], low[i + 1]),
            (xs[i], near[i], low[i]),
        )
        panels.append(Panel(corners, np.ascontiguousarray(picture[:, a:b])))
    return panels


def _windscreen(width: float, height: float, pillar: Bgr, light: float, inset: float) -> Image:
    canvas = _Canvas(width, height, pillar, light)
    w, h = width, height
    glass = [(0.03, 0.02), (w - 0.03, 0.02), (w - 0.03 - inset, h - 0.03), (0.03 + inset, h - 0.03)]
    canvas.polygon(glass, _GLASS)
    canvas.polygon([(0.06, 0.02), (w - 0.06, 0.02), (w - 0.08, 0.16), (0.08, 0.16)], (96, 92, 88))
    for x, shirt in ((w * 0.73, (120, 96, 84)), (w * 0.28, (58, 56, 60))):
        canvas.disc(x, h * 0.34, 0.20, h * 0.30, shirt)
        canvas.disc(x, h * 0.68, 0.085, h * 0.13, (98, 122, 150) if x > w / 2 else (62, 60, 60))
    wheel = [
        (w * 0.73 + 0.17 * float(np.cos(a)), 0.12 + 0.16 * float(np.sin(a)))
        for a in np.linspace(0, np.pi, 24)
    ]
    canvas.line(wheel, 0.025, (28, 28, 28))
    canvas.box(w / 2 - 0.11, h - 0.14, w / 2 + 0.11, h - 0.08, (30, 30, 30))
    sky = np.zeros_like(canvas.image)
    rows, columns = canvas.shape
    cv2.fillPoly(
        sky,
        [np.array([(0, 0), (columns * 0.62, 0), (columns * 0.30, rows), (0, rows)], np.int32)],
        (214, 190, 168),
    )
    glow = cv2.GaussianBlur(sky, (0, 0), 14)
    inside = cv2.cvtColor(canvas.image.copy(), cv2.COLOR_BGR2GRAY) < 400
    canvas.image = np.where(
        inside[..., None], canvas.image * 0.92 + glow * 0.22, canvas.image
    ).astype(np.float32)
    canvas.line([glass[0], glass[1]], 0.03, (24, 24, 24))
    canvas.line([(w * 0.25, 0.03), (w * 0.52, 0.08)], 0.015, (20, 20, 20))
    canvas.line([(w * 0.55, 0.03), (w * 0.82, 0.08)], 0.015, (20, 20, 20))
    canvas.line([glass[3], glass[0]], 0.07, pillar)
    canvas.line([glass[1], glass[2]], 0.07, pillar)
    return canvas.picture()


def _lamp(canvas: _Canvas, x: float, z: float, width: float, height: float) -> None:
    canvas.disc(x, z, width + 0.02, height + 0.02, (50, 50, 50))
    canvas.disc(x, z, width, height, (196, 196, 192))
    canvas.disc(x, z, width * 0.5, height * 0.75, (238, 238, 236))
    canvas.disc(x + width * 0.15, z + height * 0.2, width * 0.18, height * 0.25, (255, 255, 255))


def _car_front(vehicle: Vehicle, rng: np.random.Generator) -> Image:
    paint = _PAINT[vehicle.colour]
    w, h = vehicle.body.width_m, 0.60
    dark: Bgr = (30, 30, 31)
    c = _Canvas(w, h, paint, _SUN_FRONT)
    c.gradient(1.06, 0.82)
    c.box(0, 0, w, 0.05, dark)
    c.polygon([(0.25, 0.06), (w - 0.25, 0.06), (w - 0.34, 0.17), (0.34, 0.17)], dark)
    for x in (0.20, w - 0.20):
        c.disc(x, 0.14, 0.07, 0.05, dark)
        c.disc(x, 0.14, 0.045, 0.035, (200, 200, 196))
    c.line([(0.02, 0.20), (w - 0.02, 0.20)], 0.012, tuple(v * 0.6 for v in paint))  # type: ignore[arg-type]
    c.line([(0.02, 0.365), (w - 0.02, 0.365)], 0.014, tuple(v * 0.5 for v in paint))  # type: ignore[arg-type]
    grille = [(0.44, 0.39), (w - 0.44, 0.39), (w - 0.40, 0.53), (0.40, 0.53)]
    c.polygon(grille, dark)
    style = int(rng.integers(3))
    if style == 0:
        for z in (0.42, 0.46, 0.50):
            c.line([(0.43, z), (w - 0.43, z)], 0.012, (128, 128, 128))
    elif style == 1:
        for x in np.arange(0.48, w - 0.46, 0.06):
            c.line([(float(x), 0.40), (float(x), 0.52)], 0.012, (104, 104, 104))
    c.line([*grille, grille[0]], 0.014, (176, 176, 174))
    c.disc(w / 2, 0.46, 0.05, 0.05, (190, 190, 188))
    lamp = (0.17, 0.065) if style != 2 else (0.14, 0.085)
    for x in (0.22, w - 0.22):
        _lamp(c, x, 0.455, *lamp)
        c.disc(x + (0.16 if x > w / 2 else -0.16), 0.45, 0.035, 0.05, (70, 150, 236))
    c.box(w / 2 - 0.30, 0.205, w / 2 + 0.30, 0.345, tuple(v * 0.55 for v in paint))  # type: ignore[arg-type]
    return c.picture()


def _car(vehicle: Vehicle, rng: np.random.Generator) -> list[Panel]:
    paint = _PAINT[vehicle.colour]
    body = vehicle.body
    w, length, height = body.width_m, body.length_m, body.height_m
    half = w / 2
    belt, hood_z, ride = 0.92, 0.78, 0.16
    cowl_y, roof_y = 1.12, 1.92
    roof_end = length - (0.95 if rng.random() < 0.6 else 0.35)

    lower = _Canvas(length, belt, paint, _SUN_RIGHT)
    lower.gradient(1.04, 0.78)
    lower.box(0, 0, length, 0.26, (40, 40, 40))
    for x in (1.75, 2.75, 3.55):
        lower.line([(x, 0.26), (x + 0.03, belt)], 0.012, tuple(v * 0.5 for v in paint))  # type: ignore[arg-type]
    for x in (2.45, 3.4):
        lower.box(x, 0.74, x + 0.16, 0.77, tuple(v * 0.6 for v in paint))  # type: ignore[arg-type]
    _wheel(lower, 0.82, 0.30)
    _wheel(lower, length - 0.80, 0.30)
    lower_mask = _mask(
        length,
        belt,
        [
            (0.30, ride),
            (0.48, ride),
            (0.52, 0.0),
            (1.12, 0.0),
            (1.16, ride),
            (length - 1.14, ride),
            (length - 1.1, 0.0),
            (length - 0.5, 0.0),
            (length - 0.46, ride),
            (length - 0.03, 0.3),
            (length - 0.02, belt),
            (cowl_y, belt),
            (0.30, hood_z - 0.06),
        ],
    )
    glass_h = height - belt
    upper = _Canvas(length, glass_h, _GLASS, _SUN_RIGHT)
    upper.gradient(1.6, 0.9)
    upper.line([(0, glass_h - 0.02), (length, glass_h - 0.02)], 0.07, paint)
    upper.line([(2.75, 0), (2.72, glass_h)], 0.09, paint)
    upper.line([(cowl_y, 0), (roof_y, glass_h)], 0.10, paint)
    upper.line([(roof_end, glass_h), (roof_end + 0.4, 0)], 0.22, paint)
    upper_mask = _mask(
        length,
        glass_h,
        [(cowl_y, 0), (roof_y, glass_h), (roof_end, glass_h), (min(length, roof_end + 0.55), 0)],
    )
    roof_half = half - 0.22
    panels = _sides(
        upper.picture(), upper_mask, half - 0.03, (0.0, length, belt, height), roof_half
    )
    panels += _sides(lower.picture(), lower_mask, half, (0.0, length, 0.0, belt))

    roof = _Canvas(2 * roof_half, roof_end - roof_y, paint, _SUN_TOP)
    roof.gradient(0.93, 1.02)
    panels.append(
        Panel(
            _quad(
                (-roof_half, roof_end, height - 0.03),
                (roof_half, roof_end, height - 0.03),
                (roof_half, roof_y, height),
                (-roof_half, roof_y, height),
            ),
            roof.picture(),
        )
    )
    if vehicle.plate[2] == "ت":
        panels.append(_taxi_sign(height, roof_y + 0.35))
    screen = _windscreen(2 * (half - 0.05), 0.86, paint, _SUN_TOP * 0.97, 0.0)
    panels.append(
        Panel(
            _quad(
                (-roof_half, roof_y, height),
                (roof_half, roof_y, height),
                (half - 0.04, cowl_y, belt),
                (-half + 0.04, cowl_y, belt),
            ),
            screen,
        )
    )

    hood = _Canvas(w, 1.1, paint, _SUN_TOP)
    hood.gradient(0.90, 1.05)
    for x in (0.36, w - 0.36):
        hood.line(
            [(x + (0.1 if x < half else -0.1), 0), (x, 1.1)], 0.02, tuple(v * 0.86 for v in paint)
        )  # type: ignore[arg-type]
    hood.line([(0.1, 1.08), (w - 0.1, 1.08)], 0.03, (30, 30, 30))
    xs = (-half + 0.005, -half + 0.22, half - 0.22, half - 0.005)
    swept = (0.30, 0.02, 0.02, 0.30)
    panels += _strips(
        hood.picture(),
        xs,
        swept,
        (cowl_y,) * 4,
        (hood_z - 0.04, hood_z, hood_z, hood_z - 0.04),
        (belt,) * 4,
    )
    front = _car_front(vehicle, rng)
    bottom = tuple(y + 0.02 for y in swept)
    panels += _strips(
        front, xs, bottom, swept, (ride + 0.02,) * 4, (hood_z - 0.04, hood_z, hood_z, hood_z - 0.04)
    )
    for side in (-1, 1):
        panels.append(_mirror(paint, side * (half + 0.09), cowl_y + 0.28, belt + 0.07))
    panels.append(_plate_panel(vehicle))
    return panels


def _taxi_sign(z: float, y: float) -> Panel:
    canvas = _Canvas(0.5, 0.16, (60, 210, 250), _SUN_FRONT)
    canvas.box(0.06, 0.04, 0.44, 0.12, (30, 30, 30))
    return Panel(
        _quad((-0.22, y, z + 0.15), (0.22, y, z + 0.15), (0.25, y, z), (-0.25, y, z)),
        canvas.picture(),
    )


def _mirror(paint: Bgr, x: float, y: float, z: float) -> Panel:
    canvas = _Canvas(0.2, 0.14, paint, _SUN_FRONT)
    canvas.gradient(1.05, 0.7)
    outline = [(0.0, 0.03), (0.03, 0.0), (0.18, 0.0), (0.2, 0.04), (0.19, 0.12), (0.02, 0.13)]
    return Panel(
        _quad(
            (x - 0.1, y, z + 0.07),
            (x + 0.1, y, z + 0.07),
            (x + 0.1, y, z - 0.07),
            (x - 0.1, y, z - 0.07),
        ),
        canvas.picture(),
        _mask(0.2, 0.14, outline),
    )


def _block(
    width: float,
    near: float,
    far: float,
    low: float,
    high: float,
    paint: Bgr,
    side: _Canvas | None = None,
) -> list[Panel]:
    """Sides and roof of a box."""
    half = width / 2
    canvas = side
    if canvas is None:
        canvas = _Canvas(far - near, high - low, paint, _SUN_RIGHT)
        canvas.gradient(1.03, 0.85)
    roof = _Canvas(width, min(far - near, 3.0), paint, _SUN_TOP)
    roof.line([(0.05, 0), (0.05, 3)], 0.03, tuple(v * 0.8 for v in paint))  # type: ignore[arg-type]
    roof.line([(width - 0.05, 0), (width - 0.05, 3)], 0.03, tuple(v * 0.8 for v in paint))  # type: ignore[arg-type]
    sides = _sides(canvas.picture(), None, half, (near, far, low, high))
    panels = [piece for panel in sides for piece in split_along_road(panel)]
    # The roof in lengths, for the same reason as the sides.
    count = max(1, int((far - near) / 2.5))
    ys = np.linspace(far, near, count + 1)
    for back, front in zip(ys, ys[1:], strict=False):
        corners = _quad(
            (-half, float(back), high),
            (half, float(back), high),
            (half, float(front), high),
            (-half, float(front), high),
        )
        panels.append(Panel(corners, roof.picture()))
    return panels


def _lid(half: float, near: float, far: float, high: float, paint: Bgr) -> Panel:
    roof = _Canvas(2 * half, 2.0, paint, _SUN_TOP)
    roof.gradient(0.93, 1.02)
    corners = _quad((-half, far, high), (half, far, high), (half, near, high), (-half, near, high))
    return Panel(corners, roof.picture())


def _face(picture: Image, half: float, y: float, low: float, high: float) -> Panel:
    return Panel(_quad((-half, y, high), (half, y, high), (half, y, low), (-half, y, low)), picture)


def _van(vehicle: Vehicle) -> list[Panel]:
    paint, body = _PAINT[vehicle.colour], vehicle.body
    w, half, height, length = body.width_m, body.width_m / 2, body.height_m, body.length_m
    side = _Canvas(length, height, paint, _SUN_RIGHT)
    side.gradient(1.03, 0.8)
    side.polygon([(0.85, 1.15), (1.35, 1.75), (2.1, 1.75), (2.1, 1.15)], _GLASS)
    side.box(2.25, 1.15, length - 0.3, 1.75, _GLASS)
    side.line([(2.15, 0.1), (2.15, 1.7)], 0.02, tuple(v * 0.5 for v in paint))  # type: ignore[arg-type]
    _wheel(side, 0.8, 0.30)
    _wheel(side, length - 0.9, 0.30)
    outline = [
        (0.25, 0.2),
        (0.42, 0.2),
        (0.46, 0.0),
        (1.14, 0.0),
        (1.18, 0.2),
        (length - 1.28, 0.2),
        (length - 1.24, 0.0),
        (length - 0.56, 0.0),
        (length - 0.52, 0.2),
        (length, 0.25),
        (length, height),
        (1.25, height),
        (0.5, 1.12),
        (0.25, 0.9),
    ]
    mask = _mask(length, height, outline)
    panels = _sides(side.picture(), mask, half, (0.0, length, 0.0, height), half - 0.06)
    panels.append(_lid(half - 0.08, 1.25, length, height, paint))
    screen = _windscreen(w - 0.06, 1.0, paint, _SUN_FRONT * 1.05, 0.05)
    panels.append(
        Panel(
            _quad(
                (-half + 0.1, 1.25, height),
                (half - 0.1, 1.25, height),
                (half, 0.5, 1.12),
                (-half, 0.5, 1.12),
            ),
            screen,
        )
    )
    hood = _Canvas(w, 0.6, paint, _SUN_TOP)
    xs = (-half, -half + 0.25, half - 0.25, half)
    swept = (0.25, 0.02, 0.02, 0.25)
    panels += _strips(hood.picture(), xs, swept, (0.5,) * 4, (0.9, 0.94, 0.94, 0.9), (1.12,) * 4)
    c = _Canvas(w, 0.76, paint, _SUN_FRONT)
    c.gradient(1.05, 0.82)
    c.box(0, 0, w, 0.2, (48, 48, 48))
    c.polygon([(0.5, 0.48), (w - 0.5, 0.48), (w - 0.45, 0.64), (0.45, 0.64)], (34, 34, 34))
    for z in (0.53, 0.59):
        c.line([(0.48, z), (w - 0.48, z)], 0.014, (140, 140, 140))
    for x in (0.24, w - 0.24):
        _lamp(c, x, 0.57, 0.17, 0.085)
    panels += _strips(c.picture(), xs, swept, swept, (0.18,) * 4, (0.9, 0.94, 0.94, 0.9))
    for sign in (-1, 1):
        panels.append(_mirror((40, 40, 40), sign * (half + 0.12), 0.75, 1.25))
    panels.append(_plate_panel(vehicle))
    return panels


def _truck(vehicle: Vehicle) -> list[Panel]:
    paint, body = _PAINT[vehicle.colour], vehicle.body
    w, half, height, length = body.width_m, body.width_m / 2, body.height_m, body.length_m
    cargo: Bgr = (206, 210, 208)
    side = _Canvas(length - 1.9, height - 0.1, cargo, _SUN_RIGHT)
    side.gradient(1.02, 0.86)
    side.box(0, 0, length, 0.85, (44, 44, 44))
    _wheel(side, length - 3.4, 0.42)
    for x in np.arange(0.4, length - 2, 0.5):
        side.line([(float(x), 0.9), (float(x), 2.85)], 0.015, (150, 152, 150))
    panels = _block(w, 1.9, length, 0.1, height, cargo, side)
    front = _Canvas(w, height - 0.6, cargo, _SUN_FRONT)
    front.gradient(1.04, 0.7)
    panels.append(_face(front.picture(), half, 1.9, 0.6, height))
    cab_w, cab_h = w - 0.2, 2.2
    cab = _Canvas(1.75, cab_h - 0.1, paint, _SUN_RIGHT)
    cab.gradient(1.04, 0.8)
    cab.polygon([(0.25, 1.15), (0.35, 1.9), (1.3, 1.9), (1.3, 1.15)], _GLASS)
    _wheel(cab, 0.85, 0.40)
    panels += _block(cab_w, 0.1, 1.75, 0.1, cab_h, paint, cab)
    panels.append(
        Panel(
            _quad(
                (-cab_w / 2, 0.22, cab_h),
                (cab_w / 2, 0.22, cab_h),
                (cab_w / 2, 0.02, 1.22),
                (-cab_w / 2, 0.02, 1.22),
            ),
            _windscreen(cab_w, 1.0, paint, _SUN_FRONT, 0.02),
        )
    )
    c = _Canvas(cab_w, 1.0, paint, _SUN_FRONT)
    c.gradient(1.03, 0.8)
    c.box(0, 0, cab_w, 0.34, (52, 52, 52))
    c.box(0.35, 0.52, cab_w - 0.35, 0.74, (40, 40, 40))
    for z in (0.57, 0.63, 0.69):
        c.line([(0.37, z), (cab_w - 0.37, z)], 0.015, (150, 150, 150))
    c.line([(0.4, 0.86), (cab_w - 0.4, 0.86)], 0.05, (210, 210, 210))
    for x in (0.22, cab_w - 0.22):
        _lamp(c, x, 0.42, 0.13, 0.09)
        c.box(x - 0.1, 0.56, x + 0.1, 0.64, (60, 140, 230))
    panels.append(_face(c.picture(), cab_w / 2, 0.0, 0.24, 1.24))
    for sign in (-1, 1):
        panels.append(_mirror((36, 36, 36), sign * (cab_w / 2 + 0.16), 0.12, 1.75))
    panels.append(_plate_panel(vehicle))
    return panels


def _bus(vehicle: Vehicle) -> list[Panel]:
    paint, body = _PAINT[vehicle.colour], vehicle.body
    w, half, height, length = body.width_m, body.width_m / 2, body.height_m, body.length_m
    band: Bgr = (60, 150, 90) if vehicle.colour == "white" else (220, 222, 222)
    side = _Canvas(length, height - 0.1, paint, _SUN_RIGHT)
    side.gradient(1.03, 0.85)
    side.box(0, 0.75, length, 0.95, band)
    side.box(0.3, 1.25, length - 0.3, 2.45, _GLASS)
    for x in np.arange(1.5, length, 1.45):
        side.line([(float(x), 1.25), (float(x), 2.45)], 0.06, (28, 28, 28))
    _wheel(side, 2.4, 0.46)
    _wheel(side, length - 3.0, 0.46)
    panels = _block(w, 0.12, length, 0.1, height, paint, side)
    for y in (2.5, 7.0):  # roof hatches
        hatch = _Canvas(0.9, 0.9, tuple(v * 0.8 for v in paint), _SUN_TOP)  # type: ignore[arg-type]
        panels.append(
            Panel(
                _quad(
                    (-0.45, y + 0.9, height + 0.03),
                    (0.45, y + 0.9, height + 0.03),
                    (0.45, y, height + 0.03),
                    (-0.45, y, height + 0.03),
                ),
                hatch.picture(),
            )
        )
    c = _Canvas(w, height - 0.25, paint, _SUN_FRONT)
    c.gradient(1.04, 0.86)
    c.box(0, 0, w, 0.3, (60, 60, 60))
    c.box(0.3, 2.42, w - 0.3, 2.70, (24, 24, 24))
    for x in np.arange(0.5, w - 0.45, 0.09):  # the destination in amber lamps
        c.line(
            [(float(x), 2.50), (float(x), 2.50 + 0.12 * abs(float(np.sin(x * 9))))],
            0.05,
            (40, 160, 250),
        )
    c.box(0.1, 0.62, w - 0.1, 0.76, band)
    for x in (0.3, w - 0.3):
        _lamp(c, x, 0.46, 0.17, 0.10)
    c.disc(w / 2, 0.95, 0.1, 0.1, (190, 190, 190))
    face = c.picture()
    screen = _windscreen(w - 0.16, 1.25, (30, 30, 30), _SUN_FRONT, 0.0)
    top = round((height - 0.25 - 2.38) * _PX_PER_M)
    left = (face.shape[1] - screen.shape[1]) // 2
    face[top : top + screen.shape[0], left : left + screen.shape[1]] = screen
    panels.append(_face(face, half, 0.0, 0.25, height))
    for sign in (-1, 1):
        panels.append(_mirror((30, 30, 30), sign * (half + 0.14), -0.05, 2.1))
    panels.append(_plate_panel(vehicle))
    return panels
