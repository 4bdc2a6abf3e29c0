"""Rendered films: each kept once in the user's cache, its rendering shown on the terminal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import platformdirs
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def film_folder(kind: str, parameters: tuple[object, ...], sources: Iterable[Path]) -> Path:
    """Where a film of these parameters is kept; other drawing code in `sources`, other folder.

    A source is a file, or a folder of which every Python file counts.
    """
    digest = hashlib.sha256(repr(parameters).encode())
    for source in sources:
        files = sorted(source.rglob("*.py")) if source.is_dir() else [source]
        for path in files:
            digest.update(path.read_bytes())
    return Path(platformdirs.user_cache_dir("payesh")) / kind / digest.hexdigest()[:16]


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def rendering_progress(quiet: bool) -> Progress:
    """A bar of drawn frames; nothing when `quiet`."""
    return Progress(
        TextColumn("rendering {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        disable=quiet,
    )
