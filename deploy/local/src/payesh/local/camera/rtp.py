"""RTP packets (RFC 3550, RFC 6184, RFC 7798), RTCP reports and the session description."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

from payesh.local.camera.clip import AccessUnit, Clip

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
_LARGEST_PAYLOAD = 1400
_NTP_EPOCH_OFFSET_S = 2_208_988_800  # 1900 to 1970
_FU_A, _HEVC_FU = 28, 49
_SENDER_REPORT, _SOURCE_DESCRIPTION, _BYE = 200, 202, 203


class Packetizer:
    """Turns access units into RTP packets; keeps sequence number and counts of one source."""

    def __init__(self, clip: Clip, *, ssrc: int, first_sequence: int, first_timestamp: int) -> None:
        self._hevc = clip.codec == "hevc"
        self.ssrc = ssrc
        self.next_sequence = first_sequence & 0xFFFF
        self._first_timestamp = first_timestamp
        self._packets = 0
        self._octets = 0

    def timestamp(self, media_s: float) -> int:
        """RTP timestamp of `media_s` seconds after the first picture."""
        return (self._first_timestamp + round(media_s * CLOCK_HZ)) & 0xFFFFFFFF

    def packets(self, unit: AccessUnit, media_s: float) -> list[bytes]:
        """The RTP packets of `unit`, which is shown at `media_s`."""
        stamp = self.timestamp(media_s)
        payloads = [p for nal in unit.nal_units for p in self._payloads(nal)]
        result = []
        for index, payload in enumerate(payloads):
            marker = 0x80 if index == len(payloads) - 1 else 0
            header = struct.pack(
                ">BBHII", 0x80, marker | PAYLOAD_TYPE, self.next_sequence, stamp, self.ssrc
            )
            self.next_sequence = (self.next_sequence + 1) & 0xFFFF
            self._packets += 1
            self._octets += len(payload)
            result.append(header + payload)
        return result

    def sender_report(self, unix_time_s: float, media_s: float) -> bytes:
        """RTCP sender report: the wall clock `unix_time_s` belongs to `media_s`."""
        seconds = int(unix_time_s)
        fraction = int((unix_time_s - seconds) * 2**32)
        report = struct.pack(
            ">BBHIIIIII",
            0x80,
            _SENDER_REPORT,
            6,
            self.ssrc,
            (seconds + _NTP_EPOCH_OFFSET_S) & 0xFFFFFFFF,
            fraction,
            self.timestamp(media_s),
            self._packets & 0xFFFFFFFF,
            self._octets & 0xFFFFFFFF,
        )
        name = b"payesh-camera"
        item = struct.pack(">IBB", self.ssrc, 1, len(name)) + name + b"\0"
        item += b"\0" * (-len(item) % 4)
        return report + struct.pack(">BBH", 0x81, _SOURCE_DESCRIPTION, len(item) // 4) + item

    def bye(self) -> bytes:
        """RTCP goodbye."""
        return struct.pack(">BBHI", 0x81, _BYE, 1, self.ssrc)

    def _payloads(self, nal: bytes) -> Iterator[bytes]:
        if len(nal) <= _LARGEST_PAYLOAD:
            yield nal
            return
        if self._hevc:
            header_bytes, kind = 2, nal[0] >> 1 & 0x3F
            indicator = bytes((nal[0] & 0x81 | _HEVC_FU << 1, nal[1]))
        else:
            header_bytes, kind = 1, nal[0] & 0x1F
            indicator = bytes((nal[0] & 0xE0 | _FU_A,))
        room = _LARGEST_PAYLOAD - header_bytes - 1
        for start in range(header_bytes, len(nal), room):
            first = 0x80 if start == header_bytes else 0
            last = 0x40 if start + room >= len(nal) else 0
            yield indicator + bytes((first | last | kind,)) + nal[start : start + room]


def describe(clip: Clip, host: str) -> str:
    """The session description (RFC 4566) of `clip`."""
    encoded = [base64.b64encode(nal).decode() for nal in clip.parameter_sets]
    if clip.codec == "h264":
        profile = clip.parameter_sets[0][1:4].hex()
        encoding = "H264"
        format_ = (
            f"packetization-mode=1; profile-level-id={profile}; "
            f"sprop-parameter-sets={','.join(encoded)}"
        )
    else:
        encoding = "H265"
        named = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
        parts = []
        for nal, text in zip(clip.parameter_sets, encoded, strict=True):
            name = named.get(nal[0] >> 1 & 0x3F)
            if name:
                parts.append(f"{name}={text}")
        format_ = "; ".join(parts)
    lines = (
        "v=0",
        f"o=- 0 0 IN IP4 {host}",
        "s=Payesh synthetic camera",
        f"c=IN IP4 {host}",
        "t=0 0",
        "a=range:npt=now-",
        "a=control:*",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {encoding}/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} {format_}",
        f"a=framerate:{clip.fps:g}",
        "a=control:trackID=0",
    )
    return "\r\n".join(lines) + "\r\n"
