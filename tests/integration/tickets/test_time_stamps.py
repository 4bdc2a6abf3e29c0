"""An authority says when it saw each decision; without its answer everything goes on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from payesh.kit.errors import DependencyFault, SettingsError
from payesh.local.engines import EngineSet
from payesh.tickets.adapters.time_stamp_authority import TimeStampAuthority
from payesh.tickets.handlers.time_stamping import stamp_decisions, stamping_of
from payesh.tickets.main import create
from payesh.verify.findings import Verdict
from payesh.verify.report import Report, verify
from tests.integration.tickets.conftest import Office
from tests.integration.tickets.test_desk_promises import ISSUE
from tests.integration.tickets.test_evidence_export import faults
from tests.support.engine_settings import store_of
from tests.support.evidence_keys import KEYS, trust
from tests.support.serving import served
from tests.support.time_stamp_authority import Authority, needs_openssl
from tests.support.waiting import eventually

pytestmark = needs_openssl


@pytest.fixture(scope="module")
async def authority(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Authority]:
    made = Authority.made(tmp_path_factory.mktemp("authority") / "own")
    async with served(made.app()) as url:
        made.url = f"{url}/tsa"
        yield made


@pytest.fixture(scope="module")
async def stamped(office: Office, authority: Authority) -> AsyncIterator[Office]:
    """A replica that has decisions time-stamped."""
    changes = {"time_stamp_url": authority.url, "time_stamp_roots": authority.roots_file}
    settings = office.settings.model_copy(update=changes)
    app = create(settings)
    async with served(app) as url:
        yield Office(url, settings, app, office.database, office.producer, office.recorded)


async def issued(office: Office, http: httpx.AsyncClient) -> str:
    path = f"/v1/citations/{await office.draft()}"
    assert (await http.post(f"{path}/claim")).is_success
    answer = await http.post(f"{path}/decide", json=ISSUE)
    assert answer.is_success, answer.text
    return path


async def archive(http: httpx.AsyncClient, path: str, folder: Path, authority: Authority) -> Report:
    found = folder / "evidence.zip"
    found.write_bytes((await http.get(f"{path}/evidence.zip")).raise_for_status().content)
    return verify(found, trust(authorities=authority.roots))


def stamps(report: Report) -> list[Verdict]:
    return [each.verdict for each in report.findings if each.subject.startswith("stamps/")]


async def test_a_decision_is_stamped_afterwards_also_when_the_authority_was_away(
    stamped: Office, authority: Authority, tmp_path: Path
) -> None:
    authority.fault = 503
    async with stamped.client() as http:
        path = await issued(stamped, http)
        report = await archive(http, path, tmp_path, authority)
        assert report.holds, faults(report)
        assert stamps(report) == [], "nobody waits for the authority"
        authority.fault = None

        async def is_stamped() -> bool:
            return stamps(await archive(http, path, tmp_path, authority)) == [Verdict.HOLDS]

        await eventually(is_stamped)
        report = await archive(http, path, tmp_path, authority)
        assert report.holds, faults(report)
        ready = (await http.get("/readyz")).json()
        assert "authority" not in str(ready)


async def test_what_is_no_answer_to_the_question_is_not_kept(
    authority: Authority, tmp_path: Path
) -> None:
    client = TimeStampAuthority.of(authority.url, authority.roots_file)
    assert client is not None
    text = "a statement"
    of_another = await client.stamp("another statement")
    other = Authority.made(tmp_path / "other")
    not_trusted = TimeStampAuthority.of(authority.url, other.roots_file)
    assert not_trusted is not None
    with pytest.raises(DependencyFault, match="signature does not hold"):
        await not_trusted.stamp(text)
    for answer, reason in (
        (of_another, "another request"),
        (b"no answer", "cannot be read"),
        (b"\x30\x05\x30\x03\x02\x01\x02", "cannot be read|another request"),
        (b"x" * 30_000, "too long"),
    ):
        authority.answer = answer
        with pytest.raises(DependencyFault, match=reason):
            await client.stamp(text)
    authority.answer = None
    assert await client.stamp(text)


async def test_without_an_authority_nothing_is_asked(
    office: Office, engines: EngineSet, authority: Authority, tmp_path: Path
) -> None:
    store = store_of(engines)
    assert stamping_of(office.settings, office.database, store, KEYS) is None
    changes: dict[str, Any] = {"time_stamp_url": authority.url, "time_stamp_roots": None}
    with pytest.raises(SettingsError, match="PAYESH_TIME_STAMP_ROOTS"):
        stamping_of(office.settings.model_copy(update=changes), office.database, store, KEYS)
    no_pem = tmp_path / "roots.pem"
    no_pem.write_text("no certificate", "ascii")
    changes["time_stamp_roots"] = no_pem
    with pytest.raises(SettingsError, match="PEM"):
        stamping_of(office.settings.model_copy(update=changes), office.database, store, KEYS)
    changes["time_stamp_roots"] = authority.roots_file
    settings = office.settings.model_copy(update=changes)
    assert stamping_of(settings, office.database, store, None) is None, "nothing is signed"
    stamping = stamping_of(settings, office.database, store, KEYS)
    assert stamping is not None
    async with office.client() as http:
        path = await issued(office, http)
        authority.fault = 503
        with pytest.raises(DependencyFault, match="status 503"):
            await stamp_decisions(stamping)
        authority.fault = None
        before = authority.asked
        await stamp_decisions(stamping)  # those of other tests too
        assert authority.asked > before
        assert stamps(await archive(http, path, tmp_path, authority)) == [Verdict.HOLDS]
