"""Administration on the command line, and what no administrator can do to lose the way back."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from payesh.access.main import cli

from .conftest import RunningAccess


@pytest.fixture
def name() -> str:
    return f"unit-{uuid4().hex[:8]}"


class Commands:
    """The commands, run with a token as an administrator has it."""

    def __init__(self, access: RunningAccess, capsys: pytest.CaptureFixture[str]) -> None:
        self._access, self._capsys = access, capsys

    async def __call__(self, noun: str, *arguments: str) -> list[dict[str, Any]]:
        """What it printed, a JSON object a line. Raises SystemExit with what it says."""
        self._capsys.readouterr()
        await asyncio.to_thread(cli, [noun, "--access", self._access.url, *arguments])
        # The service logs to the same stream here.
        lines = self._capsys.readouterr().out.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture
def command(
    access: RunningAccess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    token = access.admin["Authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("PAYESH_TOKEN", token)
    return Commands(access, capsys)


async def test_an_agency_with_an_officer_and_a_client_is_set_up_by_commands(
    command: Commands, name: str, tmp_path: Path, access: RunningAccess
) -> None:
    (agency,) = await command("agency", "add", name, "پلیس راه سمنان")
    assert (agency["agency_id"], agency["enabled"]) == (name, True)
    assert name in [each["agency_id"] for each in await command("agency", "list")]
    rights = ("--scope", "citations:read", "--county", "semnan")
    (officer,) = await command("person", "add", f"{name}.sara", "سارا", name, *rights)
    assert officer["counties"] == ["semnan"]
    assert len(officer["password"]) >= 24
    (shown,) = await command("person", "show", f"{name}.sara")
    assert (shown["person_id"], "password" in shown) == (officer["person_id"], False)
    (disabled,) = await command("person", "disable", f"{name}.sara")
    assert disabled["enabled"] is False
    (again,) = await command("person", "password", f"{name}.sara")
    assert again["password"] != officer["password"]
    secret = tmp_path / "robot.secret"
    into = ("--secret-file", str(secret))
    (client,) = await command("client", "add", f"{name}-robot", "robot", name, *rights, *into)
    assert "client_secret" not in client
    assert secret.stat().st_mode & 0o777 == 0o600
    first = secret.read_text("ascii").strip()
    assert (await access.token(f"{name}-robot", first)).is_success
    with pytest.raises(SystemExit, match="File exists"):
        await command("client", "secret", f"{name}-robot", *into)
    other = tmp_path / "renewed.secret"
    await command("client", "secret", f"{name}-robot", "--secret-file", str(other))
    assert not (await access.token(f"{name}-robot", first)).is_success
    (off,) = await command("client", "disable", f"{name}-robot")
    assert off["enabled"] is False
    (closed,) = await command("agency", "disable", name)
    assert closed["enabled"] is False
    assert (await command("key", "list"))[0]["key_id"]


async def test_a_refusal_is_one_line_with_its_reason(command: Commands, name: str) -> None:
    with pytest.raises(SystemExit, match=r"^payesh-access: no person nobody-here"):
        await command("person", "show", "nobody-here")
    with pytest.raises(SystemExit, match=r"^payesh-access: unknown-agency: no agency"):
        await command("person", "add", f"{name}.sara", "سارا", "no-such-agency")
    await command("agency", "add", name, "unit")
    with pytest.raises(SystemExit, match="unknown-county: no such county: semnann"):
        await command("person", "add", f"{name}.sara", "سارا", name, "--county", "semnann")
    with pytest.raises(SystemExit, match="agency-exists"):
        await command("agency", "add", name, "unit")


async def test_nobody_disables_their_own_agency(command: Commands, access: RunningAccess) -> None:
    own = (await access.get("/v1/people")).json()["items"]
    mine = next(each for each in own if each["username"] == "sara.mohammadi")
    with pytest.raises(SystemExit, match="own-agency: your own agency is for another"):
        await command("agency", "disable", mine["agency"])


async def test_of_two_agencies_that_disable_each_other_one_stays(
    access: RunningAccess, name: str
) -> None:
    agencies = [f"{name}-{letter}" for letter in "ab"]
    tokens = []
    for each in agencies:
        await access.post("/v1/agencies", {"agency_id": each, "name": each})
        scopes = ["agencies:write", "agencies:read"]
        made = (await access.new_client(agency=each, scopes=scopes, counties="*")).json()
        answer = await access.token(made["client"]["client_id"], made["client_secret"])
        tokens.append({"Authorization": f"Bearer {answer.json()['access_token']}"})

    async def disable(number: int) -> httpx.Response:
        other = agencies[1 - number]
        return await access.patch(f"/v1/agencies/{other}", {"enabled": False}, tokens[number])

    answers = await asyncio.gather(disable(0), disable(1))
    assert sorted(each.status_code for each in answers)[0] == 200
    listed = (await access.get("/v1/agencies?limit=200")).json()["items"]
    enabled = [each["enabled"] for each in listed if each["agency_id"] in agencies]
    assert sorted(enabled) == [False, True]


async def test_the_secret_of_a_declared_client_is_not_renewed_over_the_api(
    access: RunningAccess,
) -> None:
    listed = (await access.get("/v1/clients?limit=200")).json()["items"]
    declared = next(each["client_id"] for each in listed if each["declared"])
    refused = await access.post(f"/v1/clients/{declared}/secret", None)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:payesh:problem:declared-client",
    )


async def test_a_county_that_was_held_stays_and_an_unknown_one_is_not_added(
    access: RunningAccess,
) -> None:
    person = (await access.new_person(scopes=["citations:read"], counties=["semnan"])).json()
    path = f"/v1/people/{person['person_id']}"
    refused = await access.patch(path, {"counties": ["semnan", "atlantis"]})
    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:payesh:problem:unknown-county",
    )
    assert (await access.patch(path, {"counties": ["semnan", "shahrud"]})).is_success


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("بررسی پرونده".encode(), 200),
        (b"%D8%A8%D8%B1%D8%B1%D8%B3%DB%8C", 200),
        (b"\xe8\xf1\xff", 422),
        (b"%FF%FE", 422),
    ],
)
async def test_a_purpose_is_utf_8_written_either_way_or_refused(
    access: RunningAccess, header: bytes, status: int
) -> None:
    async with access.http(headers=access.admin) as http:
        answer = await http.get("/v1/people", headers={b"Payesh-Purpose": header})
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["type"] == "urn:payesh:problem:purpose"
