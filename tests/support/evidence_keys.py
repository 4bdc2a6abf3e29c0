"""An installation's root and evidence keys, and bundles signed and decided with them."""

import json
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc.jwk import OKPKey
from pydantic import SecretStr

from payesh.tickets.adapters.evidence_keys import EvidenceKeys, make_key, make_root, public_jwk
from payesh.tickets.domain.readings import Correction
from payesh.tickets.domain.standing import Standing
from payesh.tickets.evidence.statement import of_decision, of_manifest
from payesh.verify.decisions import file_name
from payesh.verify.statements import Key, Trust

ISSUER = "https://payesh.test"
DAY_S = 24 * 3600
ROOT = make_root()
ROOT_JWK = public_jwk(ROOT)


def evidence_keys_setting(
    root: OKPKey = ROOT, *, issuer: str = ISSUER, from_days: float = -1, to_days: float = 400
) -> SecretStr:
    """PAYESH_EVIDENCE_KEYS with one new key, valid between these days from now."""
    now = int(time.time())
    made = make_key(
        root,
        issuer=issuer,
        not_before=now + int(from_days * DAY_S),
        expires=now + int(to_days * DAY_S),
    )
    return SecretStr(json.dumps([made]))


SETTING = evidence_keys_setting()
KEYS = EvidenceKeys.read(SETTING)


def trust(root: OKPKey = ROOT, **changes: Any) -> Trust:
    """What an auditor trusts who was given the root's public half."""
    return Trust(Key.of(public_jwk(root)), time.time(), **changes)


def write_root(folder: Path) -> Path:
    """The public root key as a file."""
    path = folder / "root.json"
    path.write_text(json.dumps(ROOT_JWK), "utf-8")
    return path


def sign_manifest(folder: Path, keys: EvidenceKeys = KEYS) -> None:
    """Sign the manifest as it lies there now, as the service did when it built it."""
    body = (folder / "manifest.json").read_bytes()
    manifest = json.loads(body)
    statement = of_manifest(UUID(manifest["citation_id"]), UUID(manifest["violation_id"]), body)
    (folder / "manifest.jws").write_text(keys.sign(statement), "ascii")


def decide(
    folder: Path,
    *,
    state: str = "issued",
    plate: str | None = "12ب34567",
    number: str | None = "1405-12",
    reason: str | None = None,
    officer: str = "person:sara",
    correction: Correction | None = None,
    keys: EvidenceKeys = KEYS,
    **changes: Any,
) -> Path:
    """Add the next decision to a bundle in a folder; the file of its statement."""
    sequence = 1
    while (folder / file_name(sequence)).exists():
        sequence += 1
    before = folder / (file_name(sequence - 1) if sequence > 1 else "manifest.jws")
    manifest = (folder / "manifest.json").read_bytes()
    facts: dict[str, Any] = {
        "manifest_sha256": sha256(manifest).hexdigest(),
        "previous_sha256": sha256(before.read_bytes()).hexdigest(),
        "sequence": sequence,
        "officer": officer,
        "decided_at": datetime.now(UTC),
    }
    statement = of_decision(
        UUID(json.loads(manifest)["citation_id"]),
        Standing(state, plate, number=number, reason=reason, correction=correction),
        **{**facts, **changes},
    )
    path = folder / file_name(sequence)
    path.parent.mkdir(exist_ok=True)
    path.write_text(keys.sign(statement), "ascii")
    return path
