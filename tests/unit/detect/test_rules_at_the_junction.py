"""Each rule goes on in mid-track in another process: same ids, nothing lost, nothing twice."""

from collections import Counter
from collections.abc import Iterator

import pytest

from payesh.detect.adapters.checkpoint import read_checkpoint
from payesh.detect.domain.rules import forbidden_stopping
from payesh.detect.domain.rules.registry import armed
from payesh.detect.evaluation.rule_figures import compared
from payesh.detect.evaluation.rules_command import found_in
from payesh.detect.handlers.measurements import measurement_of
from payesh.detect.vision.observations import Observation, ObservedViolation
from payesh.detect.vision.stream_memory import recall
from payesh.local.junction.script import write_script
from payesh.tickets.adapters.violations import measured_of
from payesh.tickets.domain.rules import ASSESSORS
from tests.support.observer_builder import checkpoint_of
from tests.unit.detect.driven_junction import (
    junction_film,
    junction_observer,
    junction_revision,
    junction_segments,
)

pytestmark = pytest.mark.slow

REVISION = junction_revision()
SCRIPT = write_script(11, cycles=4)
"""Every rule is broken in it, if 60 s are too long a stay."""
RULES = sorted(kind.name for kind in armed(junction_observer(REVISION, SCRIPT).judging.scene))
Watched = tuple[list[Observation], Counter[str]]


@pytest.fixture(scope="module")
def shorter_stays() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forbidden_stopping, "ALLOWED_S", 60.0)
        yield


def watched(*, restarts: bool) -> Watched:
    """What is observed, in an observer of its own for each segment or in a single one; and how many
    vehicles each rule had under way when the observers changed."""
    observer = junction_observer(REVISION, SCRIPT)
    observations: list[Observation] = []
    under_way: Counter[str] = Counter()
    for event, media in junction_segments(REVISION, SCRIPT):
        observations += observer.observe_segment(event, b"", media)
        if not restarts or event.last_in_stream:
            continue
        archive = checkpoint_of(observer)
        for vehicle in observer.following.vehicles:
            under_way.update(list(vehicle.rules))
        observer = junction_observer(REVISION, SCRIPT)
        recalled = recall(observer, read_checkpoint(archive))
        assert recalled.rebuilt == ()
        assert recalled.observations == []
    return observations, under_way


@pytest.fixture(scope="module")
def undisturbed(shorter_stays: None) -> list[Observation]:
    return watched(restarts=False)[0]


@pytest.fixture(scope="module")
def restarted(shorter_stays: None) -> Watched:
    return watched(restarts=True)


def violations_of(rule: str, observations: list[Observation]) -> list[ObservedViolation]:
    return [o for o in observations if isinstance(o, ObservedViolation) and o.rule == rule]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_the_same_in_a_process_for_each_segment(
    rule: str, undisturbed: list[Observation], restarted: Watched
) -> None:
    observations, under_way = restarted
    found = violations_of(rule, observations)
    assert found == violations_of(rule, undisturbed)
    assert found, "the film has this offence"
    assert under_way[rule] > 20, "it was under way at a restart"
    assert len({each.passage_id for each in found}) == len(found)


def test_passages_and_counts_are_the_same_too(
    undisturbed: list[Observation], restarted: Watched
) -> None:
    assert restarted[0] == undisturbed


def test_with_every_vehicle_known_no_lawful_one_is_accused_and_no_offence_missed(
    undisturbed: list[Observation],
) -> None:
    film = junction_film(REVISION, SCRIPT)
    found = [
        found_in(film, each)
        for each in undisturbed
        if isinstance(each, ObservedViolation) and each.rule != "forbidden_stopping"
    ]
    assert [fault.described() for fault in compared(film, found).faults] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_finding_has_the_facts_that_a_citation_rests_on(
    rule: str, undisturbed: list[Observation]
) -> None:
    for each in violations_of(rule, undisturbed):
        measured = measured_of(measurement_of(each.measurement))
        assert ASSESSORS[rule].excess_kmh(measured) is not None
        assert not ASSESSORS[rule].is_tolerated(measured, 0.0)
