"""Builds whole evidence bundles in a folder, with the service's own builder."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from payesh.contracts.plates import SecondOpinion
from payesh.contracts.values import Certificate, ObjectReference
from payesh.kit.errors import ObjectTampered
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.adapters.violations import offence_of
from payesh.tickets.domain.assessment import price_of
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.evidence.bundling import BundleRules, build_bundle
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.handlers.joining import Priced, join
from tests.support.average_speed_builder import average_speed_case
from tests.support.evidence_keys import KEYS
from tests.support.revision_builder import revision
from tests.support.violation_builder import CERTIFICATE, chained, plate_read, violation

LAW = read_law(None)


@dataclass(frozen=True)
class FolderStore:
    """The two calls of the store that a bundle needs, over `root`/bucket/key."""

    root: Path

    async def put(
        self, bucket: str, key: str, data: bytes, *, media_type: str, **_: Any
    ) -> ObjectReference:
        path = self.root / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return ObjectReference(
            bucket=bucket,
            key=key,
            version_id="1",
            sha256=sha256(data).hexdigest(),
            size_bytes=len(data),
            media_type=media_type,
        )

    async def get(self, reference: ObjectReference) -> bytes:
        body = (self.root / reference.bucket / reference.key).read_bytes()
        if sha256(body).hexdigest() != reference.sha256:
            raise ObjectTampered(reference)
        return body


async def bundle(
    root: Path,
    *,
    certificate: Certificate = CERTIFICATE,
    still: str | None = None,
    keeps_law: bool = True,
    second: SecondOpinion | None = None,
    **changes: Any,
) -> Path:
    """The folder of one bundle: four links, the clip of them, two shots. Media are plain bytes,
    which the builder never opens. `still` is the media type of a bundle of stills. Without
    `keeps_law` the job is one of an older version."""
    store = FolderStore(root)
    body = revision(certificate=certificate).model_dump_json().encode()
    revision_kept = await store.put(
        "revisions", "camera-1/1.json", body, media_type="application/json"
    )
    suffix, kind = ("still", still) if still else ("m4s", "video/iso.segment")
    init = await store.put("segments", "camera-1/init.mp4", b"init" * 9, media_type="video/mp4")
    media = [
        await store.put("segments", f"camera-1/{n}.{suffix}", b"%d" % n * 99, media_type=kind)
        for n in range(4)
    ]
    shots = [
        await store.put("shots", f"camera-1/{n}.jpg", b"shot %d" % n, media_type="image/jpeg")
        for n in range(2)
    ]
    links = chained(uuid4(), None if still else init, media, revision_sha256=revision_kept.sha256)
    seen = violation(
        **{
            "segments": links,
            "shots": shots,
            "revision": revision_kept,
            "certificate": certificate,
            **changes,
        }
    )
    # Priced without doubts, so that a bundle is built which the service would have rejected.
    offence = offence_of(seen)
    price = price_of(offence, LAW)
    assert price is not None
    case = join(
        seen, plate_read(seen, second=second), Priced(offence, LAW, price), minimum_confidence=0.8
    )
    assert not isinstance(case, Rejection), case
    if not keeps_law:
        case = replace(case, law_basis=None)
    rules = BundleRules(
        retention=timedelta(days=1), maximum_clip_bytes=1 << 20, software_version="test 1"
    )
    built = await build_bundle(case, store, rules, KEYS)  # type: ignore[arg-type]
    assert isinstance(built, EvidenceRecord)
    return root / "evidence" / str(case.citation_id)


async def average_speed_bundle(root: Path, **changes: Any) -> Path:
    """The folder of a bundle of an average speed: both cameras' clips, two shots of each."""
    store = FolderStore(root)
    case = await average_speed_case(store, **changes)
    offence = offence_of(case.violation)
    price = price_of(offence, LAW)
    assert price is not None
    entry_read, read = case.reads
    joined = join(
        case.violation,
        read,
        Priced(offence, LAW, price),
        minimum_confidence=0.8,
        entry_read=entry_read,
    )
    assert not isinstance(joined, Rejection), joined
    rules = BundleRules(
        retention=timedelta(days=1), maximum_clip_bytes=1 << 20, software_version="test 1"
    )
    built = await build_bundle(joined, store, rules, KEYS)  # type: ignore[arg-type]
    assert isinstance(built, EvidenceRecord)
    return root / "evidence" / str(joined.citation_id)
