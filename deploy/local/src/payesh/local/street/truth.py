"""Ground truth of the street, which measurements are compared with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import floor
from pathlib import Path
from typing import Any

import numpy as np

from payesh.local.street.geometry import ControlPoint, PinholeCamera, Road, control_points
from payesh.local.street.traffic import PLATE_BEFORE_BUMPER_M, Vehicle

OFFENCE_SPEEDING = "speeding"


@dataclass(frozen=True, slots=True)
class VehicleTruth:
    """One vehicle's passage. Times are seconds since the video's first frame.

    `entry_s` and `exit_s` are when the foot of the front bumper's middle crosses the entry
    and the exit line. `box_px` (left, top, right, bottom) is the vehicle in `best_frame`, the
    last frame before the exit line; `plate_px` are its plate's corners there, clockwise from
    the top left. `offence` is None or "speeding", by the true speed; `band` is "clear",
    "marginal" or "below". `plate_height_m` is that of the plate's middle, `front_clearance_m`
    that of the front's lower edge, which is the lowest that a camera sees of most vehicles.
    """

    vehicle_id: str
    vehicle_class: str
    colour: str
    lane: int
    plate: str
    speed_kmh: float
    band: str
    offence: str | None
    entry_s: float
    exit_s: float
    first_frame: int
    last_frame: int
    best_frame: int
    box_px: tuple[float, float, float, float]
    plate_px: tuple[tuple[float, float], ...]
    plate_height_m: float
    front_clearance_m: float


@dataclass(frozen=True, slots=True)
class Truth:
    """The whole video: geometry of the camera and the road, and every vehicle."""

    seed: int
    fps: int
    frames: int
    duration_s: float
    county: str
    road_class: str
    place_class: str
    speed_limit_kmh: float
    camera: PinholeCamera
    road: Road
    control_points: tuple[ControlPoint, ...]
    vehicles: tuple[VehicleTruth, ...]

    def to_json(self) -> str:
        """JSON with the camera matrix and pose spelt out beside the parameters."""
        document: dict[str, Any] = asdict(self)
        document["camera"]["matrix"] = self.camera.matrix.tolist()
        document["camera"]["rotation"] = self.camera.rotation.tolist()
        document["camera"]["position_m"] = self.camera.position.tolist()
        half_m = self.road.half_width_m
        document["road"]["entry_line"] = [
            [-half_m, self.road.entry_line_m],
            [half_m, self.road.entry_line_m],
        ]
        document["road"]["exit_line"] = [
            [-half_m, self.road.exit_line_m],
            [half_m, self.road.exit_line_m],
        ]
        document["road"]["lane_centres_m"] = [
            self.road.lane_centre_m(lane) for lane in range(1, self.road.lanes + 1)
        ]
        return json.dumps(document, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Truth:
        """Read what `to_json` wrote. Raises KeyError or TypeError on another document."""
        document = json.loads(text)
        camera, road = document["camera"], document["road"]
        document["camera"] = PinholeCamera(
            **{key: camera[key] for key in PinholeCamera.__dataclass_fields__}
        )
        document["road"] = Road(**{key: road[key] for key in Road.__dataclass_fields__})
        document["control_points"] = tuple(ControlPoint(**p) for p in document["control_points"])
        document["vehicles"] = tuple(
            VehicleTruth(
                **{
                    **vehicle,
                    "box_px": tuple(vehicle["box_px"]),
                    "plate_px": tuple(tuple(p) for p in vehicle["plate_px"]),
                }
            )
            for vehicle in document["vehicles"]
        )
        return cls(**document)

    @classmethod
    def load(cls, path: Path) -> Truth:
        """Read `truth.json`."""
        return cls.from_json(path.read_text(encoding="utf-8"))


def ground_truth(
    seed: int,
    vehicles: tuple[Vehicle, ...],
    camera: PinholeCamera,
    road: Road,
    *,
    fps: int,
    frames: int,
) -> Truth:
    """The truth of a video of `frames` frames in which `vehicles` drive past."""
    return Truth(
        seed=seed,
        fps=fps,
        frames=frames,
        duration_s=frames / fps,
        county="semnan",
        road_class="main_arterial",
        place_class="A",
        speed_limit_kmh=road.speed_limit_kmh,
        camera=camera,
        road=road,
        control_points=control_points(camera, road),
        vehicles=tuple(_passage(v, camera, road, fps, frames) for v in vehicles),
    )


def visible_frames(
    vehicle: Vehicle, camera: PinholeCamera, road: Road, fps: int, frames: int
) -> tuple[int, int]:
    """First and last frame with any part of `vehicle` in the image.

    The front's foot comes in at the upper edge; the top of the rear leaves at the lower edge.
    """
    middle, height = camera.width_px / 2, camera.height_px
    edges = camera.ground(np.array([(middle, 0.0), (middle, float(height))]))[:, 1]
    body = vehicle.body
    leaves_m = edges[1] * (camera.height_m - body.height_m) / camera.height_m - body.length_m
    first = floor(vehicle.time_at_s(float(edges[0]), road) * fps) + 1
    last = floor(vehicle.time_at_s(float(leaves_m), road) * fps)
    return max(first, 0), min(last, frames - 1)


def _passage(
    vehicle: Vehicle, camera: PinholeCamera, road: Road, fps: int, frames: int
) -> VehicleTruth:
    first, last = visible_frames(vehicle, camera, road, fps, frames)
    best = floor(vehicle.exits_at_s * fps)
    front_m = vehicle.front_m(best / fps, road)
    x_m, body = road.lane_centre_m(vehicle.lane), vehicle.body
    half_m = body.width_m / 2
    corners = [
        (x_m + side * half_m, front_m + along, z)
        for side in (-1, 1)
        for along in (0.0, body.length_m)
        for z in (0.0, body.height_m)
    ]
    pixels = np.clip(camera.project(np.array(corners)), 0, (camera.width_px, camera.height_px))
    box = (*pixels.min(axis=0), *pixels.max(axis=0))
    middle_z = body.plate_height_m
    plate = [
        (x_m + dx, front_m - PLATE_BEFORE_BUMPER_M, middle_z + dz)
        for dx, dz in ((-0.26, 0.055), (0.26, 0.055), (0.26, -0.055), (-0.26, -0.055))
    ]
    plate_px = camera.project(np.array(plate))
    speeding = vehicle.speed_kmh > road.speed_limit_kmh
    return VehicleTruth(
        vehicle_id=vehicle.vehicle_id,
        vehicle_class=vehicle.vehicle_class.value,
        colour=vehicle.colour,
        lane=vehicle.lane,
        plate=vehicle.plate,
        speed_kmh=vehicle.speed_kmh,
        band=vehicle.band.value,
        offence=OFFENCE_SPEEDING if speeding else None,
        entry_s=round(vehicle.time_at_s(road.entry_line_m, road), 4),
        exit_s=round(vehicle.exits_at_s, 4),
        first_frame=first,
        last_frame=last,
        best_frame=best,
        box_px=tuple(round(float(v), 1) for v in box),  # type: ignore[arg-type]
        plate_px=tuple((round(float(u), 1), round(float(v), 1)) for u, v in plate_px),
        plate_height_m=body.plate_height_m,
        front_clearance_m=body.front_clearance_m,
    )
