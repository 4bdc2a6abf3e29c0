"""Bounds of a principal: counties and road classes must both allow."""

from payesh.kit.principal import Bounds


def test_none_allows_all_and_an_empty_set_nothing() -> None:
    assert Bounds(None, None).allows("tehran", "highway")
    assert not Bounds(frozenset(), None).allows("tehran", "highway")


def test_both_bounds_must_allow() -> None:
    bounds = Bounds(frozenset({"tehran"}), frozenset({"highway"}))
    assert bounds.allows("tehran", "highway")
    assert not bounds.allows("karaj", "highway")
    assert not bounds.allows("tehran", "local")
