"""One RTSP session between FFmpeg and a camera, seen message by message.

FFmpeg knows neither the camera's address nor its password: it asks under an address of ours, and
what is sent to the camera carries the camera's. A redirect ends the session.
"""

from collections.abc import Callable
from dataclasses import dataclass

from payesh.ingest.domain.rtsp_credentials import (
    Challenge,
    Credentials,
    authorization,
    challenges,
    chosen,
)
from payesh.ingest.domain.rtsp_messages import Message, NotRtsp

_UNAUTHORIZED = 401
_MOST_UNANSWERED = 32


class Redirected(Exception):
    """The camera names another address. Where it leads was not checked, so nobody follows."""


class BasicOnly(Exception):
    """The camera takes the password only in a form that anyone between can read."""


class NoVideo(Exception):
    """What the camera describes under this address has sound or data alone."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a message leads to, in bytes for either side."""

    to_camera: bytes = b""
    to_player: bytes = b""


@dataclass(slots=True)
class _Asked:
    """A request that the camera has not answered yet; `number` is FFmpeg's own CSeq."""

    request: Message
    number: str | None
    authorized: bool
    again: bool = False


class RtspSession:
    """`player_url` begins the addresses that FFmpeg asks under, `camera_url` replaces it.
    `draw_nonce` returns an unpredictable word each time."""

    def __init__(
        self,
        player_url: str,
        camera_url: str,
        credentials: Credentials | None,
        draw_nonce: Callable[[], str],
    ) -> None:
        self._player_url = player_url
        self._camera_url = camera_url
        self._credentials = credentials
        self._draw_nonce = draw_nonce
        self._challenge: Challenge | None = None
        self._count = 0
        self._welcome = False
        self._sequence = 0
        self._unanswered: dict[str, _Asked] = {}

    def from_player(self, message: Message) -> Exchange:
        """A request, or the answer to a request of the camera. Raises NotRtsp."""
        if message.status is not None:
            return Exchange(to_camera=message.to_bytes())
        if len(self._unanswered) >= _MOST_UNANSWERED:
            raise NotRtsp("the camera leaves requests unanswered")
        target = message.target
        if not self._sequence and not target.startswith(self._player_url):
            raise NotRtsp("a stranger at the door")
        if target.startswith(self._player_url):
            target = self._camera_url + target.removeprefix(self._player_url)
        number = message.value("CSeq")
        request = message.with_target(target).with_header("Authorization", None)
        return self._sent(_Asked(request, number, authorized=False))

    def from_camera(self, message: Message) -> Exchange:
        """A response, or a request. Raises Redirected, BasicOnly, NoVideo."""
        status = message.status
        if status is None:
            if message.method == "REDIRECT":
                raise Redirected
            return Exchange(to_player=message.to_bytes())
        if 300 <= status < 400:
            raise Redirected
        asked = self._unanswered.pop(message.value("CSeq") or "", None)
        if asked is None and len(self._unanswered) == 1:  # a camera that numbers wrongly
            _, asked = self._unanswered.popitem()
        if status == _UNAUTHORIZED and asked is not None and self._accepts(message, asked):
            return self._sent(_Asked(asked.request, asked.number, authorized=False, again=True))
        if asked is not None and asked.authorized and status < 300:
            self._welcome = True
        if asked is not None and asked.request.method == "DESCRIBE" and _without_video(message):
            raise NoVideo
        if asked is not None and asked.number is not None:
            message = message.with_header("CSeq", asked.number)
        # What FFmpeg cannot answer it need not see.
        return Exchange(to_player=message.with_header("WWW-Authenticate", None).to_bytes())

    def _accepts(self, refusal: Message, asked: _Asked) -> bool:
        """Whether the request is worth another try, under the challenge of its refusal."""
        if self._credentials is None:
            return False
        offered = challenges(refusal.values("WWW-Authenticate"))
        challenge = chosen(offered, basic_allowed=self._credentials.basic_allowed)
        if challenge is None:
            if any(each.scheme == "basic" for each in offered):
                raise BasicOnly
            return False
        # A password that was refused is not sent again: cameras lock accounts after a few tries.
        # One that was accepted before is refused for its nonce, called stale or not.
        if asked.again or (asked.authorized and not (challenge.stale or self._welcome)):
            return False
        self._challenge, self._count = challenge, 0
        return True

    def _sent(self, asked: _Asked) -> Exchange:
        self._sequence += 1
        number = str(self._sequence)
        request = asked.request.with_header("CSeq", number)
        if self._challenge is not None and self._credentials is not None:
            self._count += 1
            request = request.with_header(
                "Authorization",
                authorization(
                    self._challenge,
                    self._credentials,
                    method=request.method,
                    target=request.target,
                    count=self._count,
                    client_nonce=self._draw_nonce(),
                ),
            )
            asked.authorized = True
        self._unanswered[number] = asked
        return Exchange(to_camera=request.to_bytes())


def _without_video(described: Message) -> bool:
    """Whether a description names media (RFC 4566, `m=`) and none of them is video."""
    media = [line for line in described.body.splitlines() if line.startswith(b"m=")]
    return bool(media) and not any(line.startswith(b"m=video") for line in media)
