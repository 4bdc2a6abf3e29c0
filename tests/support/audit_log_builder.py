"""An audit log as files: an export, and the tree heads that were published while it grew."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from cryptography.fernet import Fernet

from payesh.access.adapters.key_ring import KeyRing, SealedKey
from payesh.access.adapters.tree_head_statements import endorse, sign
from payesh.access.domain.merkle import Frontier, leaf_hash
from payesh.access.domain.tree_head import ServiceHead, TreeHead
from payesh.contracts import AUDIT_RECORDS

SERVICES = ("plates", "tickets", "detect")
BEGAN = datetime(2026, 11, 20, tzinfo=UTC)
EPOCHS = {name: uuid5(UUID(int=0), name).hex for name in SERVICES}
_NAMESPACE = UUID("5b1e0f5e-0a4f-4d6e-8b8e-0c6f4d1f5a10")


def body(service: str, sequence: int, *, epoch: str | None = None, **changed: Any) -> bytes:
    """A record as its service published it; the same arguments give the same bytes."""
    epoch = epoch or EPOCHS[service]
    values = {
        "record_id": uuid5(_NAMESPACE, f"{service}|{epoch}|{sequence}"),
        "service": service,
        "epoch": epoch,
        "sequence": sequence,
        "recorded_at": BEGAN + timedelta(seconds=sequence),
        "subject": f"person:{sequence % 17}",
        "actor": "pages",
        "agency": "police",
        "scope": "reads:read",
        "purpose": f"case {sequence}",
        "grant_id": None,
        "action": "search",
        "resource_kind": "plate-read",
        "resource_ids": (f"read-{sequence}",),
        "outcome": "granted",
        "trace_id": None,
        **changed,
    }
    return AUDIT_RECORDS[service].model_validate(values, strict=False).to_json()


def bodies(count: int) -> list[bytes]:
    """Records of three services by turns."""
    return [body(SERVICES[n % 3], n // 3 + 1) for n in range(count)]


@dataclass
class PublishedLog:
    """Signs heads of a growing log and keeps what a bucket would."""

    ring: KeyRing = field(default_factory=lambda: KeyRing(Fernet.generate_key().decode()))
    key: SealedKey | None = None
    endorsement: str | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)
    frontier: Frontier = field(default_factory=Frontier)
    services: dict[str, ServiceHead] = field(default_factory=dict)
    published: int = 0

    def grow(self, records: Sequence[bytes], *, leaf_hashes: bool = True) -> None:
        """Append the records, sign a head and publish it, with the hashes of the new leaves."""
        hashes = [leaf_hash(each) for each in records]
        for each, hashed in zip(records, hashes, strict=True):
            self.frontier.append(hashed)
            record = json.loads(each)
            service, epoch = record["service"], record["epoch"] or ""
            before = self.services.get(service, ServiceHead(epoch, 0, 0, 0))
            same = before.epoch == epoch
            self.services[service] = ServiceHead(
                epoch,
                max(before.sequence if same else 0, record["sequence"]),
                before.records + 1 if same else 1,
                before.records_of_all_epochs + 1,
            )
        if leaf_hashes:
            joined = base64.b64encode(b"".join(hashes)).decode()
            self.lines.append({"first": self.published, "leaf_hashes": joined})
        self.published = self.frontier.size
        self.lines.append({"tree_head": self.statement()})

    def statement(self) -> str:
        """The signed head of the log as it is."""
        self.key = self.key or self.ring.make()
        head = TreeHead(
            "https://access.test",
            self.frontier.size,
            self.frontier.root,
            BEGAN + timedelta(seconds=self.frontier.size),
            dict(self.services),
        )
        return sign(self.ring, self.key, head, endorsement=self.endorsement)

    def rotate(self) -> str:
        """Sign with a new key from now on, which the present one endorses; the new key's id."""
        assert self.key is not None
        following = self.ring.make()
        self.endorsement = endorse(
            self.ring,
            self.key,
            following.key_id,
            log="https://access.test",
            tree_size=self.frontier.size,
            now=BEGAN + timedelta(seconds=self.frontier.size),
        )
        self.key = following
        return following.key_id

    def write(self, path: Path) -> Path:
        path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        return path


def published_log(
    records: Sequence[bytes], *, every: int, leaf_hashes: bool = True
) -> PublishedLog:
    """A log of these records with a head after each `every` of them."""
    log = PublishedLog()
    for start in range(0, len(records), every):
        log.grow(records[start : start + every], leaf_hashes=leaf_hashes)
    return log


def write_export(
    path: Path, records: Sequence[bytes], statement: str | None, *, agency: str | None = None
) -> Path:
    """An export of these records, numbered as they stand."""
    head = {"audit_export": 1, "tree_head": statement, "agency": agency}
    with path.open("w") as file:
        file.write(json.dumps(head) + "\n")
        for position, each in enumerate(records):
            file.write(json.dumps({"position": position, "leaf": each.decode()}) + "\n")
    return path
