"""The cost of recording a camera, next to remuxing its packets with bare PyAV."""

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import av

from payesh.contracts.values import ObjectReference, PlaceClass, RevisionReference, RoadClass
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.rtsp import LiveSource, RtspAddress, open_live
from payesh.ingest.adapters.source_networks import SourceNetworks
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.workers.recorder import Recorder, RecorderCallbacks, RecorderLimits
from payesh.kit.networks import networks
from payesh.local.street_camera import CameraProcess

_SECONDS = 20.0
_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "min_frag_duration": "1900000",
}


def measure_remuxing(film: Path) -> dict[str, Any]:
    """CPU seconds for the same live RTSP stream over the same time: recorded (gate, repaired times,
    hashes, chain, synced spool), and by bare PyAV into memory."""
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        camera = CameraProcess(Path(folder) / "camera", film, loop=True)
        asyncio.run(camera.start())
        try:
            source = camera.source
            loopback = SourceNetworks(networks("127.0.0.0/8"))
            address = RtspAddress(
                source["url"],
                loopback.require(source["url"]),
                source["username"],
                source["password"],
            )
            bare, recorded = _Measured(_bare, address), _Measured(_record, address)
            for thread in (bare, recorded):
                thread.start()
            for thread in (bare, recorded):
                thread.join()
        finally:
            asyncio.run(camera.stop())
    return {
        "seconds": _SECONDS,
        "bare_cpu_s": round(bare.cpu_s, 4),
        "recorder_cpu_s": round(recorded.cpu_s, 4),
        "ratio_to_bare": round(recorded.cpu_s / bare.cpu_s, 3),
        "streams_per_core": round(_SECONDS / recorded.cpu_s),
        "streams_per_core_bare": round(_SECONDS / bare.cpu_s),
    }


class _Measured(threading.Thread):
    """Runs `work(address)` and keeps the CPU time that this returns beside its own thread's."""

    def __init__(self, work: Callable[[RtspAddress], float], address: RtspAddress) -> None:
        super().__init__(name=work.__name__)
        self._work, self._address = work, address
        self.cpu_s = 0.0

    def run(self) -> None:
        others_s = self._work(self._address)
        self.cpu_s = time.thread_time() + others_s


@contextmanager
def _source(address: RtspAddress, gates_s: list[float]) -> Iterator[LiveSource]:
    """The source; `gates_s` gets the CPU seconds of its gate, which has a thread of its own."""
    with open_live(address, connect_timeout_s=10.0, read_timeout_s=10.0) as container:
        yield LiveSource(container)
        for thread in threading.enumerate():
            if thread.name == "rtsp-gate" and thread.ident is not None:
                gates_s.append(time.clock_gettime(time.pthread_getcpuclockid(thread.ident)))


def _bare(address: RtspAddress) -> float:
    account = f"{address.username}:{address.password}@"
    url = address.url.replace("://", f"://{account}" if address.username else "://")
    until = time.monotonic() + _SECONDS
    with (
        av.open(url, options={"rtsp_transport": "tcp"}) as source,
        av.open(io.BytesIO(), "w", format="mp4", options=_OPTIONS) as target,
    ):
        video = source.streams.video[0]
        copied = target.add_stream_from_template(video)
        for packet in source.demux(video):
            if time.monotonic() > until:
                break
            if packet.size and packet.dts is not None:
                packet.stream = copied
                target.mux_one(packet)
    return 0.0


def _record(address: RtspAddress) -> float:
    gates_s: list[float] = []
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        spool = Spool(Path(folder), limit_bytes=4 << 30)
        recorder = Recorder(
            _assignment(),
            spool,
            RecorderLimits(inspect_every_s=1e9),
            RecorderCallbacks(
                open_source=lambda source: _source(address, gates_s),
                on_spooled=lambda camera_id: None,
                inspect_fragment=lambda *fragment: None,
            ),
        )
        end = threading.Timer(_SECONDS, recorder.stop)
        end.start()
        # In this thread, so that its CPU time is the recorder's.
        recorder.run()
        spool.close()
    return sum(gates_s)


def _assignment() -> Assignment:
    stored = ObjectReference(
        bucket="revisions",
        key="bench/1.json",
        version_id=None,
        sha256="0" * 64,
        size_bytes=1,
        media_type="application/json",
    )
    return Assignment(
        camera_id="bench",
        token=1,
        source=StoredSource("rtsp://127.0.0.1/street", None, None),
        place=Place("semnan", RoadClass.MAIN_ARTERIAL, PlaceClass.A),
        revision=RevisionReference(revision=1, sha256="0" * 64, object=stored),
        known_until=datetime.now(UTC),
        last_link_sha256=None,
        last_stream_id=UUID(int=0),
        last_sequence=None,
        holder="bench",
    )
