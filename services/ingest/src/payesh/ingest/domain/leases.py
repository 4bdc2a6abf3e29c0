"""Which replica records which camera. A lease has a token that grows by one with each holder."""

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
    """Whether a lease can be taken: at its expiry it can. Of two holders at one moment the higher
    token counts."""
    return lease.holder is None or lease.expires_at <= now


def fair_share(cameras: int, replicas: int) -> int:
    """The most cameras that one of `replicas` should hold."""
    return -(-cameras // max(1, replicas))


@dataclass(frozen=True, slots=True)
class Plan:
    """The leases that a replica should take and give back now."""

    take: tuple[str, ...]
    give_back: tuple[str, ...]


def plan(leases: Sequence[Lease], *, me: str, replicas: int, now: datetime) -> Plan:
    """Take free cameras up to the fair share; give one back when above it.

    One at a time, above the share and with no camera free, so that cameras do not move between
    replicas without need: every move costs a second of video.
    """
    share = fair_share(len(leases), replicas)
    mine = sorted(lease.camera_id for lease in leases if lease.holder == me)
    free = sorted(lease.camera_id for lease in leases if lease.holder != me and is_free(lease, now))
    take = tuple(free[: max(0, share - len(mine))])
    give_back = tuple(mine[-1:]) if len(mine) > share and not free else ()
    return Plan(take, give_back)
