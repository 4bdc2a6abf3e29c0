"""Verifying an exported evidence folder offline: no network, no database, no settings.

What it proves, and what it cannot without a signature, is in docs/evidence.md. The checks are in
`checks/`.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from payesh.tickets.domain.law import LawTable
from payesh.tickets.evidence.checks import answer
from payesh.tickets.evidence.checks.answer import check_answer
from payesh.tickets.evidence.checks.capture import check_certificate, check_clock
from payesh.tickets.evidence.checks.finding import CheckFinding, Verdict, checked
from payesh.tickets.evidence.checks.folder import BundleFolder, first_error
from payesh.tickets.evidence.checks.identity import check_ids, check_revision
from payesh.tickets.evidence.checks.law import check_law
from payesh.tickets.evidence.checks.measurement import check_measurement
from payesh.tickets.evidence.checks.recording import (
    check_chain,
    check_clip,
    check_plate,
    check_shots,
)
from payesh.tickets.evidence.manifest import Manifest

_MANIFEST = "manifest.json"

CHECKS: dict[str, Callable[[BundleFolder], str]] = {
    "ids": check_ids,
    "revision": check_revision,
    "chain": check_chain,
    "clip": check_clip,
    "shots": check_shots,
    "plate": check_plate,
    "clock": check_clock,
    "certificate": check_certificate,
    "measurement": check_measurement,
    "law": check_law,
}
"""Subject of each check over a whole bundle, in the order of the report."""


def verify_folder(path: Path, law: LawTable | None = None) -> list[CheckFinding]:
    """Every check over one exported bundle, in order. With `law`, the published table, the rows
    in `law.json` must also be the ones it prices this case with."""
    try:
        body = (path / _MANIFEST).read_bytes()
        manifest = Manifest.model_validate_json(body)
    except OSError:
        return [CheckFinding(_MANIFEST, Verdict.BROKEN, "it is missing")]
    except ValidationError as error:
        return [CheckFinding(_MANIFEST, Verdict.BROKEN, f"malformed: {first_error(error)}")]
    digest = sha256(body).hexdigest()
    folder = BundleFolder(path, manifest, digest, law)
    findings = [CheckFinding(_MANIFEST, Verdict.HOLDS, f"read; its own SHA-256 is {digest}")]
    findings += [folder.load(reference) for reference in manifest.objects]
    findings += [checked(subject, partial(check, folder)) for subject, check in CHECKS.items()]
    if (path / answer.FILE_NAME).is_file():
        findings.append(checked(answer.FILE_NAME, partial(check_answer, folder)))
    known = {_MANIFEST, answer.FILE_NAME, *folder.names}
    findings += [
        CheckFinding(name, Verdict.NOT_COVERED, "the manifest does not name it")
        for name in sorted(folder.files())
        if name not in known
    ]
    return findings


def holds(findings: list[CheckFinding]) -> bool:
    """Whether no check is broken; files that the manifest does not name break nothing."""
    return all(finding.verdict is not Verdict.BROKEN for finding in findings)
