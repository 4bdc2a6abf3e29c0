"""The cache of engines that have to be built: built once, used by every later run."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from payesh.local.engines.process import EngineError, EngineUnavailable


def cache_dir() -> Path:
    """`PAYESH_ENGINE_CACHE`, else `~/.cache/payesh`."""
    configured = os.environ.get("PAYESH_ENGINE_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "payesh"


def is_built(name: str) -> bool:
    """Whether the cache has it."""
    return (cache_dir() / name).exists()


def built_once(name: str, build: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, made by `build(folder)` unless it is there.

    Blocks while another process builds it. An interrupted build leaves no folder
    of that name.
    """
    target = cache_dir() / name
    if target.exists():
        return target
    cache_dir().mkdir(parents=True, exist_ok=True)
    with _locked(cache_dir() / f"{name}.lock"):
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=cache_dir(), prefix=f"{name}.") as partial:
                build(Path(partial) / "built")
                (Path(partial) / "built").rename(target)
    return target


def require(*programs: str) -> None:
    """Raise EngineUnavailable unless all programs are on the PATH."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise EngineUnavailable(f"not installed here: {', '.join(missing)}")


def run_build(command: Sequence[str], folder: Path, **environment: str) -> None:
    """Run a build tool. Raises EngineError with the end of its output."""
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EngineError(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
