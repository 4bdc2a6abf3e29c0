"""`payesh-local`: the whole of Payesh on one machine."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import psutil
import typer
from rich.console import Console
from rich.table import Table

from payesh.local import state
from payesh.local.demo import CAMERA_ID, run_demo
from payesh.local.engines import KafkaBroker, MinioServer
from payesh.local.engines.process import EngineError
from payesh.local.operator import Operator
from payesh.local.progress_view import print_pages, stack_steps
from payesh.local.replay import replay_photos
from payesh.local.replay_video import replay_video
from payesh.local.stack import Stack
from payesh.local.state import NoRunningStack
from payesh.local.street.production import render_street
from payesh.local.street_camera import CameraProcess, street_revision

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console = Console(stderr=True)

_Data = Annotated[
    Path | None,
    typer.Option(
        help="keep the data in this folder; without it a temporary folder is used and removed"
    ),
]
_Seed = Annotated[int, typer.Option(help="which traffic the synthetic street carries")]


@app.command()
def up(
    data: _Data = None,
    camera: Annotated[bool, typer.Option(help="play the synthetic street as a camera")] = True,
    seed: _Seed = 1,
    durable_bus: Annotated[bool, typer.Option(help="the bus survives a restart")] = False,
    production_engines: Annotated[
        bool, typer.Option(help="Apache Kafka and MinIO (needs Java, Maven and Go)")
    ] = False,
) -> None:
    """Start engines, services and a camera; Ctrl-C stops them all."""
    _run(_up(data, camera, seed, durable_bus, production_engines))


async def _up(
    data: Path | None, camera: bool, seed: int, durable_bus: bool, production: bool
) -> int:
    street = await asyncio.to_thread(render_street, seed) if camera else None
    folder = data or Path(tempfile.mkdtemp(prefix="payesh-"))
    try:
        with stack_steps(console) as step:
            stack = Stack(
                folder,
                engines="production" if production else "local",
                durable_bus=durable_bus,
                survives_power_loss=data is not None,
                progress=step,
            )
            await stack.start()
        source = None
        try:
            state.publish(stack.urls())
            if street is not None:
                source = CameraProcess(folder / "camera", street.video, loop=True)
                await source.start()
                async with Operator(stack.urls()) as operator:
                    revision = street_revision(street.truth, datetime.now(UTC))
                    await operator.ensure_camera(CAMERA_ID, revision, source.source)
            print_pages(console, stack.urls())
            await asyncio.Event().wait()
        finally:
            with console.status("stopping"):
                if source is not None:
                    await source.stop()
                await stack.stop()
            state.withdraw()
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="show each film once, print one JSON line")] = False,
    seed: _Seed = 1,
    short: Annotated[bool, typer.Option(help="films of 50 s and 80 s")] = False,
    out: Annotated[
        Path | None, typer.Option(help="folder for the line, evidence, truth and logs")
    ] = None,
    data: _Data = None,
) -> None:
    """One vehicle after another from live cameras to the officer's queue, and every rule."""
    _run(run_demo(seed=seed, once=once, short=short, out=out, keep=data))


@app.command("build-engines")
def build_engines() -> None:
    """Build Apache Kafka and MinIO for this user, once (about 5 minutes; Java, Maven and Go)."""
    with tempfile.TemporaryDirectory(prefix="payesh-") as folder:
        try:
            for engine in (KafkaBroker(Path(folder)), MinioServer(Path(folder))):
                with console.status(f"building {engine.name}, unless it is there"):
                    engine.build()
        except EngineError as error:
            console.print(f"[red]{error}[/red]")
            raise typer.Exit(1) from error


@app.command()
def urls() -> None:
    """Print every address of the running stack as one JSON object."""
    running = _running()
    running.pop("pid")
    typer.echo(json.dumps(running, indent=2, ensure_ascii=False))


