"""docs/guides/add-an-event.md, followed in a scratch copy."""

from pathlib import Path

import pytest

from payesh.contracts.schemas import CONTRACTS
from tests.support.scratch import Scratch


@pytest.mark.slow
def test_an_event_is_added_as_the_guide_describes(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    assert scratch.follow("add-an-event.md") == 13
    scratch.run(".venv/bin/python -c 'from payesh.contracts import CameraRetired'")
    users = (tmp_path / "deploy/k8s/components/strimzi/users.yaml").read_text("utf-8")
    assert "ingest.camera.retired.v1" in users
    assert not (CONTRACTS / "events/ingest.camera.retired.v1.schema.json").exists()
