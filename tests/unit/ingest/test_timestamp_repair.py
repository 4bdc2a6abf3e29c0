"""Times that cameras get wrong are put right, and times that are right are left alone."""

from payesh.ingest.domain.timestamps import Stamp, TimestampRepair

TICKS = 90_000
STEP = 3_600


def repaired(times: list[int], arrivals_s: list[float] | None = None) -> list[Stamp]:
    repair = TimestampRepair(TICKS)
    arrivals_s = arrivals_s or [number * 0.04 for number in range(len(times))]
    stamps = [repair.repair(t, t, a) for t, a in zip(times, arrivals_s, strict=True)]
    return [stamp for stamp in stamps if stamp is not None]


def test_a_keyframe_that_repeats_the_former_time_is_moved_and_the_next_one_fits() -> None:
    stamps = repaired([0, STEP, 2 * STEP, 2 * STEP, 4 * STEP, 5 * STEP])
    assert [stamp.pts for stamp in stamps] == [number * STEP for number in range(6)]
    assert [stamp.repaired for stamp in stamps] == [False, False, False, True, False, False]


def test_a_clock_that_was_set_back_or_forward_goes_on_where_it_was() -> None:
    for jump in (-40 * TICKS, 40 * TICKS):
        stamps = repaired([0, STEP, 2 * STEP, jump, jump + STEP, jump + 2 * STEP])
        assert [stamp.pts for stamp in stamps] == [number * STEP for number in range(6)]
        assert [stamp.repaired for stamp in stamps] == [False] * 3 + [True] + [False] * 2


def test_missing_frames_are_a_hole_and_not_a_wrong_time() -> None:
    stamps = repaired([0, STEP, STEP + 3 * TICKS], [0.0, 0.04, 3.04])
    assert stamps[-1] == Stamp(STEP + 3 * TICKS, STEP + 3 * TICKS, False, 3.0)


def test_decoding_times_always_increase_whatever_comes() -> None:
    stamps = repaired([5, 5, 5, 4, 900_000, 3, 2**33 - 1, 0, 1, 2])
    times = [stamp.dts for stamp in stamps]
    assert times == sorted(set(times))


def test_reordered_frames_keep_their_distance_between_showing_and_decoding() -> None:
    repair = TimestampRepair(TICKS)
    stamps = [
        repair.repair(pts, dts, number * 0.04)
        for number, (pts, dts) in enumerate([(2 * STEP, 0), (5 * STEP, STEP), (3 * STEP, STEP)])
    ]
    assert [(s.pts, s.dts) for s in stamps if s] == [
        (2 * STEP, 0),
        (5 * STEP, STEP),
        (4 * STEP, 2 * STEP),
    ]
