"""`python -m payesh.local.camera`: play a video file as a network camera."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from datetime import datetime
from pathlib import Path

from payesh.local.camera.authentication import Credentials, Scheme
from payesh.local.camera.clip import load_clip
from payesh.local.camera.rtsp_server import RtspServer


def main() -> None:
    """Read the command line and serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m payesh.local.camera", description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="MP4 file with H.264 or HEVC")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--path", default="live")
    parser.add_argument("--user")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--auth", choices=list(Scheme), default=Scheme.BOTH)
    parser.add_argument("--state-file", type=Path, help="JSON with port and time of frame 0")
    parser.add_argument("--loop", action="store_true", help="begin again at the end")
    parser.add_argument("--at-end", choices=("close", "hold"), default="close")
    parser.add_argument("--start", choices=("first-play", "now"), default="first-play")
    parser.add_argument(
        "--start-at", type=datetime.fromisoformat, help="time of frame 0, with zone"
    )
    parser.add_argument("--clock-skew-s", type=float, default=0.0, help="error of the sent clock")
    arguments = parser.parse_args()
    if bool(arguments.user) != bool(arguments.password_file):
        parser.error("--user and --password-file go together")
    if arguments.start_at and arguments.start_at.tzinfo is None:
        parser.error("--start-at needs a time zone")
    asyncio.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> None:
    credentials = None
    if arguments.user:
        password = arguments.password_file.read_text(encoding="utf-8").strip()
        credentials = Credentials(arguments.user, password, Scheme(arguments.auth))
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    server = RtspServer(
        load_clip(arguments.file),
        credentials=credentials,
        host=arguments.host,
        port=arguments.port,
        path=arguments.path,
        loop=arguments.loop,
        at_end=arguments.at_end,
        start_when="called" if arguments.start_at else arguments.start,
        clock_skew_s=arguments.clock_skew_s,
        state_file=arguments.state_file,
    )
    async with server:
        if arguments.start_at:
            server.start(arguments.start_at)
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    main()