@app.command()
def status() -> None:
    """Ask every service whether it is ready; exit code 1 when one is not."""
    table = Table("service", "ready", "what it waits for")
    unready = 0
    for name, url in _running()["services"].items():
        try:
            answer = httpx.get(f"{url}/readyz", timeout=5)
            ready = answer.status_code == 200
            states = answer.json()["dependencies"].items()
            waiting = "\n".join(f"{part}: {state}" for part, state in states if state != "ok")
        except httpx.HTTPError as error:
            waiting, ready = type(error).__name__, False
        unready += not ready
        table.add_row(name, "[green]yes[/green]" if ready else "[red]no[/red]", waiting)
    Console().print(table)
    raise typer.Exit(1 if unready else 0)


@app.command()
def stop() -> None:
    """Stop the running stack and wait until it is gone."""
    pid = _running()["pid"]
    os.kill(pid, signal.SIGINT)
    for _ in range(600):
        if not psutil.pid_exists(pid):
            return
        time.sleep(0.1)
    console.print("[red]the stack has not stopped within a minute[/red]; see its terminal")
    raise typer.Exit(1)


@app.command("first-administrator")
def first_administrator(
    username: Annotated[str, typer.Option(prompt=True)],
    name: Annotated[str, typer.Option(prompt=True, help="shown to others")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Create the first administrator of the running stack with its one-time secret."""
    first = _running()["first_administrator"]
    secret = Path(first["secret_file"]).read_text("utf-8").strip()
    body = {"secret": secret, "username": username, "name": name, "password": password}
    answer = httpx.post(first["bootstrap"], json=body, timeout=30)
    if answer.is_error:
        problem = answer.json()
        console.print(f"[red]{problem.get('title')}[/red]: {problem.get('detail')}")
        raise typer.Exit(1)
    console.print(f"{username} may sign in now: {_running()['pages']['queue']}")


@app.command()
def replay(
    photos: Annotated[
        Path | None, typer.Option(help="JSON lines: file, scene, plates; posted as snapshots")
    ] = None,
    video: Annotated[
        list[Path] | None, typer.Option(help="a clip, streamed over RTSP as a camera")
    ] = None,
) -> None:
    """Send real photographs and clips through the services; prints one JSON object.

    Uses the running stack, else starts one for the time of the replay.
    """
    if photos is None and not video:
        raise typer.BadParameter("give --photos or --video")
    for path in ([photos] if photos else []) + (video or []):
        if not path.is_file():
            raise typer.BadParameter(f"{path} does not exist")
    _run(_replay(photos, video or []))


async def _replay(photos: Path | None, videos: list[Path]) -> int:
    try:
        return await _replay_on(state.running(), photos, videos)
    except NoRunningStack:
        pass
    with tempfile.TemporaryDirectory(prefix="payesh-") as folder:
        with stack_steps(console) as step:
            stack = Stack(Path(folder), survives_power_loss=False, progress=step)
            await stack.start()
        try:
            return await _replay_on(stack.urls(), photos, videos)
        finally:
            await stack.stop()


async def _replay_on(urls: dict[str, Any], photos: Path | None, videos: list[Path]) -> int:
    run_name = f"replay-{datetime.now(UTC):%Y%m%d%H%M%S}"
    found: dict[str, Any] = {}
    if photos is not None:
        found["photos"] = await replay_photos(urls, photos, console, run_name)
    for path in videos:
        result = await replay_video(urls, path, console, run_name)
        found.setdefault("videos", {})[path.name] = result
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    return 0


def _running() -> dict[str, Any]:
    try:
        return state.running()
    except NoRunningStack as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error


def _run(job: Any) -> None:
    """Run to the end; Ctrl-C and SIGTERM let everything stop cleanly first."""

    async def guarded() -> int:
        task = asyncio.ensure_future(job)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            return int(await task)
        except asyncio.CancelledError:
            return 130

    try:
        code = asyncio.run(guarded())
    except (EngineError, httpx.HTTPError, RuntimeError) as error:
        console.print(f"[red]{error}[/red]")
        code = 1
    if code == 130:
        console.print("stopped")
        code = 0
    raise typer.Exit(code)
