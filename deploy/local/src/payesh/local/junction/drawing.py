"""Drawing the junction frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.junction.actors import Actor, heading_matrix
from payesh.local.junction.ground import paint_backdrop
from payesh.local.junction.heads import draw_heads
from payesh.local.junction.layout import CAMERA
from payesh.local.junction.people import Pedestrian, crowd, draw_pedestrian
from payesh.local.junction.script import Script, write_script
from payesh.local.junction.signal import CYCLE_S, lamp_at
from payesh.local.junction.weather import VARIANTS, Light, Weather
from payesh.local.street.geometry import Floats, PinholeCamera
from payesh.local.street.noise import SensorNoise
from payesh.local.street.panels import Panel, draw_panel
from payesh.local.street.traffic import VehicleClass
from payesh.local.street.vehicles.assembly import build_panels

Image = NDArray[np.uint8]

FPS = 10
GOP_FRAMES = 20
_NEAREST_M = 7.0
"""What is nearer has left the picture below."""
_SMALL_M = 0.6
"""Plates and mirrors are smaller, and are drawn over the face that they are on."""
_WHITE, _RED = (255.0, 250.0, 240.0), (40.0, 30.0, 230.0)


@dataclass(frozen=True, slots=True)
class Place:
    """A vehicle at one moment: its front's foot, its heading, and its outline's corners."""

    actor: Actor
    foot_m: Floats
    heading: Floats

    @property
    def corners_m(self) -> Floats:
        """(8, 3) corners of the box around it."""
        body = self.actor.vehicle.body
        half = body.width_m / 2
        own = [(x, y) for x in (-half, half) for y in (0.0, body.length_m)]
        ground = np.array(own) @ heading_matrix(self.heading).T + self.foot_m
        return np.array([(x, y, z) for x, y in ground for z in (0.0, body.height_m)])

    def box_px(self, camera: PinholeCamera) -> tuple[float, float, float, float] | None:
        """Its box in the picture, cut at the borders; None where it is out of sight."""
        corners = self.corners_m
        if corners[:, 1].max() < _NEAREST_M:
            return None
        corners[:, 1] = np.maximum(corners[:, 1], 4.0)
        pixels = camera.project(corners)
        left, top = np.maximum(pixels.min(axis=0), 0.0)
        right, bottom = np.minimum(pixels.max(axis=0), (camera.width_px, camera.height_px))
        if right - left < 2.0 or bottom - top < 2.0:
            return None
        return float(left), float(top), float(right), float(bottom)


def places_at(script: Script, time_s: float) -> list[Place]:
    """The vehicles that are there, farthest first."""
    places = []
    for actor in script.actors:
        if actor.exists_at(time_s):
            feet, headings, _ = actor.placed(time_s)
            places.append(Place(actor, feet[0], headings[0]))
    return sorted(places, key=lambda place: -float(place.corners_m[:, 1].min()))


class JunctionDrawing:
    """Frames of one film."""

    def __init__(
        self, seed: int, variant: str, cycles: int, camera: PinholeCamera = CAMERA
    ) -> None:
        self._camera = camera
        self._variant = VARIANTS[variant]
        self._script = write_script(seed, cycles=cycles, crowded=self._variant.crowded)
        self._people = crowd(seed, cycles) if self._variant.crowded else ()
        self._backdrop = paint_backdrop(7, camera)  # the same junction for every seed
        shape = (camera.height_px, camera.width_px)
        self._noise = SensorNoise(seed + 1, shape, self._variant.noise)
        self._weather = Weather(self._variant, seed, camera)
        self._panels: dict[str, list[Panel]] = {}

    @property
    def frames(self) -> int:
        return round(self._script.duration_s * FPS)

    def draw(self, number: int) -> Image:
        """Frame as (height, width, 3) BGR, without sensor noise."""
        time_s = number / FPS
        frame = self._backdrop.copy()
        places = [
            each
            for each in places_at(self._script, time_s)
            if each.box_px(self._camera) is not None
        ]
        ids = {place.actor.vehicle.vehicle_id for place in places}
        self._panels = {name: kept for name, kept in self._panels.items() if name in ids}
        people = [(person, person.at(time_s)) for person in self._people]
        todo: list[tuple[float, Place | tuple[Pedestrian, tuple[float, float]]]] = [
            (float(place.corners_m[:, 1].min()), place) for place in places
        ]
        todo += [(at[1], (person, at)) for person, at in people if at is not None]
        lights: list[Light] = []
        for _, each in sorted(todo, key=lambda entry: -entry[0]):
            if isinstance(each, Place):
                self._draw_vehicle(frame, each)
                lights += _lights_of(each, self._camera)
            else:
                draw_pedestrian(frame, *each, time_s, self._camera)
        self._weather.apply(frame, lights if self._variant.headlights else (), number)
        draw_heads(frame, lamp_at(time_s), sum(self._variant.gain) / 3, self._camera)
        return frame

    def draw_yuv(self, frame_number: int) -> Image:
        """Frame as planar I420 (height * 3 / 2, width), with sensor noise in the luma."""
        frame = self.draw(frame_number)
        planes = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2YUV_I420), np.uint8)
        self._noise.add(planes[: self._camera.height_px], frame_number)
        return planes

    def _draw_vehicle(self, frame: Image, place: Place) -> None:
        vehicle = place.actor.vehicle
        if vehicle.vehicle_id not in self._panels:
            self._panels[vehicle.vehicle_id] = build_panels(vehicle, all_round=True)
        turn = heading_matrix(place.heading)
        foot = np.array([*place.foot_m, 0.0])
        turned = []
        for panel in self._panels[vehicle.vehicle_id]:
            corners = panel.corners_m.copy()
            corners[:, :2] = corners[:, :2] @ turn.T
            away = float(np.linalg.norm(corners.mean(axis=0) + foot - self._camera.position))
            if np.ptp(panel.corners_m, axis=0).max() < _SMALL_M:
                away -= 1.0
            flat = bool(corners[:, 2].max() < 0.01)
            seen = Panel(corners, panel.picture, panel.opacity, panel.two_sided, panel._levels)
            turned.append((not flat, -away, seen))
        for _, _, panel in sorted(turned, key=lambda entry: entry[:2]):
            draw_panel(frame, panel, self._camera, foot)


def _lights_of(place: Place, camera: PinholeCamera) -> list[Light]:
    """Headlights of a vehicle that faces the camera, tail lights of one that drives away."""
    body = place.actor.vehicle.body
    towards = -float(place.heading[1])
    if abs(towards) < 0.15:
        return []
    y, colour = (-0.02, _WHITE) if towards > 0 else (body.length_m + 0.02, _RED)
    single = place.actor.vehicle.vehicle_class is VehicleClass.MOTORCYCLE
    half = 0.0 if single else body.width_m / 2 - 0.24
    lights = []
    for side in (0.0,) if single else (-half, half):
        x, y_m = np.array([side, y]) @ heading_matrix(place.heading).T + place.foot_m
        if y_m < _NEAREST_M:
            continue
        u, v = camera.project(np.array([(x, y_m, 0.62)]))[0]
        radius = camera.focal_px * (0.13 if towards > 0 else 0.08) / float(y_m)
        lights.append(Light((float(u), float(v)), max(radius, 1.2), colour))
    return lights


def film_frames(cycles: int) -> int:
    """How many frames a film of so many cycles has."""
    return round(cycles * CYCLE_S * FPS)
