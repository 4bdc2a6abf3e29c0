"""Objects beside the road: walls, shrubs, trunks, poles."""

from __future__ import annotations

import cv2
import numpy as np

from payesh.local.street.geometry import Floats, PinholeCamera, Road

_WALL_M = 11.5


def draw_roadside(
    image: Floats, camera: PinholeCamera, road: Road, rng: np.random.Generator
) -> None:
    """Walls, shrubs, trunks and poles, from far to near."""
    _draw_wall(image, camera, rng)
    for y_m in np.arange(76.0, 20.0, -1.15):
        x_m = road.half_width_m + 2.0 + float(rng.uniform(-0.35, 0.35))
        _draw_shrub(image, camera, (x_m, float(y_m)), float(rng.uniform(0.38, 0.62)), rng)
        if int(y_m * 100) % 7 < 2:
            x_m = -road.half_width_m - 1.9 + float(rng.uniform(-0.3, 0.3))
            _draw_shrub(image, camera, (x_m, float(y_m)), float(rng.uniform(0.2, 0.35)), rng)
    for y_m in (75.0, 68.0, 61.0, 54.0, 47.0, 40.0, 33.0, 26.0):
        _draw_post(image, camera, (-road.half_width_m - 1.9, y_m), 0.16, 5.0, (62, 78, 92))
        if y_m in (68.0, 47.0, 26.0):
            _draw_post(image, camera, (road.half_width_m + 1.0, y_m), 0.11, 6.0, (150, 152, 150))


def _draw_post(
    image: Floats,
    camera: PinholeCamera,
    foot_m: tuple[float, float],
    width_m: float,
    height_m: float,
    bgr: tuple[int, int, int],
) -> None:
    x_m, y_m = foot_m
    foot_v = float(camera.project(np.array([[x_m, y_m, 0.0]]))[0, 1])
    if foot_v <= 0:
        return
    for strip in range(5):  # lit from the right: strips from dark to light round the post
        left_m = x_m - width_m / 2 + width_m * strip / 5
        right_m = left_m + width_m / 5
        light = 0.55 + 0.14 * strip
        corners = [(left_m, y_m, 0), (right_m, y_m, 0), (right_m, y_m, height_m)]
        corners.append((left_m, y_m, height_m))
        pixels = camera.project(np.array(corners, float))
        colour = tuple(channel * light for channel in bgr)
        _fill(image, pixels, colour)


def _draw_shrub(
    image: Floats,
    camera: PinholeCamera,
    foot_m: tuple[float, float],
    radius_m: float,
    rng: np.random.Generator,
) -> None:
    x_m, y_m = foot_m
    u, v = camera.project(np.array([[x_m, y_m, radius_m * 0.8]]))[0]
    radius_px = radius_m * camera.focal_px / y_m
    if not (-radius_px < u < camera.width_px + radius_px and -radius_px < v):
        return
    shadow = camera.project(np.array([[x_m - 0.25, y_m, 0.0]]))[0]
    axes = (int(radius_px * 1.05), int(radius_px * 0.35))
    cv2.ellipse(image, (int(shadow[0]), int(shadow[1])), axes, 0, 0, 360, (34, 60, 52), -1, 16)
    count = 260
    angle = rng.uniform(0, 2 * np.pi, count)
    reach = np.sqrt(rng.uniform(0, 1, count))
    order = np.argsort(-np.sin(angle) * reach)
    for a, r in zip(angle[order], reach[order], strict=True):
        du, dv = np.cos(a) * r * radius_px, np.sin(a) * r * radius_px * 0.9
        light = 0.75 + 0.30 * (du - dv) / radius_px + float(rng.normal(0, 0.10))
        colour = (46 * light, 112 * light, 84 * light)
        size = max(2, int(radius_px * rng.uniform(0.09, 0.17)))
        cv2.circle(image, (int(u + du), int(v + dv)), size, colour, -1, 16)


def _draw_wall(image: Floats, camera: PinholeCamera, rng: np.random.Generator) -> None:
    """Brick wall with shop doors along the left pavement."""
    x_m = -_WALL_M
    y_m = 92.0
    while y_m > 38.0:
        width_m = float(rng.uniform(4.0, 6.5))
        near_m = y_m - width_m
        tone = float(rng.uniform(0.85, 1.1))
        brick = tuple(
            c * tone
            for c in ((112, 142, 168), (150, 160, 166), (96, 118, 150))[int(rng.integers(3))]
        )
        _fill(image, _upright(camera, x_m, near_m, y_m, 0.0, 4.5), brick)
        _fill(image, _upright(camera, x_m, near_m, y_m, 0.0, 0.5), tuple(c * 0.6 for c in brick))
        door = ((96, 84, 66), (120, 116, 110), (70, 86, 70))[int(rng.integers(3))]
        _fill(image, _upright(camera, x_m, near_m + 0.6, y_m - 0.6, 0.05, 2.6), door)
        y_m = near_m


def _upright(
    camera: PinholeCamera, x_m: float, near_m: float, far_m: float, low_m: float, high_m: float
) -> Floats:
    corners = [(x_m, near_m, low_m), (x_m, far_m, low_m), (x_m, far_m, high_m)]
    corners.append((x_m, near_m, high_m))
    return camera.project(np.array(corners))


def _fill(image: Floats, pixels: Floats, bgr: tuple[float, ...]) -> None:
    points = np.round(np.clip(pixels, -20000, 20000) * 16).astype(np.int32)
    cv2.fillConvexPoly(image, points, bgr, cv2.LINE_AA, 4)
