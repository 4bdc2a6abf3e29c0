"""The audit log at a size that has several published runs of leaf hashes: nothing goes unnamed."""

import pytest

from tests.load.audit_log import TAMPERING, measure_audit_log


@pytest.mark.slow
async def test_each_kind_of_tampering_with_twenty_thousand_records_is_named_at_its_place() -> None:
    """What `python -m tests.load.audit_log` does with a million."""
    found = await measure_audit_log(20_000, proofs=100)
    verification = found["verification"]
    assert found["head_files"] >= 2
    assert found["proofs_by_the_handler"].keys() == found["proofs_over_http"].keys()
    assert verification["named"] == dict.fromkeys(TAMPERING, verification["tampered_each"])
