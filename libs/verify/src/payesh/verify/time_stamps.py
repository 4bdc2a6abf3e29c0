"""Time-stamps by an authority (RFC 3161): that a decision's statement existed at a time.

The authority's answer lies in a statement of its own, signed by the evidence key: an answer has
bytes that the authority's signature does not cover, and none of a bundle may be changed.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.x509 import Certificate
from rfc3161_client import (
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from payesh.verify.findings import Fault, Finding, Said, Verdict, checked, require_same
from payesh.verify.statements import CLOCK_ALLOWANCE_S, TIME_STAMP_TYP, Statement, Trust, opened

NAME = re.compile(r"stamps/([1-9][0-9]{0,3})\.jws")
_SHA256_OID = "2.16.840.1.101.3.4.2.1"


def file_name(sequence: int) -> str:
    """The name of the time-stamp of a decision, numbered from 1."""
    return f"stamps/{sequence}.jws"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority says: when it had seen a statement."""

    at: datetime


def claims_of(statement: str, citation_id: str, answer: bytes) -> Mapping[str, Any]:
    """Claims of the statement that carries an authority's answer about a decision's statement."""
    return {
        "citation_id": citation_id,
        "statement_sha256": sha256(statement.encode()).hexdigest(),
        "answer": base64.b64encode(answer).decode(),
    }


def answered(body: bytes) -> TimeStampResponse:
    """An authority's answer, TimeStampResp in DER. Raises ValueError."""
    try:
        return decode_timestamp_response(body)
    except ValueError:
        raise
    except Exception as error:  # the parser's own panics and errors
        raise ValueError(type(error).__name__) from None


def require_authority(
    answer: TimeStampResponse, digest: bytes, roots: tuple[Certificate, ...]
) -> None:
    """Raises Fault unless one of `roots` stands behind the answer, at the time that it states, and
    it is about this SHA-256."""
    try:
        VerifierBuilder(roots=list(roots)).build().verify(answer, digest)
    except VerificationError as error:
        raise Fault(
            f"the authority's signature does not hold: {error}",
            f"امضای مرجع مهر زمان درست نیست: {error}",
        ) from None


def check_stamp(
    name: str, body: bytes, decision: Statement, trust: Trust, stamps: dict[str, Stamp]
) -> Finding:
    """The time-stamp of a decision that holds; `stamps` are those that an authority that is trusted
    stands behind. Not checked where no authority is trusted: the statement itself is."""

    def check() -> Said:
        said, stamp = _stamp(body, decision, trust)
        if trust.authorities:
            stamps[decision.sha256] = stamp
        return said

    finding = checked(name, check)
    if finding.verdict is not Verdict.HOLDS or trust.authorities:
        return finding
    return Finding(name, Verdict.NOT_CHECKED, finding.said)


def _stamp(body: bytes, decision: Statement, trust: Trust) -> tuple[Said, Stamp]:
    statement = opened(body, TIME_STAMP_TYP, trust)
    claims = statement.claims
    require_same("iss", claims["iss"], decision.claims["iss"])
    require_same("citation_id", claims["citation_id"], decision.claims["citation_id"])
    require_same("statement_sha256", claims["statement_sha256"], decision.sha256)
    answer = answered(base64.b64decode(claims["answer"], validate=True))
    imprint, at = answer.tst_info.message_imprint, answer.tst_info.gen_time
    require_same("its hash", imprint.hash_algorithm.dotted_string, _SHA256_OID)
    require_same("what it is of", imprint.message.hex(), decision.sha256)
    if trust.authorities:
        require_authority(answer, bytes.fromhex(decision.sha256), trust.authorities)
    if at.timestamp() < decision.issued_at - CLOCK_ALLOWANCE_S:
        raise Fault("it is older than what it is of", "از گزاره‌ای که بر آن است قدیمی‌تر است")
    when = at.isoformat().replace("+00:00", "Z")
    if not trust.authorities:
        return (
            Said(
                f"an authority's, of {when}: give its root certificate, --stamp-root",
                f"مهر زمان یک مرجع در {when}: گواهی ریشهٔ آن را با ‎--stamp-root بدهید",
            ),
            Stamp(at),
        )
    return (
        Said(
            f"the decision was signed by {when}, says an authority that is trusted",
            f"به گواهی مرجع مهر زمان، تصمیم تا {when} امضا شده بوده است",
        ),
        Stamp(at),
    )
