"""docs/guides/add-a-resource.md, followed in a scratch copy."""

from pathlib import Path

import pytest

from tests.support.scratch import ROOT, Scratch


@pytest.mark.slow
def test_a_resource_is_added_as_the_guide_describes(tmp_path: Path) -> None:
    versions = sorted((ROOT / "services/access/migrations/versions").glob("[0-9]*.py"))
    newest = versions[-1].name[:4]
    scratch = Scratch(tmp_path)
    replaced = {'"0002"': f'"{newest}"', '"0003"': f'"{int(newest) + 1:04}"'}
    assert scratch.follow("add-a-resource.md", replaced) == 10
    document = (tmp_path / "contracts/openapi/access.json").read_text("utf-8")
    assert "/v1/desks" in document
