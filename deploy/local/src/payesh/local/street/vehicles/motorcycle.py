"""Motorcycles with a rider: a flat side, and a body as wide as it is seen from front and rear."""

from __future__ import annotations

from payesh.local.street.panels import Panel
from payesh.local.street.traffic import Vehicle
from payesh.local.street.vehicles.canvas import (
    PAINT,
    SUN_FRONT,
    SUN_RIGHT,
    Bgr,
    Canvas,
    Image,
    outline_mask,
)
from payesh.local.street.vehicles.shapes import quad

_SKIN: Bgr = (120, 150, 190)
_TYRE: Bgr = (30, 30, 32)
_COATS: tuple[Bgr, ...] = ((70, 62, 58), (120, 74, 52), (60, 70, 120), (84, 96, 84))


def motorcycle_panels(vehicle: Vehicle) -> list[Panel]:
    """Two crossed pictures: from the side, and from front or rear."""
    coat = _COATS[vehicle.look % len(_COATS)]
    length, height, half = (
        vehicle.body.length_m,
        vehicle.body.height_m,
        vehicle.body.width_m / 2,
    )
    side, side_mask = _side(vehicle, coat)
    front, front_mask = _front(vehicle, coat)
    middle = 0.55 * length
    return [
        Panel(
            quad((0, 0, height), (0, length, height), (0, length, 0), (0, 0, 0)),
            side,
            side_mask,
            two_sided=True,
        ),
        Panel(
            quad((-half, middle, height), (half, middle, height), (half, middle, 0),
                 (-half, middle, 0)),
            front,
            front_mask,
            two_sided=True,
        ),
    ]  # fmt: skip


def _side(vehicle: Vehicle, coat: Bgr) -> tuple[Image, Image]:
    length, height = vehicle.body.length_m, vehicle.body.height_m
    paint = PAINT[vehicle.colour]
    shapes: list[tuple[list[tuple[float, float]], Bgr]] = [
        ([(0.35, 0.35), (0.55, 0.85), (1.0, 0.9), (1.75, 0.78), (1.7, 0.5), (0.8, 0.3)], paint),
        ([(0.9, 0.3), (1.3, 0.3), (1.3, 0.55), (0.8, 0.55)], (90, 90, 92)),
        ([(0.95, 0.82), (1.75, 0.80), (1.75, 0.90), (0.95, 0.94)], (28, 28, 28)),
        ([(0.95, 0.95), (1.45, 0.88), (1.40, 1.45), (1.05, 1.48)], coat),
        ([(1.05, 1.42), (1.2, 1.42), (0.65, 1.0), (0.6, 1.08)], coat),
        ([(1.1, 0.95), (1.3, 0.9), (0.95, 0.35), (0.8, 0.4)], (64, 52, 48)),
    ]
    canvas, mask = Canvas(length, height, paint, SUN_RIGHT), Canvas(length, height, (0, 0, 0), 1.0)
    for points, colour in shapes:
        canvas.polygon(points, colour)
        mask.polygon(points, (255, 255, 255))
    for x in (0.33, length - 0.36):
        for target, bgr in ((canvas, _TYRE), (mask, (255.0, 255.0, 255.0))):
            target.disc(x, 0.33, 0.33, 0.33, bgr)
        canvas.disc(x, 0.33, 0.2, 0.2, (120, 120, 120))
    for target, bgr in ((canvas, (36, 36, 40)), (mask, (255, 255, 255))):
        target.disc(1.15, 1.55, 0.14, 0.14, bgr)
    canvas.disc(1.05, 1.52, 0.05, 0.07, _SKIN)
    return canvas.picture(), mask.picture()[..., 0].copy()


def _front(vehicle: Vehicle, coat: Bgr) -> tuple[Image, Image]:
    width, height = vehicle.body.width_m, vehicle.body.height_m
    middle = width / 2
    canvas = Canvas(width, height, coat, SUN_FRONT)
    canvas.box(0, 0, width, 0.95, PAINT[vehicle.colour])
    canvas.box(middle - 0.08, 0, middle + 0.08, 0.62, _TYRE)
    canvas.box(middle - 0.3, 0.42, middle - 0.14, 0.95, (64, 52, 48))
    canvas.box(middle + 0.14, 0.42, middle + 0.3, 0.95, (64, 52, 48))
    canvas.disc(middle, 0.82, 0.09, 0.08, (70, 70, 210))
    canvas.disc(middle, 1.55, 0.13, 0.14, (36, 36, 40))
    outline = [
        (middle - 0.08, 0.0), (middle + 0.08, 0.0), (middle + 0.1, 0.4), (middle + 0.32, 0.45),
        (middle + 0.3, 0.95), (width, 1.05), (middle + 0.26, 1.35), (middle + 0.14, 1.44),
        (middle + 0.13, 1.68), (middle - 0.13, 1.68), (middle - 0.14, 1.44),
        (middle - 0.26, 1.35), (0.0, 1.05), (middle - 0.3, 0.95), (middle - 0.32, 0.45),
        (middle - 0.1, 0.4),
    ]  # fmt: skip
    return canvas.picture(), outline_mask(width, height, outline)
