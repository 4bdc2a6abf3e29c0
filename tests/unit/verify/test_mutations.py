"""Whatever is changed in a bundle is refused and named: a sample of `mutations`, 160 of them."""

import random
from pathlib import Path

import pytest

from tests.support.packed_bundle import bodies_of, packed
from tests.unit.verify.mutations import KINDS, Mutation, decided_bundle, judged

EACH = 10


@pytest.fixture(scope="module")
async def bodies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return bodies_of(await decided_bundle(tmp_path_factory.mktemp("bundle")))


def test_what_is_mutated_holds_before(bodies: dict[str, bytes], tmp_path: Path) -> None:
    report, _ = judged(Mutation(packed(bodies), None), tmp_path / "whole.zip")
    assert report.holds, report.broken


@pytest.mark.parametrize("seed", range(EACH))
@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_is_refused_and_named(
    bodies: dict[str, bytes], kind: str, seed: int, tmp_path: Path
) -> None:
    mutation = KINDS[kind](random.Random(seed), bodies)  # noqa: S311 - repeatable on purpose
    report, is_named = judged(mutation, tmp_path / "mutated.zip")
    assert not report.holds
    assert is_named, (mutation.named, [(each.subject, each.said.en) for each in report.broken])
