"""The file in which a running stack publishes its addresses for this user's other commands."""

import json
import os
from pathlib import Path
from typing import Any

import platformdirs
import psutil

from payesh.local.engines.secret_file import write_private


class NoRunningStack(RuntimeError):
    """`payesh-local up` is not running for this user."""


def state_path() -> Path:
    """`PAYESH_LOCAL_STATE`, or a file in the user's state folder."""
    chosen = os.environ.get("PAYESH_LOCAL_STATE")
    return Path(chosen) if chosen else platformdirs.user_state_path("payesh") / "stack.json"


def publish(state: dict[str, Any]) -> None:
    """Write the state of the stack that this process runs; it holds paths of secrets, no secret."""
    write_private(state_path(), json.dumps({"pid": os.getpid(), **state}, indent=2) + "\n")


def withdraw() -> None:
    """Remove the state, if it is this process's."""
    path = state_path()
    if path.is_file() and json.loads(path.read_text("utf-8")).get("pid") == os.getpid():
        path.unlink()


def running() -> dict[str, Any]:
    """The state of the running stack. Raises NoRunningStack."""
    path = state_path()
    if not path.is_file():
        raise NoRunningStack("no stack is running; start one with: payesh-local up")
    state: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if not psutil.pid_exists(state["pid"]):
        raise NoRunningStack("the last stack ended without cleaning up; start one: payesh-local up")
    return state
