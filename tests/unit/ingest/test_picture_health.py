"""A camera's condition is raised once, when it lasts, and cleared when it ends."""

import numpy as np

from payesh.ingest.domain.picture_health import Luma, PictureHealth

RNG = np.random.default_rng(3)
SCENE = RNG.uniform(40, 220, (180, 320)).astype(np.float32)


def seen(picture: Luma) -> Luma:
    return (picture + RNG.normal(0, 2, picture.shape)).astype(np.float32)


def blurred(picture: Luma) -> Luma:
    for axis in (0, 1):
        picture = sum(np.roll(picture, n, axis) for n in range(-3, 4)) / 7  # type: ignore[assignment]
    return picture


def changes(samples: list[Luma]) -> list[tuple[str, bool]]:
    health = PictureHealth()
    for _ in range(8):
        assert list(health.sample(seen(SCENE))) == []
    return [(f.condition, f.raised) for picture in samples for f in health.sample(picture)]


def test_each_condition_is_raised_and_cleared_once() -> None:
    good = [seen(SCENE) for _ in range(4)]
    black = [seen(np.zeros_like(SCENE)) for _ in range(4)]
    assert changes(black + good) == [("black", True), ("black", False)]
    frozen = [SCENE] * 4
    assert changes(frozen + good) == [("frozen", True), ("frozen", False)]
    soft = [seen(blurred(SCENE)) for _ in range(4)]
    assert changes(soft + good) == [("blurred", True), ("blurred", False)]
    turned = [seen(np.roll(SCENE, 40, axis=1)) for _ in range(4)]
    assert changes(turned + good) == [("moved", True), ("moved", False)]


def test_one_bad_picture_is_no_condition() -> None:
    assert changes([seen(np.zeros_like(SCENE)), seen(SCENE), seen(SCENE)]) == []
