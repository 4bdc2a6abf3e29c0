from payesh.kit.tokens import Bounds


def test_none_is_everywhere_and_empty_is_nowhere():
    assert Bounds(None, None).allows("tehran", "highway")
    assert not Bounds(frozenset(), None).allows("tehran", "highway")


def test_both_bounds_must_allow():
    bounds = Bounds(frozenset({"tehran"}), frozenset({"highway"}))
    assert bounds.allows("tehran", "highway")
    assert not bounds.allows("karaj", "highway")
    assert not bounds.allows("tehran", "local")
