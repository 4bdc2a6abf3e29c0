"""A tiny street: coloured boxes of known speed on a textured road, encoded as H.264."""

from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path

import av
import cv2
import numpy as np

from payesh.contracts.camera_revision import (
    Calibration,
    CameraRevision,
    ControlPoint,
    Detection,
    Lane,
    Location,
    MeasuredZone,
    SourceKind,
)
from payesh.contracts.values import PlaceClass, RoadClass
from payesh.contracts.vocabulary import DetectorKind
from tests.unit.detect.segment_cutter import STARTED_AT

WIDTH, HEIGHT, FOCAL, CAMERA_HEIGHT_M, PITCH = 640, 360, 1400.0, 6.5, 12.7
FPS = 25


@dataclass(frozen=True)
class BoxCar:
    x_m: float
    speed_kmh: float
    exits_at_s: float
    colour: tuple[int, int, int] = (230, 230, 235)

    def y_m(self, time_s: float) -> float:
        return 20.0 - self.speed_kmh / 3.6 * (time_s - self.exits_at_s)


def project(points: list[tuple[float, float, float]]) -> np.ndarray:
    """Pixels (n, 2) of road points (n, 3): x across, y along, z up."""
    c, s = cos(radians(PITCH)), sin(radians(PITCH))
    rotation = np.array([[1, 0, 0], [0, -s, -c], [0, c, -s]])
    rays = (np.array(points) - [0, 0, CAMERA_HEIGHT_M]) @ rotation.T
    return np.asarray(rays[:, :2] / rays[:, 2:] * FOCAL + [WIDTH / 2, HEIGHT / 2])


def box_revision(
    *,
    revision: int = 1,
    speed_limit_kmh: float = 60.0,
    kind: DetectorKind = DetectorKind.MOTION,
    calibrated: bool = True,
) -> CameraRevision:
    marks = [(x, y) for y in (20.0, 30.0, 42.0) for x in (-3.0, 3.0)]
    pixels = project([(x, y, 0.0) for x, y in marks])
    calibration = Calibration(
        control_points=tuple(
            ControlPoint(image_px=(float(u), float(v)), ground_m=mark)
            for (u, v), mark in zip(pixels, marks, strict=True)
        ),
        ground_u95_m=0.02,
        length_scale_u95=0.003,
        camera_height_m=CAMERA_HEIGHT_M,
    )
    zone = MeasuredZone(
        entry_y_m=42.0,
        exit_y_m=21.0,
        lanes=(
            Lane(name="1", from_x_m=-4.0, to_x_m=0.0),
            Lane(name="2", from_x_m=0.0, to_x_m=4.0),
        ),
    )
    return CameraRevision(
        camera_id="box-street",
        revision=revision,
        created_at=STARTED_AT,
        name="Box street",
        county="semnan",
        road_class=RoadClass.MAIN_ARTERIAL,
        place_class=PlaceClass.A,
        location=Location(latitude=35.577, longitude=53.395),
        source_kind=SourceKind.RTSP,
        width_px=WIDTH,
        height_px=HEIGHT,
        speed_limit_kmh=speed_limit_kmh,
        detection=Detection(kind=kind),
        calibration=calibration if calibrated else None,
        zone=zone if calibrated else None,
        certificate=None,
    )


def render(path: Path, cars: list[BoxCar], duration_s: float) -> Path:
    """H.264 with a keyframe each second."""
    rng = np.random.default_rng(5)
    road = cv2.GaussianBlur(rng.normal(95, 22, (HEIGHT, WIDTH, 3)), (0, 0), 2)
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = FPS
        stream.options = {"preset": "ultrafast", "crf": "20", "bf": "0", "sc_threshold": "0"}
        for number in range(round(duration_s * FPS)):
            image = np.clip(road + rng.normal(0, 1.5, road.shape), 0, 255).astype(np.uint8)
            moving = [(car, car.y_m(number / FPS)) for car in cars]
            for car, y in sorted(moving, key=lambda each: -each[1]):
                if 14.0 < y < 75.0:
                    _draw(image, car, y)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def _draw(image: np.ndarray, car: BoxCar, y: float) -> None:
    left, right = car.x_m - 0.9, car.x_m + 0.9
    front = [(left, y, 0.0), (right, y, 0.0), (right, y, 1.3), (left, y, 1.3)]
    roof = [(left, y, 1.3), (right, y, 1.3), (right, y + 4, 1.3), (left, y + 4, 1.3)]
    shade = tuple(int(0.8 * c) for c in car.colour)
    for face, colour in ((roof, shade), (front, car.colour)):
        corners = np.round(project(face) * 16).astype(np.int32)
        cv2.fillConvexPoly(image, corners, colour, lineType=cv2.LINE_AA, shift=4)
    plate = [
        (car.x_m + dx, y, 0.4 + dz) for dx, dz in ((-0.3, 0), (0.3, 0), (0.3, 0.2), (-0.3, 0.2))
    ]
    corners = np.round(project(plate) * 16).astype(np.int32)
    cv2.fillConvexPoly(image, corners, (20, 20, 20), shift=4)
