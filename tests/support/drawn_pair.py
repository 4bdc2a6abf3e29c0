"""Two cars of the drawn street, side by side at the exit line, as a camera sees them."""

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from payesh.contracts.detect import BoxAt
from payesh.contracts.values import Box
from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.rendering import Painter, Scene
from payesh.local.street.traffic import TrafficPlan, generate_traffic
from payesh.local.street.truth import Truth, ground_truth
from tests.support.violation_builder import CAPTURED_AT

FPS, FRAMES = 25, 12


@dataclass(frozen=True)
class DrawnPair:
    """`frames` (n, H, W, 3) BGR end with the best one of both cars of `truth`."""

    frames: list[NDArray[np.uint8]]
    truth: Truth

    def boxes(self, car: int) -> list[BoxAt]:
        """The car's box in each frame, as large as in the last one: it never is larger before."""
        left, top, right, bottom = self.truth.vehicles[car].box_px
        box = Box(x_px=left, y_px=top, width_px=right - left, height_px=bottom - top)
        return [
            BoxAt(frame_at=CAPTURED_AT + timedelta(seconds=n / FPS), box=box)
            for n in range(len(self.frames))
        ]

    def film(self) -> bytes:
        """H.264 in MP4, hardly compressed."""
        out = io.BytesIO()
        with av.open(out, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=FPS)
            stream.height, stream.width = self.frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.time_base = Fraction(1, FPS)
            stream.options = {"preset": "ultrafast", "crf": "12"}
            for picture in self.frames:
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return out.getvalue()


def drawn_pair() -> DrawnPair:
    """Both private cars, at the same speed, in lanes beside each other."""
    road, camera = Road(), PinholeCamera()
    found = [v for v in generate_traffic(11, TrafficPlan(), road) if v.vehicle_class == "car"]
    pair = tuple(
        replace(v, lane=lane, exits_at_s=4.0, speed_kmh=60.0, vehicle_id=f"car-{lane}")
        for lane, v in enumerate(found[:2], 1)
    )
    frames = 150
    truth = ground_truth(11, pair, camera, road, fps=FPS, frames=frames)
    asphalt = np.full((camera.height_px, camera.width_px, 3), 96, np.uint8)
    painter = Painter(Scene(11, pair, camera, road, frames), asphalt)
    last = truth.vehicles[0].best_frame
    drawn = [np.asarray(painter.draw(n), np.uint8) for n in range(last - FRAMES + 1, last + 1)]
    return DrawnPair(drawn, truth)
