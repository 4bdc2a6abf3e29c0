"""No holder grants more than it holds; acting through a client gives no more than both hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.access.domain.entitlements import SCOPES, Entitlements, excess, unknown_scopes

BOUNDS = st.none() | st.frozensets(st.sampled_from(["semnan", "shahrud", "damghan"]))
RIGHTS = st.builds(Entitlements, st.frozensets(st.sampled_from(sorted(SCOPES))), BOUNDS, BOUNDS)


@given(RIGHTS, RIGHTS)
def test_what_two_share_exceeds_neither(one: Entitlements, other: Entitlements) -> None:
    shared = one.shared_with(other)
    assert excess(shared, one) == []
    assert excess(shared, other) == []


@given(RIGHTS)
def test_a_holder_may_grant_what_it_holds_and_an_administrator_anything(
    rights: Entitlements,
) -> None:
    assert excess(rights, rights) == []
    assert excess(rights, Entitlements.unlimited()) == []


@given(RIGHTS, RIGHTS)
def test_a_grant_is_allowed_only_when_the_granter_holds_all_of_it(
    granted: Entitlements, held: Entitlements
) -> None:
    assert (excess(granted, held) == []) == (granted.shared_with(held) == granted)


def test_the_excess_is_named() -> None:
    held = Entitlements(frozenset({"cameras:read"}), frozenset({"semnan"}), None)
    granted = Entitlements(frozenset({"audit:read"}), None, None)
    assert excess(granted, held) == ["scope audit:read", "every county"]


def test_a_county_bound_of_nothing_is_not_everywhere() -> None:
    nowhere = Entitlements(frozenset(), frozenset(), None)
    anywhere = Entitlements(frozenset(), None, None)
    assert nowhere.shared_with(anywhere).counties == frozenset()


@pytest.mark.parametrize("scope", ["cameras:*", "", "Cameras:read"])
def test_a_scope_that_does_not_exist_is_listed_as_unknown(scope: str) -> None:
    assert unknown_scopes([scope, "cameras:read"]) == [scope]
