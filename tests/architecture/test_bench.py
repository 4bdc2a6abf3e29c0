"""`make bench` is not run by CI; what it is made of has to exist all the same."""

from collections.abc import Callable

import pytest

from tests.load.bench import PARTS


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_benchmark_can_be_called(part: str) -> None:
    assert isinstance(PARTS[part], Callable)
