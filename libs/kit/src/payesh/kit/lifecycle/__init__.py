"""What a process runs: ordered start and stop, background workers, periodic chores.

A *part* has `start()` and `stop()`. `main.py` lists a service's parts in the order in which they
start, and `running` holds them for as long as the application runs.
"""

from payesh.kit.lifecycle.parts import OnStop, Part, migrations_folder, running
from payesh.kit.lifecycle.workers import Backoff, Periodic, WakingWorker

__all__ = [
    "Backoff",
    "OnStop",
    "Part",
    "Periodic",
    "WakingWorker",
    "migrations_folder",
    "running",
]
