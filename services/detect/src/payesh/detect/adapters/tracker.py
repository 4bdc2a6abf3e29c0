"""ByteTrack (Zhang et al., ECCV 2022) as roboflow's `trackers` has it, with a memory that can
be written down: a takeover must continue with the very numbers the dead process held."""

from typing import Any, ClassVar

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from trackers import ByteTrackTracker
from trackers.core.bytetrack.tracklet import ByteTrackTracklet

from payesh.detect.domain.detections import Detections
from payesh.detect.ports import Arrays, Part, Tracked

_COUNTERS = (
    "age",
    "tracker_id",
    "number_of_successful_consecutive_updates",
    "time_since_update",
    "time_since_update_seconds",
)
_MATRICES = (
    "state",
    "state_covariance",
    "transition_mtx",
    "observation_mtx",
    "process_noise",
    "measurement_noise",
)
LOST_AFTER_S = 0.9


class VehicleTracker:
    """Follows boxes from frame to frame. Deterministic: equal input gives equal tracks."""

    part_name: ClassVar[str] = "tracker"
    part_version: ClassVar[int] = 1

    def __init__(self, frame_rate_hz: float, *, minimum_confidence: float = 0.35) -> None:
        self._tracker = ByteTrackTracker(
            lost_track_buffer=round(LOST_AFTER_S * 30),
            frame_rate=frame_rate_hz,
            track_activation_threshold=min(minimum_confidence + 0.1, 0.6),
            high_conf_det_threshold=min(minimum_confidence + 0.1, 0.6),
            minimum_consecutive_frames=2,
            minimum_iou_threshold=0.1,
        )

    def update(self, detections: Detections, time_s: float) -> list[Tracked]:
        """Which detection belongs to which track, ordered by track. `time_s` must grow from call to
        call."""
        count = len(detections)
        offered = sv.Detections(
            xyxy=detections.xyxy.astype(np.float64).reshape(-1, 4),
            confidence=detections.score.astype(np.float64),
            data={"row": np.arange(count)},
        )
        followed = self._tracker.update(offered, timestamp=time_s)
        if followed.tracker_id is None or not len(followed):
            return []
        rows = followed.data["row"]
        return sorted(
            (
                Tracked(int(track), int(row))
                for track, row in zip(followed.tracker_id, rows, strict=True)
                if track >= 0
            ),
            key=lambda tracked: tracked.track,
        )

    def alive(self) -> frozenset[int]:
        """Tracks that may still be found again."""
        return frozenset(t.tracker_id for t in self._tracker.tracks if t.tracker_id >= 0)

    def forget(self) -> None:
        """Drop every track, but go on numbering: vehicles after a gap have new numbers."""
        self._tracker.tracks = []

    def memory(self) -> Part:
        """Everything that the next `update` depends on."""
        tracks = self._tracker.tracks
        last = self._tracker._last_timestamp
        counters = [[float(getattr(track, name)) for name in _COUNTERS] for track in tracks]
        arrays: Arrays = {
            "next": np.array([self._tracker._next_track_id]),
            "last": np.array([] if last is None else [last]),
            "counters": np.array(counters).reshape(-1, len(_COUNTERS)),
        }
        for name in _MATRICES:
            states = [track.state_estimator.get_state()[name] for track in tracks]
            arrays[name] = np.stack(states) if states else np.empty(0)
        return Part(self.part_name, self.part_version, arrays=arrays)

    def recall(self, part: Part) -> None:
        """Continue from a memory; the frame rate stays this tracker's own."""
        arrays = part.arrays
        tracks = [self._track(arrays, index) for index in range(len(arrays["counters"]))]
        next_track = int(arrays["next"][0])
        last: NDArray[Any] = arrays["last"]
        self._tracker._last_timestamp = float(last[0]) if len(last) else None
        self._tracker._next_track_id = next_track
        self._tracker.tracks = tracks

    def _track(self, arrays: Arrays, index: int) -> ByteTrackTracklet:
        track = ByteTrackTracklet(
            np.array([0.0, 0.0, 1.0, 1.0]), self._tracker.state_estimator_class
        )
        track.state_estimator.set_state({name: arrays[name][index] for name in _MATRICES})
        for name, value in zip(_COUNTERS, arrays["counters"][index], strict=True):
            kind = float if name.endswith("_seconds") else int
            setattr(track, name, kind(value))
        return track
