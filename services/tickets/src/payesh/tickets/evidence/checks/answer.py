"""Is `citation.json`, the service's own answer beside the bundle, about this manifest?"""

import json

from payesh.tickets.evidence.checks.finding import Fault, require_same
from payesh.tickets.evidence.checks.folder import BundleFolder

FILE_NAME = "citation.json"


def check_answer(folder: BundleFolder) -> str:
    manifest = folder.manifest
    try:
        answer = json.loads((folder.path / FILE_NAME).read_bytes())
        evidence = answer["evidence"]
        measurement = manifest.measurement.model_dump(mode="json")
        require_same("citation_id", answer["citation_id"], str(manifest.citation_id))
        require_same("manifest_sha256", evidence["manifest_sha256"], folder.manifest_sha256)
        require_same("clip_sha256", evidence["clip_sha256"], manifest.clip.object.sha256)
        require_same("plate", answer["plate"]["text"], manifest.plate and manifest.plate.text)
        require_same("law", answer["law"], manifest.law.model_dump(mode="json"))
        require_same("measurement", answer["measurement"], measurement)
    except (
        KeyError, TypeError, RecursionError, json.JSONDecodeError, UnicodeDecodeError,
    ) as error:  # fmt: skip
        raise Fault("malformed") from error
    return f"it names this manifest; its state is {answer.get('state')}"
