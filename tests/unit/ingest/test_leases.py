"""Replicas share cameras and take those of a failed one, each by its own decision."""

from datetime import UTC, datetime, timedelta

from payesh.ingest.domain.leases import Lease, plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)
EARLIER = NOW - timedelta(seconds=1)


def lease(number: int, holder: str | None, expires_at: datetime = LATER) -> Lease:
    return Lease(f"c{number}", holder, 1, expires_at)


def test_a_replica_takes_free_cameras_up_to_its_share() -> None:
    leases = [lease(number, None) for number in range(5)]
    assert plan(leases, me="a", replicas=2, now=NOW).take == ("c0", "c1", "c2")


def test_a_lone_replica_takes_over_all_that_a_failed_one_held() -> None:
    leases = [lease(0, "a"), lease(1, "b", EARLIER), lease(2, "b", EARLIER)]
    assert plan(leases, me="a", replicas=1, now=NOW).take == ("c1", "c2")


def test_cameras_of_a_running_replica_stay_with_it() -> None:
    leases = [lease(0, "b"), lease(1, "b")]
    assert plan(leases, me="a", replicas=2, now=NOW).take == ()


def test_a_replica_above_its_share_gives_one_back_at_a_time() -> None:
    leases = [lease(number, "a") for number in range(4)]
    assert plan(leases, me="a", replicas=2, now=NOW).give_back == ("c3",)
    assert plan(leases[:3], me="a", replicas=2, now=NOW).give_back == ("c2",)
    assert plan(leases[:1], me="a", replicas=2, now=NOW).give_back == ()
