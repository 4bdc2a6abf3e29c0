"""Residuals of a survey under a pinhole camera, and the camera that makes them least."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from payesh.detect.domain.geometry import Floats, GroundPlane
from payesh.detect.domain.least_squares import jacobian_of, least_squares
from payesh.detect.domain.survey import NotDetermined, Pixel, Residual, Survey, SurveySigmas

_SAME_MARK_PX = 0.5
_FOCAL_IN_WIDTHS, _FOCAL_LN_SIGMA, _ROLL_SIGMA = 1.2, 0.8, np.radians(10.0)
"""Weak knowledge of any roadside camera: it only keeps a fit that lacks measurements from running
away, which is then refused for its uncertainty."""
_STARTS = tuple(product((0.7, 1.4, 2.8), np.radians((10.0, 25.0, 50.0))))
_CAMERA = 6
"""Unknowns before the marks' shifts: ln focal length, tilt, roll, ln height, principal point."""


class CameraFit:
    """Weighted residuals of a survey as a function of the camera and the marks' shifts."""

    def __init__(self, survey: Survey, sigmas: SurveySigmas) -> None:
        self._survey, self._sigmas = survey, sigmas
        marks: list[Pixel] = []
        self._ends = np.array(
            [(_mark(marks, each.from_px), _mark(marks, each.to_px)) for each in survey.distances],
            dtype=np.int64,
        ).reshape(-1, 2)
        self._placed = [_mark(marks, each.image_px) for each in survey.points]
        self._marks = np.array(marks, dtype=np.float64).reshape(-1, 2)
        self._metres = np.array([each.metres for each in survey.distances])
        self._sigma_m = np.hypot(sigmas.tape_relative * self._metres, sigmas.tape_m)
        self._coordinates = np.array([each.ground_m for each in survey.points]).reshape(-1, 2)
        self._width = float(survey.picture_px[0])
        self.measurements = (
            len(self._metres)
            + max(2 * len(self._placed) - 3, 0)
            + (survey.vanishing_px is not None)
        )

    def solve(self) -> tuple[Floats, float, Floats]:
        """Unknowns (n,), their sum of squares, and their covariance (n, n)."""
        unmoved = np.zeros(2 + self._marks.size)

        def camera_alone(camera: Floats) -> Floats:
            return self._weighted(np.concatenate([camera, unmoved]))

        begun = [least_squares(camera_alone, start, steps=30) for start in self._starts()]
        camera, _, _ = min(begun, key=lambda each: each[1])
        start = np.concatenate([camera, unmoved])
        unknowns, cost, jacobian = least_squares(self._weighted, start, steps=200)
        if not np.isfinite(cost):
            raise NotDetermined("no camera fits the measurements: marks above the horizon?")
        return unknowns, cost, np.linalg.pinv(jacobian.T @ jacobian)

    def marks(self, unknowns: Floats) -> Floats:
        """Marks (m, 2) in pixels, as the fit places them."""
        return self._marks + unknowns[_CAMERA:].reshape(-1, 2) * self._sigmas.mark_px

    def plane(self, unknowns: Floats) -> GroundPlane:
        rows = self._camera_rows(unknowns)
        onto = np.eye(3)
        if len(self._placed) >= 2:
            seen = _projected(rows, self.marks(unknowns)[self._placed])
            onto[:2] = _rigid(seen, self._coordinates)
        else:
            along = self._road_direction(rows, unknowns)
            # y away from the camera, x to the right of it.
            onto[:2, :2] = np.array([[along[1], -along[0]], along])
        matrix = onto @ rows
        return GroundPlane(matrix / matrix[2, 2])

    def residuals(self, plane: GroundPlane) -> Iterator[Residual]:
        """Of the marks where they were set."""
        ground = plane.ground(self._marks)
        for number, each in enumerate(self._survey.distances):
            start, end = self._ends[number]
            fitted = float(np.linalg.norm(ground[start] - ground[end]))
            kind = "along" if each.along_road else "across"
            sigma_m = float(np.hypot(self._sigma_m[number], self._marks_sigma_m(plane, number)))
            yield Residual(f"{kind} {number + 1}", each.metres, fitted, sigma_m)
        for number, (mark, coordinates) in enumerate(
            zip(self._placed, self._coordinates, strict=True)
        ):
            away = float(np.linalg.norm(ground[mark] - coordinates))
            yield Residual(f"point {number + 1}", 0.0, away, self._sigmas.point_m)

    def _marks_sigma_m(self, plane: GroundPlane, number: int) -> float:
        """What the setting of both marks adds to a distance's standard deviation."""
        start, end = self._marks[self._ends[number]]

        def length(pixels: Floats) -> Floats:
            ground = plane.ground(pixels)
            return np.array([np.linalg.norm(ground[0] - ground[1])])

        slope = jacobian_of(length, np.array([*start, *end]))
        return float(np.linalg.norm(slope)) * self._sigmas.mark_px

    def _starts(self) -> Iterator[Floats]:
        for focal_in_widths, tilt in _STARTS:
            camera = np.array([np.log(focal_in_widths * self._width), tilt, 0.0, 0.0])
            rows = self._camera_rows(np.concatenate([camera, np.zeros(2)]))
            ground = _projected(rows, self._marks)
            seen = np.linalg.norm(ground[self._ends[:, 0]] - ground[self._ends[:, 1]], axis=1)
            measured = self._metres
            if len(self._placed) >= 2:
                of_points = np.linalg.norm(np.diff(ground[self._placed], axis=0), axis=1)
                seen = np.concatenate([seen, of_points])
                apart = np.linalg.norm(np.diff(self._coordinates, axis=0), axis=1)
                measured = np.concatenate([measured, apart])
            camera[3] = np.log(np.median(measured / np.maximum(seen, 1e-6)))
            yield camera

    def _camera_rows(self, unknowns: Floats) -> Floats:
        """(3, 3): pixels to metres right of and ahead of the camera's foot."""
        focal, height = np.exp(unknowns[0]), np.exp(unknowns[3])
        tilt, roll = unknowns[1], unknowns[2]
        down = np.array([np.sin(roll) * np.cos(tilt), np.cos(roll) * np.cos(tilt), np.sin(tilt)])
        ahead = np.array([0.0, 0.0, 1.0]) - down[2] * down
        ahead /= np.linalg.norm(ahead)
        right = np.cross(down, ahead)
        centre = np.array(self._survey.picture_px) / 2 + (
            unknowns[4:6] * self._sigmas.centre_share * self._width
        )
        ray = np.array(
            [[1 / focal, 0, -centre[0] / focal], [0, 1 / focal, -centre[1] / focal], [0, 0, 1]]
        )
        return np.asarray(np.stack([height * right, height * ahead, down]) @ ray)

    def _road_direction(self, rows: Floats, unknowns: Floats) -> Floats:
        """Unit vector (2,) along the road, away from the camera."""
        if self._survey.vanishing_px is not None:
            along = (rows @ np.array([*self._survey.vanishing_px, 1.0]))[:2]
        else:
            ground = _projected(rows, self.marks(unknowns))
            along = np.zeros(2)
            for (start, end), each in zip(self._ends, self._survey.distances, strict=True):
                if each.along_road:
                    way = ground[end] - ground[start]
                    along += way if way[1] >= 0 else -way
        size = float(np.linalg.norm(along))
        along = along / size if size > 0 else np.array([0.0, 1.0])
        return along if along[1] >= 0 else -along

    def _weighted(self, unknowns: Floats) -> Floats:
        sigmas = self._sigmas
        rows = self._camera_rows(unknowns)
        ground = _projected(rows, self.marks(unknowns))
        length = np.linalg.norm(ground[self._ends[:, 0]] - ground[self._ends[:, 1]], axis=1)
        parts = [
            (length - self._metres) / self._sigma_m,
            unknowns[4:],
            [
                (unknowns[0] - np.log(_FOCAL_IN_WIDTHS * self._width)) / _FOCAL_LN_SIGMA,
                unknowns[2] / _ROLL_SIGMA,
            ],
        ]
        if len(self._placed) >= 2:
            seen = ground[self._placed]
            onto = _rigid(seen, self._coordinates)
            moved = seen @ onto[:, :2].T + onto[:, 2]
            parts.append(((moved - self._coordinates) / sigmas.point_m).ravel())
        if self._survey.vanishing_px is not None:
            # In directions of metres a pixel's ray is (right, ahead) / height and down.
            towards = rows @ np.array([*self._survey.vanishing_px, 1.0])
            towards[:2] /= np.exp(unknowns[3])
            below = np.degrees(np.arctan2(towards[2], np.linalg.norm(towards[:2])))
            parts.append([below / sigmas.horizon_deg])
        return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])


def _mark(marks: list[Pixel], pixel: Pixel) -> int:
    """The number of a mark; pixels that are nearly the same are one mark of a chain."""
    for number, known in enumerate(marks):
        if np.hypot(known[0] - pixel[0], known[1] - pixel[1]) < _SAME_MARK_PX:
            return number
    marks.append(pixel)
    return len(marks) - 1


def _projected(rows: Floats, pixels: Floats) -> Floats:
    mapped = np.hstack([pixels, np.ones((len(pixels), 1))]) @ rows.T
    # A mark at or above the horizon is very far away, so the fit is pushed back.
    return np.asarray(mapped[:, :2] / np.maximum(mapped[:, 2:3], 1e-4))


def _rigid(source: Floats, target: Floats) -> Floats:
    """(2, 3): rotation, reflection where it fits better, and shift of `source` onto `target`, both
    (n, 2) (Kabsch 1976)."""
    from_centre, to_centre = source.mean(axis=0), target.mean(axis=0)
    left, _, right = np.linalg.svd((target - to_centre).T @ (source - from_centre))
    turn = left @ right
    return np.hstack([turn, (to_centre - turn @ from_centre)[:, None]])
