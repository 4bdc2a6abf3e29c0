"""A camera's password reaches the camera's checked address, in a form that no listener can read."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from payesh.ingest.adapters.live_sources import LiveSources
from payesh.ingest.adapters.rtsp import SourceFailure
from payesh.ingest.adapters.source_networks import SourceNetworks
from payesh.ingest.adapters.source_secrets import SourceSeal, StoredSource
from payesh.kit.networks import networks
from payesh.local.camera.authentication import Credentials, Scheme
from payesh.local.camera.clip import Clip
from payesh.local.camera.rtsp_messages import Request
from tests.support.certificates import Authority
from tests.unit.ingest.live_camera import camera, encoded

PASSWORD = "correct horse"
SEAL = SourceSeal(SecretStr(base64.urlsafe_b64encode(bytes(32)).decode()))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return encoded(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=50)


def sources(allowed: str = "127.0.0.0/8") -> LiveSources:
    return LiveSources(SEAL, SourceNetworks(networks(allowed)), 3.0, 3.0)


def stored(url: str, **more: Any) -> StoredSource:
    return StoredSource(url, "admin", SEAL.seal(PASSWORD), **more)


def failure_of(source: StoredSource) -> SourceFailure:
    with pytest.raises(SourceFailure) as raised, sources().open(source) as live:
        next(live.packets())
    return raised.value


def frames_of(source: StoredSource, count: int = 10) -> int:
    with sources().open(source) as live:
        packets = live.packets()
        return sum(1 for _ in (next(packets) for _ in range(count)))


@contextmanager
def watched(clip: Clip, **options: Any) -> Iterator[tuple[Any, list[Request]]]:
    """A camera and the requests that reached it."""
    seen: list[Request] = []
    with camera(clip, on_request=seen.append, loop=True, **options) as server:
        yield server, seen


def authorizations(requests: list[Request]) -> list[str]:
    return [each.headers["authorization"] for each in requests if "authorization" in each.headers]


@pytest.mark.parametrize(
    "address",
    [lambda url: url, lambda url: url + "?user={username}&password={password}"],
    ids=["fields", "parameters"],
)
def test_a_redirect_is_refused_with_its_reason_and_carries_nothing_away(
    clip: Clip, address: Callable[[str], str]
) -> None:
    stranger = Credentials("admin", PASSWORD, Scheme.BASIC)
    with (
        watched(clip, credentials=stranger) as (elsewhere, reached),
        watched(clip, redirect_to=elsewhere.url) as (server, _),
    ):
        failure = failure_of(stored(address(server.url)))
    assert reached == []
    assert failure.reason == "redirect_refused"
    assert PASSWORD not in str(failure)
    assert str(elsewhere.port) not in str(failure)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of something that answers whatever it is asked first with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answered() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)
                while connection.recv(4096):
                    pass

        thread = threading.Thread(target=answered)
        thread.start()
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/live"
        thread.join(10)
        assert not thread.is_alive()


def test_a_camera_that_states_an_absurd_length_is_refused_with_its_reason() -> None:
    answer = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"
    with answering(answer) as url:
        failure = failure_of(stored(url))
    assert "no RTSP: a body of no acceptable length" in str(failure)


@pytest.mark.parametrize(
    "answer",
    [
        f"RTSP/1.0 {2**32 + 302} Moved\r\nCSeq: 1\r\nLocation: URL\r\n\r\n",
        "RTSP/1.0 00302 Moved\r\nCSeq: 1\r\nLocation: URL\r\n\r\n",
        "RTSP/1.0\t302 Moved\r\nCSeq: 1\r\nLocation: URL\r\n\r\n",
        "R\rTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: URL\r\n\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: LENGTH\r\nContent-Length: 0\r\n\r\n"
        "RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: URL\r\n\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\n$a\0\2: \r\n"
        "RTSP/1.0 302 Moved: \r\nCSeq: 1\r\nLocation: URL\r\n\r\n",
    ],
    ids=["overflow", "zeros", "tab", "carriage-return", "two-lengths", "frame-in-head"],
)
def test_a_redirect_that_only_ffmpeg_would_read_is_refused(clip: Clip, answer: str) -> None:
    with watched(clip) as (elsewhere, reached):
        sent = answer.replace("URL", elsewhere.url)
        sent = sent.replace("LENGTH", str(len(sent.partition("\r\n\r\n")[2])))
        with answering(sent.encode()) as url:
            failure_of(stored(url))
    assert reached == []


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let `camera.test` have another address at each question; the questions are returned."""
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def getaddrinfo(host: str, port: Any, **more: Any) -> Any:
        if host != "camera.test":
            return resolve(host, port, **more)
        asked.append(host)
        return resolve(answers[min(len(asked), len(answers)) - 1], port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_the_connection_leads_to_the_address_that_was_checked(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that would lead elsewhere when it is asked for once more."""
    asked = resolving(monkeypatch, "127.0.0.1", "127.0.0.2")
    with watched(clip, credentials=Credentials("admin", PASSWORD)) as (server, seen):
        url = f"rtsp://camera.test:{server.port}/live"
        assert frames_of(stored(url)) == 10
    assert asked == ["camera.test"]
    assert {urlsplit(each.url).hostname for each in seen} == {"camera.test", "127.0.0.1"}


def test_a_name_that_leads_to_a_forbidden_address_is_not_connected_to(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, "127.0.0.1")
    with watched(clip) as (server, seen):
        url = f"rtsp://camera.test:{server.port}/live"
        with pytest.raises(SourceFailure) as raised, sources("192.0.2.0/24").open(stored(url)):
            raise AssertionError("a connection was opened")
    assert raised.value.reason == "address_not_allowed"
    assert seen == []


@pytest.mark.parametrize("scheme", [Scheme.DIGEST, Scheme.BOTH])
def test_digest_is_used_where_the_camera_offers_it(clip: Clip, scheme: Scheme) -> None:
    with watched(clip, credentials=Credentials("admin", PASSWORD, scheme)) as (server, seen):
        assert frames_of(stored(server.url)) == 10
    sent = authorizations(seen)
    assert sent
    assert all(each.startswith("Digest ") for each in sent)


def test_basic_is_refused_with_its_reason_unless_the_revision_allows_it(clip: Clip) -> None:
    basic = Credentials("admin", PASSWORD, Scheme.BASIC)
    with watched(clip, credentials=basic) as (server, seen):
        failure = failure_of(stored(server.url))
        assert authorizations(seen) == []
        assert (failure.reason, failure.condition) == ("basic_not_allowed", "access_denied")
        assert frames_of(stored(server.url, basic_allowed=True)) == 10
        assert all(each.startswith("Basic ") for each in authorizations(seen))


def test_digest_is_preferred_where_the_revision_allows_basic_too(clip: Clip) -> None:
    with watched(clip, credentials=Credentials("admin", PASSWORD)) as (server, seen):
        assert frames_of(stored(server.url, basic_allowed=True)) == 10
    assert all(each.startswith("Digest ") for each in authorizations(seen))


def test_a_wrong_password_is_sent_once_a_connection(clip: Clip, tmp_path: Path) -> None:
    """Cameras lock accounts after a few tries."""
    with watched(clip, credentials=Credentials("admin", "another")) as (server, seen):
        failure = failure_of(stored(server.url))
    assert failure.reason == "wrong_password"
    assert len(authorizations(seen)) == 1


def test_a_camera_under_tls_is_recorded_and_held_to_an_authority_where_there_is_one(
    clip: Clip, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "ours")
    stranger = Authority(tmp_path / "strangers").certificate("127.0.0.1").server_context()
    account = Credentials("admin", PASSWORD)
    with watched(clip, credentials=account, tls=stranger) as (server, seen):
        assert frames_of(stored(server.url)) == 10
        sessions = [each.method for each in seen].count("DESCRIBE")
        with pytest.raises(SourceFailure) as raised, held_to(authority).open(stored(server.url)):
            raise AssertionError("a session was opened")
        assert raised.value.reason == "unreachable"
        assert [each.method for each in seen].count("DESCRIBE") == sessions
    own = authority.certificate("127.0.0.1").server_context()
    with (
        watched(clip, credentials=account, tls=own) as (server, _),
        held_to(authority).open(stored(server.url)) as live,
    ):
        assert next(live.packets()).size


def held_to(authority: Authority) -> LiveSources:
    return LiveSources(SEAL, SourceNetworks(networks("127.0.0.0/8")), 3.0, 3.0, authority.ca_file)
