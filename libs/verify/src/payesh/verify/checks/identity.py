"""Do all documents speak of one violation, one passage, one camera and its revision?"""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID, uuid5

from payesh.verify.bundle import Bundle
from payesh.verify.findings import Said, require_same

_NAMESPACE = UUID("6a0d6f0e-8f0b-5f0e-9d3c-9a2c1f1f7b11")


def check_ids(bundle: Bundle) -> Said:
    manifest, violation, read = bundle.manifest, bundle.violation, bundle.read
    require_same("violation_id", violation["violation_id"], manifest["violation_id"])
    require_same("passage_id", violation["passage_id"], manifest["passage_id"])
    require_same("the read's passage_id", read["passage_id"], manifest["passage_id"])
    require_same("the read's camera_id", read["camera_id"], violation["camera_id"])
    expected = str(uuid5(_NAMESPACE, f"tickets.citation|{violation['violation_id']}"))
    require_same("citation_id", manifest["citation_id"], expected)
    models = manifest["models"]
    require_same("models of detect", violation["provenance"], models["detect"])
    require_same("models of plates", read["provenance"], models["plates"])
    require_same("track", violation.get("track"), manifest.get("track"))
    citation, seen = manifest["citation_id"], manifest["violation_id"]
    return Said(f"citation {citation} of violation {seen}", f"پروندهٔ {citation} از تخلف {seen}")


def check_revision(
    bundle: Bundle, same: Sequence[str] = ("camera_id", "county", "road_class", "place_class")
) -> Said:
    manifest, violation, revision = bundle.manifest, bundle.violation, bundle.revision
    digest = sha256(bundle.bodies["revision.json"]).hexdigest()
    require_same("revision", manifest["revision"], violation["revision"])
    require_same("SHA-256", digest, violation["revision"]["sha256"])
    require_same("number", revision["revision"], violation["revision"]["revision"])
    for field in same:
        require_same(field, revision[field], violation[field])
    camera, number = revision["camera_id"], revision["revision"]
    return Said(
        f"{camera}, revision {number}, the one the violation names",
        f"دوربین {camera}، ویرایش {number}، همان که تخلف نام برده است",
    )
