"""The speed rule on six real roads whose vehicles a laser measured (BrnoCompSpeed, Sochor et al.,
IEEE T-ITS 2018): other people's tracks, our plane, fit and interval. Run with -s for the figures.
"""

import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from payesh.detect.domain.geometry import GroundPlane, ground_plane
from payesh.detect.domain.speed import SpeedUncertaintyBudget, estimate_speed

pytestmark = [pytest.mark.shared, pytest.mark.slow]

ROADS = [f"session{n}_{side}" for n in (1, 2) for side in ("left", "center", "right")]
APART_S = 0.6
"""Vehicles nearer to each other in time could be taken for one another."""
_AT_THE_LINE_S = 0.03


class Road(NamedTuple):
    plane: GroundPlane
    length_m: float
    budget: SpeedUncertaintyBudget
    tracks: list[tuple[float, Any, Any]]
    """When it crosses the near line, frame times (n,), pixels (n, 2)."""
    reference: list[tuple[float, float]]
    """When it crosses the near line, and the laser's km/h; of vehicles alone there."""


def road(path: Path) -> Road:
    data = json.loads(gzip.decompress(path.read_bytes()))
    lanes, lines = np.array(data["lane_lines_abc"]), np.array(data["measurement_lines_abc"])
    corners = [_meet(lanes[i], lines[j]) for i in (0, -1) for j in (0, -1)]
    distances = data["measured_distances"]
    along = [each["metres"] for each in distances if each["along_road"]]
    length_m = float(np.mean([metres for metres in along if metres > 0.9 * max(along)]))
    width_m = float(np.mean([each["metres"] for each in distances if not each["along_road"]]))
    plane = ground_plane(corners, [(0, 0), (0, length_m), (width_m, 0), (width_m, length_m)])
    budget = SpeedUncertaintyBudget(
        camera_height_m=8.0,  # not published; a footbridge's
        length_scale_u95=0.005,  # both sides of one road were measured as differing by 1 %
        ground_u95_m=0.05,
        survey_span_m=length_m,
        edge_height_m=0.05,
        edge_height_u95_m=0.15,
    )
    tracks = []
    for track in data["tracks"]:
        pixels = np.column_stack([track["x_px"], track["y_px"]])
        time_s = np.array(track["frames"]) / data["fps"]
        y = plane.ground(pixels)[:, 1]
        over = np.flatnonzero((y[1:] <= 0) & (y[:-1] > 0))
        if len(over):
            k = over[0]
            at_s = time_s[k] + (time_s[k + 1] - time_s[k]) * y[k] / (y[k] - y[k + 1])
            tracks.append((float(at_s), time_s, pixels))
    crossings = [
        (crossing["video_time_s"], each["speed_kmh"], each["valid"])
        for each in data["reference"]
        for crossing in each["crossings"]
        if crossing["line"] == 0
    ]
    all_s = np.array([at_s for at_s, _, _ in crossings])
    alone = [
        (at_s, speed)
        for at_s, speed, valid in crossings
        if valid and (np.abs(all_s - at_s) < APART_S).sum() == 1
    ]
    return Road(plane, length_m, budget, tracks, alone)


def measured(road: Road) -> np.ndarray:
    """Rows of the laser's km/h, ours, and our ± at 95 %."""
    at_s = np.array([each[0] for each in road.tracks])
    # Their clock and their tracks' point differ from the laser's by a constant.
    nearest = [at_s[np.abs(at_s - true_s).argmin()] - true_s for true_s, _ in road.reference]
    offset_s = float(np.median(nearest))
    rows = []
    for true_s, laser_kmh in road.reference:
        near = np.flatnonzero(np.abs(at_s - true_s) < APART_S)
        if len(near) != 1 or abs(at_s[near[0]] - true_s - offset_s) > _AT_THE_LINE_S:
            continue
        _, time_s, pixels = road.tracks[near[0]]
        y = road.plane.ground(pixels)[:, 1]
        # Their boxes stick to the picture's edge just before the near line: a zone ends earlier.
        inside = (y >= 1.5) & (y <= 1.02 * road.length_m)
        sigma_m = np.maximum(road.plane.metres_per_row(pixels[inside]) * 3.0, 0.01)
        found = estimate_speed(time_s[inside], -y[inside], sigma_m, road.budget)
        if found is not None and found.travelled_m > 0.8 * road.length_m:
            rows.append((laser_kmh, found.speed_kmh, found.speed_u95_kmh))
    return np.array(rows)


def _meet(first: Any, second: Any) -> Any:
    point = np.cross(first, second)
    return point[:2] / point[2]


@pytest.mark.parametrize("name", ROADS)
def test_laser_speeds_lie_inside_the_interval_but_for_the_roads_own_scale(
    shared_data: Path, name: str
) -> None:
    rows = measured(road(shared_data / "speed" / f"{name}.json.gz"))
    laser, ours, u95 = rows.T
    scale = float(np.median(ours / laser))
    error, left = np.abs(ours - laser), np.abs(ours / scale - laser)
    print(
        f"{name}: {len(rows)} vehicles, median error {np.median(error):.2f} km/h, "
        f"median ±{np.median(u95):.2f} km/h, "
        f"scale {scale:.4f}, inside {(error <= u95).mean():.3f}, "
        f"by the road's scale {(left <= u95).mean():.3f}; "
        f"lower bound above the laser's speed {(ours - u95 > laser).mean():.4f}, "
        f"by the road's scale {(ours / scale - u95 > laser).mean():.4f}"
    )
    assert len(rows) > 300
    # How high over the road their tracks' point lies, and what the tape got wrong: a constant of
    # a site, which the drives of a certification find. The interval allows 2 % for both together.
    assert abs(scale - 1) < 0.02
    assert (error <= u95).mean() >= 0.95
    assert (left <= u95).mean() >= 0.95
    # Some are steady tracks beside another vehicle's laser value; on one road tracks jitter, and
    # the interval is too narrow for a few of them.
    assert (ours / scale - u95 > laser).mean() < 0.015
