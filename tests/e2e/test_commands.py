"""`payesh-local` on a running stack, as the README has it. CI runs the demo itself."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from payesh.local import state
from tests.integration.plates.vehicle_picture import HEIGHT_PX, WIDTH_PX, car, jpeg
from tests.support.running_stack import RunningStack

BIN = Path(sys.executable).parent
PLATE_BOX = [250 / WIDTH_PX, 230.5 / HEIGHT_PX, 100 / WIDTH_PX, 21 / HEIGHT_PX]
"""Of a drawn picture's plate: centre, width and height as fractions of it."""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An environment in which commands find no running stack of this user."""
    monkeypatch.setenv("PAYESH_LOCAL_STATE", str(tmp_path / "stack.json"))
    yield dict(os.environ)
    state.withdraw()


async def command(environment: dict[str, str], name: str, *arguments: str) -> tuple[int, str]:
    """Its exit code and standard output."""
    process = await asyncio.create_subprocess_exec(
        str(BIN / name), *arguments, env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_commands_find_the_running_stack(
    running: RunningStack, environment: dict[str, str]
) -> None:
    state.publish(running.stack.urls())
    (code, urls), (ready, table) = await asyncio.gather(
        command(environment, "payesh-local", "urls"), command(environment, "payesh-local", "status")
    )
    assert (code, json.loads(urls)["services"]) == (0, running.stack.urls()["services"])
    assert ready == 0, table


async def test_photographs_are_replayed_and_scored(
    running: RunningStack, environment: dict[str, str], tmp_path: Path
) -> None:
    texts = ["12ب34567", "98ی76543"]
    lines = []
    for number, text in enumerate(texts):
        name = f"{number}.jpg"
        (tmp_path / name).write_bytes(jpeg(car(text)))
        plates = [{"box_xywh_norm": PLATE_BOX, "text": text}]
        lines.append(json.dumps({"file": name, "scene": "drawn", "plates": plates}))
    listing = tmp_path / "photos.jsonl"
    listing.write_text("\n".join(lines), "utf-8")
    state.publish(running.stack.urls())
    code, output = await command(environment, "payesh-local", "replay", "--photos", str(listing))
    scene = json.loads(output)["photos"]["drawn"]
    assert code == 0
    assert (scene["photos"], scene["plates"], scene["photos_refused"]) == (2, 2, 0)
    assert (scene["found"], scene["read_exactly"]) == (2, 2)
