"""Rears of vehicles, which a camera over a junction sees of those that drive away."""

from __future__ import annotations

from payesh.local.street.panels import Panel
from payesh.local.street.plate_art import draw_plate
from payesh.local.street.traffic import PLATE_BEFORE_BUMPER_M, Vehicle, VehicleClass
from payesh.local.street.vehicles.canvas import (
    GLASS,
    PAINT,
    SUN_FRONT,
    Bgr,
    Canvas,
    dim,
)
from payesh.local.street.vehicles.shapes import quad

_LAMP: Bgr = (34, 30, 190)
_SUN_REAR = 0.92 * SUN_FRONT
_CARGO: Bgr = (206, 210, 208)


def car_rear(vehicle: Vehicle, roof: tuple[float, float, float]) -> list[Panel]:
    """Boot, rear window and plate of a car whose roof is given by half its width, where it ends,
    and the height of the belt line, in metres."""
    roof_half, roof_end, belt = roof
    body, paint = vehicle.body, PAINT[vehicle.colour]
    half, low = body.width_m / 2, 0.20
    boot = Canvas(body.width_m, belt - low, paint, _SUN_REAR)
    boot.gradient(1.05, 0.8)
    boot.box(0, 0, body.width_m, 0.12, (34, 34, 34))
    boot.line([(0.02, 0.30), (body.width_m - 0.02, 0.30)], 0.014, dim(paint, 0.5))
    boot.box(body.width_m / 2 - 0.32, 0.20, body.width_m / 2 + 0.32, 0.34, dim(paint, 0.6))
    for x in (0.17, body.width_m - 0.17):
        boot.box(x - 0.15, 0.42, x + 0.15, 0.60, _LAMP)
        boot.box(x - 0.05, 0.42, x + 0.05, 0.50, (190, 190, 200))
    glass = Canvas(2 * half, 0.7, dim(paint, 0.9), _SUN_REAR)
    width = 2 * half
    glass.polygon([(0.1, 0.05), (width - 0.1, 0.05), (width - 0.2, 0.65), (0.2, 0.65)], GLASS)
    end = body.length_m - 0.02
    return [
        _face(glass, (roof_half, half - 0.04), (roof_end, end), (belt, body.height_m)),
        _face(boot, (half, half), (body.length_m, body.length_m), (low, belt)),
        _plate(vehicle),
    ]


def upright_rear(vehicle: Vehicle) -> list[Panel]:
    """The flat rear of a van, a truck or a bus, with its plate."""
    body = vehicle.body
    cargo = vehicle.vehicle_class is VehicleClass.TRUCK
    paint = _CARGO if cargo else PAINT[vehicle.colour]
    width, half, low = body.width_m, body.width_m / 2, 0.25
    rear = Canvas(width, body.height_m - low, paint, _SUN_REAR)
    rear.gradient(1.04, 0.82)
    rear.box(0, 0, width, 0.22, (42, 42, 42))
    top = body.height_m - low
    if cargo:
        rear.line([(half, 0.6), (half, top)], 0.03, (120, 122, 120))
        rear.box(0, 0.22, width, 0.5, (60, 60, 60))
    else:
        rear.box(0.18, 0.95 if top < 2.5 else 1.4, width - 0.18, top - 0.2, GLASS)
    for x in (0.16, width - 0.16):
        rear.box(x - 0.11, 0.28, x + 0.11, 0.62, _LAMP)
        rear.box(x - 0.11, 0.44, x + 0.11, 0.50, (60, 140, 230))
    flat = (body.length_m, body.length_m)
    return [_face(rear, (half, half), flat, (low, body.height_m)), _plate(vehicle)]


def _face(
    canvas: Canvas,
    halves: tuple[float, float],
    along: tuple[float, float],
    heights: tuple[float, float],
) -> Panel:
    """A panel that faces backwards: half its width, its y and its z, each at the top first but the
    heights, which are low and high."""
    (top_half, low_half), (top_y, low_y), (low, high) = halves, along, heights
    corners = quad(
        (top_half, top_y, high), (-top_half, top_y, high), (-low_half, low_y, low),
        (low_half, low_y, low),
    )  # fmt: skip
    return Panel(corners, canvas.picture())


def _plate(vehicle: Vehicle) -> Panel:
    z, y = 0.50, vehicle.body.length_m + PLATE_BEFORE_BUMPER_M
    picture = (draw_plate(vehicle.plate, height_px=96)[..., ::-1] * 0.94).astype("uint8")
    half_w, half_h = 0.26, 0.055
    corners = quad(
        (half_w, y, z + half_h), (-half_w, y, z + half_h), (-half_w, y, z - half_h),
        (half_w, y, z - half_h),
    )  # fmt: skip
    return Panel(corners, picture)
