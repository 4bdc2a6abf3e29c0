"""Do all documents speak of one violation, one passage, one camera and its revision?"""

from hashlib import sha256

from payesh.tickets.adapters.violations import citation_id_of
from payesh.tickets.evidence.checks.finding import require_same
from payesh.tickets.evidence.checks.folder import BundleFolder


def check_ids(folder: BundleFolder) -> str:
    manifest, violation, read = folder.manifest, folder.violation, folder.read
    require_same("violation_id", violation.violation_id, manifest.violation_id)
    require_same("passage_id", violation.passage_id, manifest.passage_id)
    require_same("the read's passage_id", read.passage_id, manifest.passage_id)
    require_same("the read's camera_id", read.camera_id, violation.camera_id)
    require_same("citation_id", manifest.citation_id, citation_id_of(violation.violation_id))
    require_same("models of detect", violation.provenance, manifest.models.detect)
    require_same("models of plates", read.provenance, manifest.models.plates)
    return f"citation {manifest.citation_id} of violation {manifest.violation_id}"


def check_revision(folder: BundleFolder) -> str:
    manifest, violation, revision = folder.manifest, folder.violation, folder.revision
    digest = sha256(folder.body("revision.json")).hexdigest()
    require_same("revision", manifest.revision, violation.revision)
    require_same("SHA-256", digest, violation.revision.sha256)
    require_same("number", revision.revision, violation.revision.revision)
    for field in ("camera_id", "county", "road_class", "place_class"):
        require_same(field, getattr(revision, field), getattr(violation, field))
    return f"{revision.camera_id}, revision {revision.revision}, the one the violation names"
