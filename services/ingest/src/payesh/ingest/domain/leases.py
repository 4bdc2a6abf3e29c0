"""Who records which camera. A lease carries a token that only ever grows, one step a new holder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    camera_id: str
    holder: str | None
    token: int
    expires_at: datetime


def is_free(lease: Lease, now: datetime) -> bool:
    """At its expiry a lease is free: two holders of one moment are told apart by their tokens."""
    return lease.holder is None or lease.expires_at <= now


def fair_share(cameras: int, replicas: int) -> int:
    """The most cameras that one of so many living replicas should hold."""
    return -(-cameras // max(1, replicas))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replica should do now with the leases it sees."""

    take: tuple[str, ...]
    give_back: tuple[str, ...]


def plan(leases: Sequence[Lease], *, me: str, replicas: int, now: datetime) -> Plan:
    """Take free cameras up to the fair share; give one back when well above it.

    One at a time and only above the share plus none left free, so that cameras do not wander
    between replicas: every move costs a second of video.
    """
    share = fair_share(len(leases), replicas)
    mine = sorted(lease.camera_id for lease in leases if lease.holder == me)
    free = sorted(lease.camera_id for lease in leases if lease.holder != me and is_free(lease, now))
    take = tuple(free[: max(0, share - len(mine))])
    give_back = tuple(mine[-1:]) if len(mine) > share and not free else ()
    return Plan(take, give_back)
