"""What may become a clip, and how the chain behind it is checked."""

from uuid import uuid4

import pytest

from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.byte_range import RangeNotSatisfiable, requested_range
from payesh.tickets.evidence.chain_check import check_links
from payesh.tickets.evidence.clip import last_run, within_size
from tests.support.violation_builder import REVISION, chained, reference

INIT = reference("segments", "camera-1/s/init.mp4", b"init")
MEDIA = [reference("segments", f"camera-1/s/{n}.m4s", bytes([n])) for n in range(4)]


def test_a_clip_never_spans_two_inits_nor_a_missing_segment() -> None:
    parts = [("a", 1), ("a", 2), ("b", 3), ("b", 4), ("b", 6), ("b", 7)]
    run = last_run(parts, stream_and_init=lambda part: part[0], sequence=lambda part: part[1])
    assert run == [("b", 6), ("b", 7)]
    run = last_run(parts[:4], stream_and_init=lambda part: part[0], sequence=lambda part: part[1])
    assert run == [("b", 3), ("b", 4)]


def test_a_clip_that_would_be_too_large_keeps_its_end() -> None:
    assert within_size([5, 4, 3, 2], size_bytes=int, limit_bytes=9) == [4, 3, 2]
    assert within_size([5, 4, 30], size_bytes=int, limit_bytes=9) == [30]


def test_an_unbroken_chain_holds() -> None:
    check_links(chained(uuid4(), INIT, MEDIA, fencing_token=41), REVISION.sha256)


@pytest.mark.parametrize(
    "change",
    [
        {"media": MEDIA[0]},
        {"duration_ms": 1999},
        {"init": MEDIA[0]},
        {"previous_link_sha256": "0" * 64},
        {"sequence": 9},
        {"fencing_token": 4},
    ],
)
def test_any_change_of_a_link_breaks_it(change: dict[str, object]) -> None:
    links = chained(uuid4(), INIT, MEDIA)
    links[2] = links[2].model_copy(update=change)
    with pytest.raises(EvidenceBroken):
        check_links(links, REVISION.sha256)


def test_a_replaced_segment_with_a_link_of_its_own_does_not_fit_the_next() -> None:
    stream_id = uuid4()
    links = chained(stream_id, INIT, MEDIA)
    forged = chained(stream_id, INIT, [MEDIA[0], MEDIA[3], *MEDIA[2:]])
    with pytest.raises(EvidenceBroken, match="does not follow"):
        check_links([links[0], forged[1], *links[2:]], REVISION.sha256)


def test_a_link_that_is_missing_between_two_is_a_hole() -> None:
    links = chained(uuid4(), INIT, MEDIA)
    with pytest.raises(EvidenceBroken, match="segment 3 does not follow"):
        check_links([*links[:2], links[3]], REVISION.sha256)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-900", (90, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=20-10", None),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
        ("bytes=-", None),
        (f"bytes={'9' * 5000}-", None),
        (f"bytes=0-{'9' * 5000}", None),
    ],
)
def test_ranges_are_read_as_in_the_rfc(
    header: str | None, expected: tuple[int, int] | None
) -> None:
    assert requested_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        requested_range(header, 100)
