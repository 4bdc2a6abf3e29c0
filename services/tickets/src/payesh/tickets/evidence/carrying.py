"""Whether a bundle's content carries its citation, before it is signed and a person is shown it."""

from collections.abc import Mapping
from hashlib import sha256

from payesh.tickets.errors import EvidenceBroken
from payesh.verify.bundle import Bundle
from payesh.verify.documents import json_object
from payesh.verify.report import uncarried


def require_carrying(manifest: bytes, documents: Mapping[str, bytes]) -> None:
    """Hold a manifest and its documents, by their names in the bundle, to what `payesh-verify`
    holds them to: what it would refuse in court is signed for nobody. The clip was cut and hashed
    as the bundle was built.

    Raises EvidenceBroken with the subjects that do not hold and nothing of their content.
    """
    found = uncarried(Bundle(json_object(manifest), sha256(manifest).hexdigest(), documents))
    if found:
        raise EvidenceBroken(f"it does not carry the citation: {', '.join(found)}", retry=False)
