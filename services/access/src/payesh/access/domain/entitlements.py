"""Entitlements: what a holder may do and where. No holder grants more than it holds."""

from collections.abc import Iterable
from dataclasses import dataclass

SCOPES: dict[str, str] = {
    "cameras:read": "see cameras and their configuration",
    "cameras:write": "register and configure cameras",
    "recordings:write": "upload recordings",
    "snapshots:write": "upload stills of enforcement cameras",
    "streams:read": "see segments and gaps",
    "health:read": "see the health of cameras",
    "traffic:read": "read traffic counts",
    "passages:read": "read passages of single vehicles",
    "calibrations:write": "see the latest view of a camera and calibrate it",
    "reads:read": "search plate reads",
    "citations:read": "see citations",
    "citations:decide": "claim citations and decide on them",
    "citations:supervise": "answer returned drafts, void citations, supervise the desk",
    "citations:serve": "record notification, payment and objections of issued citations",
    "citations:review": "decide objections to citations that others decided",
    "citations:subscribe": "be sent by webhook what becomes of citations",
    "evidence:read": "see clips and pictures of a citation",
    "law:read": "read the law tables in force",
    "law:write": "draft and propose editions of the law",
    "law:approve": "put editions of the law in force that others proposed",
    "agencies:read": "see agencies",
    "agencies:write": "register agencies and act for any of them",
    "clients:read": "see clients",
    "clients:write": "register and disable clients",
    "people:read": "see people's accounts",
    "people:write": "make people's accounts and change their rights",
    "keys:write": "rotate the signing key",
    "audit:read": "read the audit log",
    "revocations:read": "learn what was revoked, as every service does",
    "audit:decoys": "keep decoy plates, whose search raises an alarm",
}
"""Every scope that a token can have, with its meaning. An administrator holds all of them."""

ADMINISTRATION = frozenset(
    {
        "agencies:read", "agencies:write", "clients:read", "clients:write", "people:read",
        "people:write", "keys:write",
    }
)  # fmt: skip
"""Scopes of who administers an installation or an agency."""


@dataclass(frozen=True)
class Entitlements:
    """Scopes with the bounds in which they are valid; None as a bound means no bound."""

    scopes: frozenset[str]
    counties: frozenset[str] | None
    road_classes: frozenset[str] | None

    @classmethod
    def unlimited(cls) -> "Entitlements":
        """Every scope without bounds, as the first administrator holds them."""
        return cls(frozenset(SCOPES), None, None)

    def shared_with(self, other: "Entitlements") -> "Entitlements":
        """What both hold: an officer acting through a client has no more than either."""
        return Entitlements(
            self.scopes & other.scopes,
            _narrower(self.counties, other.counties),
            _narrower(self.road_classes, other.road_classes),
        )


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Those that are not in `SCOPES`, in order."""
    return sorted(set(scopes) - set(SCOPES))


def excess(granted: Entitlements, held: Entitlements) -> list[str]:
    """What `granted` has beyond `held`, in words; empty when the grant is allowed."""
    beyond = [f"scope {scope}" for scope in sorted(granted.scopes - held.scopes)]
    beyond += _bound_excess("county", granted.counties, held.counties)
    beyond += _bound_excess("road class", granted.road_classes, held.road_classes)
    return beyond


def _narrower(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _bound_excess(
    name: str, granted: frozenset[str] | None, held: frozenset[str] | None
) -> list[str]:
    if held is None:
        return []
    if granted is None:
        return [f"every {name}"]
    return [f"{name} {value}" for value in sorted(granted - held)]
