"""The statements of what was decided: one for each change of the citation's standing, in a row."""

import re
from collections.abc import Mapping
from datetime import datetime

from payesh.verify.bundle import Document
from payesh.verify.findings import Fault, Said, require_same
from payesh.verify.plates import Plates
from payesh.verify.statements import CLOCK_ALLOWANCE_S, DECISION_TYP, Statement, Trust, opened

NAME = re.compile(r"decisions/([1-9][0-9]{0,3})\.jws")


def file_name(sequence: int) -> str:
    """The name of a decision's statement in its bundle, numbered from 1."""
    return f"decisions/{sequence}.jws"


def sequences(names: Mapping[str, bytes]) -> list[int]:
    """Numbers of the decisions among these names, in order."""
    found = (NAME.fullmatch(name) for name in names)
    return sorted(int(match[1]) for match in found if match)


class Decisions:
    """Reads a bundle's decisions in order; each is held against the manifest and the one before."""

    def __init__(self, manifest: Document, manifest_sha256: str, signed: Statement) -> None:
        self._manifest = manifest
        self._manifest_sha256 = manifest_sha256
        self._last = signed
        self._sequence = 0
        self._plates = Plates(manifest)
        self.standing: Document | None = None
        """Claims of the last decision that holds."""

    @property
    def last(self) -> Statement:
        """The last decision that holds; before the first one, the manifest's statement."""
        return self._last

    def add(self, body: bytes, trust: Trust) -> Said:
        """The next decision. Raises Fault."""
        statement = opened(body, DECISION_TYP, trust)
        claims = statement.claims
        require_same("iss", claims["iss"], self._last.claims["iss"])
        require_same("citation_id", claims["citation_id"], self._manifest["citation_id"])
        require_same("manifest_sha256", claims["manifest_sha256"], self._manifest_sha256)
        require_same("sequence", claims["sequence"], self._sequence + 1)
        require_same("previous_sha256", claims["previous_sha256"], self._last.sha256)
        self._require_times(claims, statement)
        _require_facts(claims)
        _require_course(claims, self.standing)
        self._plates.follow(claims)
        self._last, self._sequence, self.standing = statement, self._sequence + 1, claims
        number = claims["number"] or "-"
        plate = self._plates.said
        same_as = claims.get("same_as")
        reason = claims["reason"] or "-"
        reason_en = f"{reason}, same offence as citation {same_as}" if same_as else reason
        reason_fa = f"{reason}، همان تخلف پروندهٔ {same_as}" if same_as else reason
        return Said(
            f"{claims['state']}, number {number}, by {claims['officer']} at "
            f"{claims['decided_at']}, reason {reason_en}{plate.en}; key {statement.key_id}",
            f"وضعیت {claims['state']}، شمارهٔ {number}، به دست {claims['officer']} در "
            f"{claims['decided_at']}، دلیل {reason_fa}{plate.fa}؛ کلید {statement.key_id}",
        )

    def _require_times(self, claims: Document, statement: Statement) -> None:
        decided_at = datetime.fromisoformat(claims["decided_at"]).timestamp()
        if abs(decided_at - statement.issued_at) > CLOCK_ALLOWANCE_S:
            raise Fault("it was not signed when it was decided", "زمان امضای آن زمان تصمیم نیست")
        if statement.issued_at < self._last.issued_at - CLOCK_ALLOWANCE_S:
            raise Fault("it is older than what it follows", "از آنچه پس از آن است قدیمی‌تر است")


def _require_course(claims: Document, before: Document | None) -> None:
    """An ended citation is not issued again, and one that has a number keeps it."""
    if before is None:
        return
    ended = before["state"]
    if claims["state"] == "issued" and ended in ("rejected", "void", "warned"):
        raise Fault(f"it is issued after it was {ended}", f"پس از وضعیت {ended} صادر شده است")
    if before["number"] is not None:
        require_same("number", claims["number"], before["number"])


def _require_facts(claims: Document) -> None:
    needed = {"issued": ("number", "officer", "plate"), "warned": ("officer", "plate")}
    for name in needed.get(claims["state"], ()):
        if not claims[name]:
            raise Fault(f"it has no {name}", f"{name} ندارد")
    if claims["state"] == "warned" and claims["number"]:
        raise Fault("a warning has a number", "تذکر شماره دارد")
