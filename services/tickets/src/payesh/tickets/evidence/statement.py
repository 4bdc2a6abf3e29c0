"""Statements that the evidence key signs: of a bundle's manifest, and of each decision after it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from payesh.contracts.values import format_utc
from payesh.tickets.domain.readings import Correction
from payesh.tickets.domain.standing import Standing
from payesh.verify.statements import DECISION_TYP, MANIFEST_TYP


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be signed; who signs it adds `iss` and `iat`."""

    typ: str
    claims: Mapping[str, Any]


class Signer(Protocol):
    """Signs statements as compact JWS with the certificate of its key."""

    def sign(self, statement: Statement) -> str:
        """Raises DependencyFault while it cannot."""


def of_manifest(citation_id: UUID, violation_id: UUID, body: bytes) -> Statement:
    """That this is the manifest of a citation's bundle."""
    return Statement(
        MANIFEST_TYP,
        {
            "citation_id": str(citation_id),
            "violation_id": str(violation_id),
            "manifest_sha256": sha256(body).hexdigest(),
        },
    )


def of_decision(
    citation_id: UUID,
    standing: Standing,
    *,
    manifest_sha256: str,
    previous_sha256: str,
    sequence: int,
    officer: str,
    decided_at: datetime,
    same_as: UUID | None = None,
) -> Statement:
    """Where a citation stands after a decision. `previous_sha256` is of the text of the decision
    before, of the manifest's statement for the first, whose `sequence` is 1. `same_as` is claimed
    of a further sighting alone: the citation that stands for its offence; `owed_rial` from the
    owner's notification on; `correction` where its plate was corrected: what the reader and both
    officers read, when and why."""
    # Of a citation whose owner was notified alone, so that statements of others stay as they were.
    owed = {} if standing.owed_rial is None else {"owed_rial": standing.owed_rial}
    linked = {} if same_as is None else {"same_as": str(same_as)}
    corrected = {} if standing.correction is None else {"correction": _claims(standing.correction)}
    return Statement(
        DECISION_TYP,
        {
            "citation_id": str(citation_id),
            "manifest_sha256": manifest_sha256,
            "previous_sha256": previous_sha256,
            "sequence": sequence,
            "state": standing.state,
            "number": standing.number,
            "officer": officer,
            "decided_at": format_utc(decided_at),
            "reason": standing.reason or standing.note,
            "plate": standing.plate_text,
            **owed,
            **linked,
            **corrected,
        },
    )


def _claims(correction: Correction) -> Mapping[str, Any]:
    moments = {"at": correction.at, "second_at": correction.second_at}
    spelled = {name: at and format_utc(at) for name, at in moments.items()}
    return asdict(correction) | spelled
