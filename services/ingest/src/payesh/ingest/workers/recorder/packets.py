"""Packets of a source that has not announced a time yet."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from payesh.ingest.adapters.rtsp import SourceFailure

_MOST_UNTIMED = 250
_USUAL_FRAME_S = 0.04


def timed_from_the_first(packets: Iterator[Any]) -> Iterator[Any]:
    """The same packets, those before the first timed one with times counted back from it.

    FFmpeg counts from the first sender report and gives no time to frames sent before it, which
    are a keyframe and its group when a camera reports in the middle of one. Raises SourceFailure
    when no time comes at all.
    """
    return chain(_timed_head(packets), packets)


def _timed_head(packets: Iterator[Any]) -> list[Any]:
    head: list[Any] = []
    for packet in packets:
        if not packet.size:
            continue
        head.append(packet)
        if packet.pts is not None or packet.dts is not None:
            break
        if len(head) > _MOST_UNTIMED:
            raise SourceFailure("the source gives its frames no times")
    if not head:
        return head
    timed = head[-1]
    dts = timed.dts if timed.dts is not None else timed.pts
    for distance, packet in enumerate(reversed(head[:-1]), start=1):
        step = timed.duration or round(_USUAL_FRAME_S / float(timed.time_base))
        packet.pts = packet.dts = dts - distance * step
    return head
