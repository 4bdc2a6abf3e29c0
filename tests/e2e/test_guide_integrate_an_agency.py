"""docs/guides/integrate-an-agency.md, followed with its own commands against a running stack."""

import asyncio
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from standardwebhooks.webhooks import Webhook

from tests.support.running_stack import RunningStack
from tests.support.serving import served
from tests.support.waiting import eventually

GUIDE = Path(__file__).parents[2] / "docs/guides" / "integrate-an-agency.md"
RECEIVER = "https://api.example.ir/payesh"


async def answer_of(command: str, variables: Mapping[str, str]) -> Any:
    """What a command of the guide prints, as JSON."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euc", command, env=variables, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await shell.communicate()
    assert shell.returncode == 0, command
    return json.loads(printed)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_an_agency_reads_and_is_told(running: RunningStack) -> None:
    token, read, _, subscribe = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    received: list[tuple[bytes, dict[str, str]]] = []
    receiver = FastAPI()

    @receiver.post("/payesh")
    async def receive(request: Request) -> None:
        received.append((await request.body(), dict(request.headers)))

    urls = running.stack.urls()
    variables = {
        "PATH": "/usr/bin:/bin",
        "ACCESS": urls["services"]["access"],
        "TICKETS": urls["services"]["tickets"],
        "CLIENT_ID": urls["operator"]["client_id"],
        "CLIENT_SECRET": Path(urls["operator"]["secret_file"]).read_text("utf-8").strip(),
    }
    variables["TOKEN"] = (await answer_of(token, variables))["access_token"]
    assert "items" in await answer_of(read, variables)
    async with served(receiver) as url:
        made = await answer_of(subscribe.replace(RECEIVER, f"{url}/payesh"), variables)
        path = f"/v1/webhooks/{made['endpoint_id']}"
        await running.operator.request("POST", "tickets", f"{path}/test")
        await eventually(lambda: bool(received))
        await running.operator.request("DELETE", "tickets", path)
    body, headers = received[0]
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "webhook.test"
