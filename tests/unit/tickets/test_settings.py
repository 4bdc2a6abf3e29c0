"""Settings of tickets that contradict each other stop the start."""

from typing import Any

import pytest
from pydantic import SecretStr

from payesh.kit.errors import SettingsError
from payesh.tickets.adapters.evidence_keys import EvidenceKeys
from payesh.tickets.settings import Settings


def settings(**changes: Any) -> Settings:
    required: dict[str, Any] = {
        "http_port": 0,
        "metrics_port": 0,
        "kafka_bootstrap": "localhost:0",
        "database_url": SecretStr("postgresql+asyncpg://unused@localhost/none"),
        "s3_endpoint": "localhost:0",
        "s3_access_key": "unused",
        "s3_secret_key": SecretStr("none"),
        "token_issuer": "http://localhost",
        "jwks_url": "http://localhost",
        "query_digest_key": SecretStr("0" * 32),
        "pages_client_id": "unused",
        "pages_client_secret": SecretStr("none"),
        "access_url": "http://localhost",
    }
    return Settings(**{**required, **changes})


@pytest.mark.parametrize(
    "days", [{"issued_retention_days": 179}, {"draft_retention_days": 731}], ids=str
)
def test_evidence_of_an_issued_citation_is_never_to_be_kept_shorter_than_a_drafts(
    days: dict[str, int],
) -> None:
    with pytest.raises(SettingsError, match="PAYESH_ISSUED_RETENTION_DAYS"):
        settings(**days)
    assert settings(issued_retention_days=180).issued_retention_days == 180


def test_a_read_is_kept_until_an_operator_could_resend_a_dead_letter() -> None:
    assert settings().read_keep_minutes >= 4 * 60


@pytest.mark.parametrize("keys", ["{}", "[1]", '[{"key": {}, "certificate": "x"}]', "not JSON"])
def test_evidence_keys_that_cannot_sign_stop_the_start_and_are_not_shown(keys: str) -> None:
    with pytest.raises(SettingsError, match="PAYESH_EVIDENCE_KEYS") as raised:
        EvidenceKeys.of(SecretStr(keys))
    assert keys not in str(raised.value)


def test_without_evidence_keys_nothing_is_signed() -> None:
    assert EvidenceKeys.of(None) is EvidenceKeys.of(SecretStr("[]")) is None


COUNTERPARTS = {
    "owner_register_url": "https://register.test",
    "owner_register_secret": SecretStr("s" * 32),
    "messages_url": "https://messages.test",
    "messages_secret": SecretStr("s" * 32),
}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"owner_key": SecretStr("short")}, "fewer than 32"),
        ({"owner_url": None}, "ends in /owner"),
        ({"owner_url": "https://owner.test/page"}, "ends in /owner"),
        ({"owner_url": "http://owner.test/owner"}, "https://"),
        ({"messages_url": None}, "PAYESH_MESSAGES_URL"),
    ],
    ids=str,
)
def test_an_owners_page_that_could_not_work_stops_the_start(
    changes: dict[str, object], fault: str
) -> None:
    whole = {
        "owner_key": SecretStr("k" * 32),
        "owner_url": "https://owner.test/owner",
        **COUNTERPARTS,
    }
    assert settings(**whole).owner_key is not None
    with pytest.raises(SettingsError, match=fault):
        settings(**{**whole, **changes})
