"""Packets of a source, each with its arrival, also of one that has not announced a time yet."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import av
import av.error

from payesh.ingest.adapters.rtsp import SourceFailure

_MOST_UNTIMED = 250
_USUAL_FRAME_S = 0.04


def timed_from_the_first(packets: Iterator[Any], video: Any) -> Iterator[tuple[Any, float]]:
    """The packets of the PyAV stream `video` with their arrival in seconds since 1970; those before
    the first timed one get times counted back from it.

    FFmpeg counts from the first sender report and gives no time to frames sent before it, which
    are a keyframe and its group when a camera reports in the middle of one. Raises SourceFailure
    when no time comes at all.
    """
    arriving = _arriving(packets)
    yield from _timed_head(arriving, video)
    yield from arriving


def _arriving(packets: Iterator[Any]) -> Iterator[tuple[Any, float]]:
    """FFmpeg's parser gives a frame out when the next one begins: a frame arrived when the one
    before it was given out. At a changing frame rate the difference is more than a frame's."""
    arrival_s: float | None = None
    for packet in packets:
        if not packet.size:
            continue
        now_s = time.time()
        yield packet, now_s if arrival_s is None else arrival_s
        arrival_s = now_s


def _timed_head(arriving: Iterator[tuple[Any, float]], video: Any) -> list[tuple[Any, float]]:
    head: list[tuple[Any, float]] = []
    untimed = ahead = 0
    for packet, arrival_s in arriving:
        head.append((packet, arrival_s))
        if packet.pts is None and not ahead:
            untimed += 1
            if untimed > _MOST_UNTIMED:
                raise SourceFailure("the source gives its frames no times")
            continue
        ahead += 1
        depth = video.codec_context.reorder_depth
        if not untimed or not depth or ahead > depth + 2:
            break
    if untimed and ahead:
        _count_back([packet for packet, _ in head], untimed, video)
    return head


def _count_back(packets: list[Any], untimed: int, video: Any) -> None:
    """Give the first `untimed` packets times by their place in the order of showing."""
    places = _places_shown(packets, video)
    timed = sorted(
        (places[number], packet.pts)
        for number, packet in enumerate(packets)
        if number >= untimed and packet.pts is not None
    )
    steps = [
        (later_pts - pts) // (later - place)
        for (place, pts), (later, later_pts) in pairwise(timed)
        if later > place
    ]
    usual = packets[-1].duration or round(_USUAL_FRAME_S / float(packets[-1].time_base))
    step = min((each for each in steps if each > 0), default=usual)
    first_place, first_pts = timed[0]
    for number, packet in enumerate(packets[:untimed]):
        packet.pts = packet.dts = first_pts - (first_place - places[number]) * step


def _places_shown(packets: list[Any], video: Any) -> list[int]:
    """Each packet's place among those shown; the order of decoding where nothing is reordered."""
    places = list(range(len(packets)))
    context = video.codec_context
    if not context.reorder_depth:
        return places
    decoder: Any = av.CodecContext.create(context.name, "r")
    decoder.extradata, decoder.thread_count = context.extradata, 1
    shown: list[int] = []
    try:
        for number, packet in enumerate(packets):
            copy = av.Packet(bytes(packet))
            copy.pts = number
            shown += [frame.pts for frame in decoder.decode(copy)]
        shown += [frame.pts for frame in decoder.decode(None)]
    except av.error.FFmpegError:
        return places
    if sorted(shown) != places:
        return places
    for place, number in enumerate(shown):
        places[number] = place
    return places
