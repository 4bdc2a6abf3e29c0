"""A signal head shows what its lamps look like, and nothing where that is not sure."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.detect.domain.marks import Lamp, SignalHead
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.signals import (
    AMBER,
    GREEN,
    NOT_SEEN,
    NOTHING,
    OFF,
    RED,
    HeadWatch,
    LampLook,
    Showing,
)
from payesh.detect.frames import Frame
from payesh.detect.vision.lamps import look_at
from payesh.detect.vision.signal_watch import SignalWatch

BOXES = {
    RED: (20.0, 20.0, 32.0, 32.0),
    AMBER: (20.0, 34.0, 32.0, 46.0),
    GREEN: (20.0, 48.0, 32.0, 60.0),
}
HEAD = SignalHead("north", "stop", tuple(Lamp(s, b) for s, b in BOXES.items()), 500)
SCENE = Scene(signal_heads={"north": HEAD})
CHROMA = {RED: (-15, 60), AMBER: (-60, 25), GREEN: (10, -45)}
"""Cb and Cr. Glass that is dark has a fifth of it."""
RATE_HZ = 10
PROGRAMME = [(GREEN, 20), (AMBER, 20), (RED, 60)]
"""Lamps, each lit for so many frames."""


def frame(
    time_s: float, *lit: str, dark: float = 0.2, hidden: tuple[int, int] | None = None
) -> Frame:
    """A grey picture with a head. `hidden` is the chroma of what stands before it."""
    luma = np.full((80, 60), 90, np.uint8)
    blue, red = np.full((40, 30), 128.0), np.full((40, 30), 128.0)
    for state, (left, top, right, bottom) in BOXES.items():
        share = 1.0 if state in lit else 0.2
        place = slice(int(top) // 2, int(bottom) // 2), slice(int(left) // 2, int(right) // 2)
        blue[place] += share * CHROMA[state][0]
        red[place] += share * CHROMA[state][1]
    if hidden is not None:
        blue[5:35, 5:25], red[5:35, 5:25] = 128.0 + hidden[0], 128.0 + hidden[1]
    rng = np.random.default_rng(round(time_s * 1000))
    noisy = [np.clip(p + rng.normal(0, 1.0, p.shape), 0, 255).astype(np.uint8) for p in (blue, red)]
    return Frame(luma, noisy[0], noisy[1], time_s)


def frames(programme: list[tuple[str, int]]) -> list[Frame]:
    states = [state for state, count in programme for _ in range(count)]
    return [frame(n / RATE_HZ, state) for n, state in enumerate(states)]


def watched(shown: list[Frame], watch: SignalWatch | None = None) -> list[Showing]:
    watch = watch or SignalWatch()
    return [watch.look(each, SCENE, each.time_s)["north"] for each in shown]


def test_a_head_is_understood_once_its_lamps_were_seen_lit_and_dark() -> None:
    showing = watched(frames(PROGRAMME))
    assert {each.lamp for each in showing[:20]} == {NOT_SEEN}, "nothing is known yet"
    assert showing[-1].lamp == RED
    assert showing[-1].since_s == pytest.approx(4.0)
    assert showing[-1].u95_s == pytest.approx(0.1)
    again = watched(frames(PROGRAMME * 2))
    assert [again[n].lamp for n in (110, 130, 190)] == [GREEN, AMBER, RED]


def test_a_head_that_is_red_from_the_first_frame_on_is_not_believed() -> None:
    assert {each.lamp for each in watched(frames([(RED, 200)]))} == {NOT_SEEN}


def test_red_ends_with_the_first_frame_of_another_lamp() -> None:
    shown = frames([*PROGRAMME, (GREEN, 5)])
    assert watched(shown)[100].lamp == NOT_SEEN
    assert watched(shown)[101].lamp == GREEN
    one = [*frames(PROGRAMME), frame(10.0, GREEN), *(frame(10.1 + n / 10, RED) for n in range(5))]
    showing = watched(one)
    assert showing[100].lamp == NOT_SEEN
    assert showing[-1].lamp == RED
    assert showing[-1].since_s == pytest.approx(10.1)


@pytest.mark.parametrize("count", [1, 4])
def test_a_short_blink_does_not_end_it(count: int) -> None:
    blink = [frame(10.0 + n / 10) for n in range(count)]
    after = [frame(10.0 + (count + n) / 10, RED) for n in range(5)]
    showing = watched([*frames(PROGRAMME), *blink, *after])
    assert {each.lamp for each in showing[100:]} == {RED}
    assert showing[-1].since_s == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("later", "lamp"),
    [
        ([frame(10.0 + n / 10) for n in range(9)], OFF),
        ([frame(10.0 + n / 10, hidden=(-15, 60)) for n in range(9)], NOT_SEEN),
        ([frame(10.0 + n / 10, RED, GREEN) for n in range(9)], NOT_SEEN),
        ([frame(12.0 + n / 10, RED) for n in range(1)], NOT_SEEN),
    ],
    ids=["dark", "behind a red lorry", "red and green", "after a gap"],
)
def test_red_is_not_shown_any_more_when_it_is(later: list[Frame], lamp: str) -> None:
    assert watched([*frames(PROGRAMME), *later])[-1].lamp == lamp


def test_a_lamp_that_is_too_small_is_not_seen() -> None:
    assert look_at(frame(0.0, RED), (20.0, 20.0, 23.0, 32.0)) == NOTHING
    assert look_at(frame(0.0, RED), (80.0, 20.0, 92.0, 32.0)) == NOTHING


def test_it_continues_alike_from_its_memory() -> None:
    shown = frames([*PROGRAMME, (GREEN, 20), (AMBER, 10), (RED, 10)])
    undisturbed = watched(shown)
    for pause in range(1, len(shown), 7):
        first = SignalWatch()
        watched(shown[:pause], first)
        second = SignalWatch()
        second.recall(first.memory())
        assert watched(shown[pause:], second) == undisturbed[pause:]


def test_a_head_that_is_marked_elsewhere_is_learned_anew() -> None:
    watch = SignalWatch()
    watched(frames(PROGRAMME), watch)
    moved = Lamp(RED, (22.0, 20.0, 34.0, 32.0))
    scene = Scene(
        signal_heads={"north": SignalHead("north", "stop", (moved, *HEAD.lamps[1:]), 500)}
    )
    assert watch.look(frame(10.0, RED), scene, 10.0)["north"].lamp == NOT_SEEN


def look(saturation: float, hue_deg: float) -> LampLook:
    hue = np.radians(hue_deg)
    return LampLook(float(saturation * np.cos(hue)), float(saturation * np.sin(hue)))


@given(
    looks=st.lists(
        st.tuples(st.floats(0, 12), st.floats(0, 360)).map(lambda each: look(*each)),
        min_size=30,
        max_size=90,
    )
)
def test_glass_that_shimmers_is_never_red(looks: list[LampLook]) -> None:
    """Colour below the contrast of a lamp, whatever its hue, in any order."""
    watch = HeadWatch()
    for number in range(len(looks) // 3):
        three = [LampLook(0.8 * cb, 0.8 * cr) for cb, cr in looks[3 * number : 3 * number + 3]]
        assert watch.see(HEAD, three, number / RATE_HZ).lamp != RED


@pytest.mark.shared
def test_a_real_head_is_red_from_its_first_red_frame_to_the_last(shared_data: Path) -> None:
    """Six frames a second; its amber lamp is not to be seen in the picture."""
    lamps = {RED: (619, 175, 634, 189), AMBER: (615, 190, 631, 204), GREEN: (614, 208, 630, 222)}
    head = SignalHead("h", "stop", tuple(Lamp(s, b) for s, b in lamps.items()), 500)
    scene, watch = Scene(signal_heads={"h": head}), SignalWatch()
    decoder = av.open(str(shared_data / "video" / "hanoi_red_light_a.mp4"))
    showing = []
    for number, picture in enumerate(decoder.decode(video=0)):
        planes = np.asarray(picture.to_ndarray(format="yuv420p"), np.uint8).ravel()
        luma, blue, red = planes[:307_200], planes[307_200:384_000], planes[384_000:]  # 640 by 480
        shown = Frame(
            luma.reshape(480, 640), blue.reshape(240, 320), red.reshape(240, 320), number / 6
        )
        showing.append(watch.look(shown, scene, number / 6)["h"])
    assert not {each.lamp for each in showing[:25]} & {RED, AMBER}
    assert {each.lamp for each in showing[27:]} == {RED}
    assert 24 <= 6 * showing[-1].since_s <= 27
