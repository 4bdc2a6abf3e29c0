"""A video file as a camera has it: access units of H.264 or HEVC with their times."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import av

_AVC_SPS, _HEVC_SPS = 7, 33


class UnsupportedClipError(ValueError):
    """The file holds no H.264 or HEVC video in MP4's form."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture. Times in seconds since the clip's first picture; sent at `send_s`."""

    pts_s: float
    send_s: float
    keyframe: bool
    nal_units: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """A whole video. `codec` is "h264" or "hevc"; parameter sets in the order they are sent."""

    codec: str
    width_px: int
    height_px: int
    fps: float
    duration_s: float
    parameter_sets: tuple[bytes, ...]
    units: tuple[AccessUnit, ...]


def load_clip(path: Path) -> Clip:
    """Read every access unit of the file's first video stream, decoding nothing.

    Raises UnsupportedClipError for another codec or container, FileNotFoundError and
    av.FFmpegError as PyAV does.
    """
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise UnsupportedClipError(f"{path.name}: no video stream")
        stream = container.streams.video[0]
        context = stream.codec_context
        extradata = context.extradata or b""
        if context.name not in ("h264", "hevc") or extradata[:1] != b"\x01":
            raise UnsupportedClipError(f"{path.name}: not H.264 or HEVC in an MP4 file")
        if context.name == "h264":
            length_bytes, sets = _parse_avcc(extradata)
        else:
            length_bytes, sets = _parse_hvcc(extradata)
        time_base = stream.time_base
        raw = [
            (packet.pts, packet.dts, packet.is_keyframe, bytes(packet))
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        ]
        fps = float(stream.average_rate or 25)
        name, width_px, height_px = context.name, context.width, context.height
    if not raw or time_base is None:
        raise UnsupportedClipError(f"{path.name}: no pictures")
    first_pts = min(pts for pts, *_ in raw)
    first_dts = raw[0][1] if raw[0][1] is not None else first_pts
    units = []
    for pts, dts, keyframe, payload in raw:
        nal_units = _split(payload, length_bytes)
        if keyframe and not _carries_sps(name, nal_units):
            nal_units = (*sets, *nal_units)  # a late viewer needs them with every keyframe
        sent = dts if dts is not None else pts
        units.append(
            AccessUnit(
                pts_s=float((pts - first_pts) * time_base),
                send_s=float((sent - first_dts) * time_base),
                keyframe=keyframe,
                nal_units=nal_units,
            )
        )
    duration_s = max(unit.pts_s for unit in units) + 1 / fps
    return Clip(name, width_px, height_px, fps, duration_s, sets, tuple(units))


def _split(payload: bytes, length_bytes: int) -> tuple[bytes, ...]:
    nal_units = []
    position = 0
    while position + length_bytes <= len(payload):
        size = int.from_bytes(payload[position : position + length_bytes], "big")
        position += length_bytes
        if size:
            nal_units.append(payload[position : position + size])
        position += size
    return tuple(nal_units)


def _carries_sps(codec: str, nal_units: tuple[bytes, ...]) -> bool:
    if codec == "h264":
        return any(nal[0] & 0x1F == _AVC_SPS for nal in nal_units)
    return any(nal[0] >> 1 & 0x3F == _HEVC_SPS for nal in nal_units)


def _parse_avcc(extradata: bytes) -> tuple[int, tuple[bytes, ...]]:
    """AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3."""
    sets = []
    position = 5
    for mask in (0x1F, 0xFF):  # sequence sets, then picture sets
        count = extradata[position] & mask
        position += 1
        for _ in range(count):
            (size,) = struct.unpack_from(">H", extradata, position)
            sets.append(extradata[position + 2 : position + 2 + size])
            position += 2 + size
    return (extradata[4] & 3) + 1, tuple(sets)


def _parse_hvcc(extradata: bytes) -> tuple[int, tuple[bytes, ...]]:
    """HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 8.3.3."""
    sets = []
    position = 23
    for _ in range(extradata[22]):
        (count,) = struct.unpack_from(">H", extradata, position + 1)
        position += 3
        for _ in range(count):
            (size,) = struct.unpack_from(">H", extradata, position)
            sets.append(extradata[position + 2 : position + 2 + size])
            position += 2 + size
    return (extradata[21] & 3) + 1, tuple(sets)
