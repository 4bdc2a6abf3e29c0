"""A tracker that is written down and read back continues as if nothing had happened."""

import numpy as np

from payesh.detect.adapters.checkpoint import read_checkpoint, write_checkpoint
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.domain.detections import Detections


def _frames(count: int) -> list[Detections]:
    rng = np.random.default_rng(2)
    frames = []
    for i in range(count):
        boxes = [
            [50 + 6 * i, 40 + 5 * i, 110 + 7 * i, 90 + 6 * i],
            [400 - 4 * i, 30 + 6 * i, 470 - 4 * i, 85 + 7 * i],
            [200, 10 + 9 * i, 260, 60 + 10 * i],
        ]
        kept = [b for n, b in enumerate(boxes) if (i + n) % 7]  # each misses a frame now and then
        noisy = np.array(kept, dtype=float) + rng.normal(0, 1, (len(kept), 4))
        frames.append(Detections.of(noisy, [0.9] * len(kept), [0] * len(kept)))
    return frames


def test_a_recalled_tracker_gives_identical_tracks() -> None:
    frames = _frames(40)
    straight = VehicleTracker(25.0)
    expected = [straight.update(frame, i / 25) for i, frame in enumerate(frames)]
    for pause in (1, 7, 8, 23):
        first = VehicleTracker(25.0)
        for i in range(pause):
            first.update(frames[i], i / 25)
        parts = read_checkpoint(write_checkpoint([first.memory()]))
        second = VehicleTracker(25.0)
        second.recall(parts[VehicleTracker.part_name])
        got = [second.update(frames[i], i / 25) for i in range(pause, len(frames))]
        assert got == expected[pause:]
        ours, theirs = second.memory().arrays, straight.memory().arrays
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_after_a_gap_no_vehicle_keeps_its_number() -> None:
    tracker = VehicleTracker(25.0)
    frames = _frames(10)
    before = {t.track for i, f in enumerate(frames) for t in tracker.update(f, i / 25)}
    tracker.forget()
    assert not tracker.alive()
    after = {t.track for i, f in enumerate(frames) for t in tracker.update(f, 1 + i / 25)}
    assert before
    assert after
    assert not before & after
