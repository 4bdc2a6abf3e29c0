import asyncio
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from payesh.local.engines import EngineDied, LocalEngines, SeaweedStore, TansuBroker
from payesh.local.engines.process import Engine

_PARENT = """
import asyncio, pathlib, sys
from payesh.local.engines import Postgres, TansuBroker
async def main():
    folder = pathlib.Path(sys.argv[1])
    engines = [Postgres(folder / "p", survives_power_loss=False), TansuBroker(folder / "t")]
    for engine in engines:
        await engine.start()
    print(*(engine.pid for engine in engines), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_engines_die_with_a_killed_parent(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in (await parent.stdout.readline()).split()]
    assert len(pids) == 2 and all(psutil.pid_exists(pid) for pid in pids)

    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    _, alive = await asyncio.to_thread(
        psutil.wait_procs, [psutil.Process(p) for p in pids if psutil.pid_exists(p)], 5
    )
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


async def test_a_taken_port_is_replaced_before_the_first_start(tmp_path: Path) -> None:
    broker = TansuBroker(tmp_path)
    wanted = broker.bootstrap
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", int(wanted.split(":")[1])))
        try:
            await broker.start()
            assert broker.bootstrap != wanted
        finally:
            broker.kill()


async def test_a_server_that_ends_is_reported_with_its_log(tmp_path: Path) -> None:
    class Misled(TansuBroker):
        def _command(self) -> list[str]:
            return [*super()._command(), "--no-such-option"]

    with pytest.raises(EngineDied, match="no-such-option"):
        await Misled(tmp_path).start()


async def test_stopping_ends_the_process_and_keeps_address_and_data(tmp_path: Path) -> None:
    store: Engine = SeaweedStore(tmp_path)
    try:
        await store.start()
        assert isinstance(store, SeaweedStore)
        endpoint, pid = store.endpoint, store.pid
        store.client().make_bucket("kept")
        await store.stop()
        await store.stop()
        assert pid is not None and not psutil.pid_exists(pid)
        await store.start()
        assert store.endpoint == endpoint
        assert store.client().bucket_exists("kept")
    finally:
        store.kill()


def test_secrets_are_private_and_the_same_at_the_next_start(tmp_path: Path) -> None:
    first = LocalEngines(tmp_path, durable_bus=True).addresses()
    second = LocalEngines(tmp_path, durable_bus=True).addresses()
    assert first["s3_keys"] == second["s3_keys"]
    assert len({secret for _, secret in first["s3_keys"].values()}) == len(first["s3_keys"])
    files = list(tmp_path.rglob("secrets.json"))
    assert files and all(file.stat().st_mode & 0o077 == 0 for file in files)
