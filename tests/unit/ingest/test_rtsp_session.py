"""What FFmpeg and a camera exchange is read, answered for, and bounded."""

import hashlib
import re

import pytest

from payesh.ingest.domain.rtsp_credentials import (
    Credentials,
    authorization,
    challenges,
    chosen,
)
from payesh.ingest.domain.rtsp_messages import (
    LARGEST_BODY_BYTES,
    LARGEST_HEAD_BYTES,
    Message,
    MessageReader,
    NotRtsp,
)
from payesh.ingest.domain.rtsp_session import Redirected, RtspSession

DOOR, CAMERA = "rtsp://127.0.0.1:5000/token", "rtsp://camera.test/live?a=1"
FRAME = b"$\x00\x00\x05abcde"


def session(credentials: Credentials | None = None) -> RtspSession:
    nonces = iter(f"nonce-{number}" for number in range(100))
    return RtspSession(DOOR, CAMERA, credentials, lambda: next(nonces))


def message(text: str, body: bytes = b"") -> Message:
    start, *lines = text.split("\n")
    return Message(
        start, tuple((n, v) for n, _, v in (line.partition(": ") for line in lines)), body
    )


def read(data: bytes) -> Message:
    (only,) = MessageReader().feed(data)
    assert isinstance(only, Message)
    return only


@pytest.mark.parametrize("piece", [1, 3, 7, 10_000])
def test_messages_and_frames_are_parted_however_they_arrive(piece: int) -> None:
    answer = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 6\r\n\r\n$body\n"
    asked = b"OPTIONS * RTSP/1.0\nCSeq: 9\n\n"
    stream = FRAME + FRAME + answer + b"\r\n" + FRAME + asked + FRAME
    reader = MessageReader()
    found: list[bytes | Message] = []
    for start in range(0, len(stream), piece):
        found += reader.feed(stream[start : start + piece])
    frames = b"".join(each for each in found if isinstance(each, bytes))
    assert frames == FRAME + FRAME + b"\r\n" + FRAME + FRAME
    first, second = (each for each in found if isinstance(each, Message))
    assert (first.status, first.body) == (200, b"$body\n")
    assert (second.method, second.target, second.status) == ("OPTIONS", "*", None)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * LARGEST_HEAD_BYTES,
        b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY_BYTES + 1),
        b"RTSP/1.0 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        "RTSP/1.0 200 OK\r\nContent-Length: ۱۲\r\n\r\n".encode(),
    ],
    ids=["head", "body", "thousands-of-digits", "negative", "other-digits"],
)
def test_what_is_larger_than_any_cameras_message_ends_the_session(data: bytes) -> None:
    with pytest.raises(NotRtsp):
        list(MessageReader().feed(data))


@pytest.mark.parametrize(
    "head",
    [
        f"RTSP/1.0 {2**32 + 301} Moved",
        "RTSP/1.0 00301 Moved",
        "RTSP/1.0 +301 Moved",
        "RTSP/1.0 ۳۰۱ Moved",
        "RTSP/1.0\t301 Moved",
        "RTSP/one 301 Moved",
        "RTSP/1.0 3\r01 Moved",
        "R\rTSP/1.0 301 Moved",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4\r\ncontent-length: 0",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\n Content-Length : 0\r\nContent-Length: 4",
        "RTSP/1.0 200 OK\r\n$a\0\0: b",
        "RTSP/1.0 200 OK\r\nCSeq: 1\0",
    ],
)
def test_what_ffmpeg_would_read_otherwise_than_we_do_ends_the_session(head: str) -> None:
    with pytest.raises(NotRtsp):
        list(MessageReader().feed(head.encode() + b"\r\n\r\nbody"))


def test_zeros_before_a_length_do_not_make_it_longer() -> None:
    (only,) = MessageReader().feed(
        b"RTSP/1.0 200 OK\r\nContent-Length: " + b"0" * 5000 + b"2\r\n\r\nab"
    )
    assert isinstance(only, Message)
    assert only.body == b"ab"


def test_a_number_of_thousands_of_digits_is_passed_by_and_counts_for_nothing() -> None:
    asked = session()
    asked.from_player(message(f"OPTIONS {DOOR} RTSP/1.0\nCSeq: {'7' * 5000}"))
    answer = read(asked.from_camera(message(f"RTSP/1.0 200 OK\nCSeq: {'9' * 5000}")).to_player)
    assert answer.value("CSeq") == "7" * 5000


def test_the_camera_is_asked_under_its_own_address_and_number() -> None:
    asked = session()
    first = asked.from_player(message(f"OPTIONS {DOOR} RTSP/1.0\nCSeq: 1"))
    assert read(first.to_camera).start == f"OPTIONS {CAMERA} RTSP/1.0"
    below = read(asked.from_player(message(f"SETUP {DOOR}/trackID=0 RTSP/1.0\nCSeq: 2")).to_camera)
    assert below.target == f"{CAMERA}/trackID=0"
    based = read(asked.from_player(message("PLAY rtsp://camera.test/x/ RTSP/1.0")).to_camera)
    assert based.target == "rtsp://camera.test/x/"


def test_a_stranger_at_the_door_is_not_let_through() -> None:
    with pytest.raises(NotRtsp):
        session().from_player(message("OPTIONS rtsp://127.0.0.1:5000/guess RTSP/1.0\nCSeq: 1"))


def refusal(number: int, *offers: str) -> Message:
    offered = "".join(f"\nWWW-Authenticate: {each}" for each in offers)
    return message(f"RTSP/1.0 401 Unauthorized\nCSeq: {number}{offered}")


def test_a_challenge_is_answered_and_its_numbers_stay_with_either_side() -> None:
    asked = session(Credentials("admin", "secret"))
    asked.from_player(message(f"DESCRIBE {DOOR} RTSP/1.0\nCSeq: 7"))
    again = asked.from_camera(refusal(1, 'Digest realm="r", nonce="n"'))
    assert again.to_player == b""
    sent = read(again.to_camera)
    assert sent.value("CSeq") == "2"
    assert (sent.value("Authorization") or "").startswith('Digest username="admin"')
    answer = asked.from_camera(message("RTSP/1.0 200 OK\nCSeq: 2", b"sdp"))
    assert read(answer.to_player + b"").value("CSeq") == "7"


def test_a_nonce_that_ran_out_is_replaced_and_a_refused_password_is_not_sent_again() -> None:
    asked = session(Credentials("admin", "secret"))
    asked.from_player(message(f"DESCRIBE {DOOR} RTSP/1.0\nCSeq: 1"))
    asked.from_camera(refusal(1, 'Digest realm="r", nonce="n"'))
    wrong = asked.from_camera(refusal(2, 'Digest realm="r", nonce="m"'))
    assert wrong.to_camera == b""
    assert b"WWW-Authenticate" not in wrong.to_player
    asked.from_player(message(f"DESCRIBE {DOOR} RTSP/1.0\nCSeq: 2"))
    stale = asked.from_camera(refusal(3, 'Digest realm="r", nonce="o", stale=TRUE'))
    assert 'nonce="o"' in (read(stale.to_camera).value("Authorization") or "")
    asked.from_camera(message("RTSP/1.0 200 OK\nCSeq: 4"))
    asked.from_player(message("GET_PARAMETER * RTSP/1.0\nCSeq: 3"))
    unmarked = asked.from_camera(refusal(5, 'Digest realm="r", nonce="p"'))
    assert 'nonce="p"' in (read(unmarked.to_camera).value("Authorization") or "")
    assert asked.from_camera(refusal(6, 'Digest realm="r", nonce="q"')).to_camera == b""


@pytest.mark.parametrize(
    "sent",
    [
        "RTSP/1.0 301 Moved\nCSeq: 1\nLocation: rtsp://elsewhere/",
        "RTSP/1.0 305 Use Proxy\nCSeq: 9",
        "REDIRECT rtsp://camera.test/ RTSP/1.0\nCSeq: 4\nLocation: rtsp://elsewhere/",
    ],
)
def test_every_way_to_send_viewers_elsewhere_ends_the_session(sent: str) -> None:
    asked = session()
    asked.from_player(message(f"OPTIONS {DOOR} RTSP/1.0\nCSeq: 1"))
    with pytest.raises(Redirected):
        asked.from_camera(message(sent))


def test_unanswered_requests_are_bounded() -> None:
    asked = session()
    with pytest.raises(NotRtsp):
        for number in range(100):
            asked.from_player(message(f"OPTIONS {DOOR} RTSP/1.0\nCSeq: {number}"))


def test_what_ffmpeg_authorizes_is_not_passed_on() -> None:
    asked = session()
    text = f"OPTIONS {DOOR} RTSP/1.0\nCSeq: 1\nAuthorization: Basic eDp5"
    assert b"Authorization" not in asked.from_player(message(text)).to_camera


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        (['Basic realm="a, b"', 'Digest realm="c", nonce=d'], ["basic", "digest"]),
        (
            ['Digest realm="c", nonce="d", qop="auth,auth-int", Basic realm="x"'],
            ["digest", "basic"],
        ),
        (["Negotiate, NTLM"], ["negotiate", "ntlm"]),
        ([""], []),
    ],
)
def test_challenges_are_read_as_cameras_write_them(header: list[str], schemes: list[str]) -> None:
    assert [each.scheme for each in challenges(header)] == schemes


@pytest.mark.parametrize(
    ("offers", "basic_allowed", "scheme"),
    [
        (['Digest realm="r"', 'Basic realm="r"'], False, None),
        (['Digest nonce="n", algorithm=MD4', 'Basic realm="r"'], True, "basic"),
        (['Digest nonce="n", qop="auth-int"'], True, None),
        (['Basic realm="r"', 'Digest nonce="n", algorithm=SHA-256'], True, "digest"),
    ],
)
def test_only_what_can_be_answered_is_chosen(
    offers: list[str], basic_allowed: bool, scheme: str | None
) -> None:
    found = chosen(challenges(offers), basic_allowed=basic_allowed)
    assert (None if found is None else found.scheme) == scheme


def answer_to(offer: str, credentials: Credentials, **more: str) -> dict[str, str]:
    (challenge,) = challenges([offer])
    value = authorization(
        challenge,
        credentials,
        method=more.get("method", "GET"),
        target=more["target"],
        count=1,
        client_nonce=more["client_nonce"],
    )
    return {name: text.strip('"') for name, text in re.findall(r'(\w+)=("[^"]*"|[^,]*)', value)}


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_are_answered_as_it_answers_them(
    algorithm: str, response: str
) -> None:
    offer = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", '
        f"algorithm={algorithm}, "
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    answer = answer_to(
        offer,
        Credentials("Mufasa", "Circle of Life"),
        target="/dir/index.html",
        client_nonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert answer["response"] == response
    assert (answer["nc"], answer["qop"]) == ("00000001", "auth")


def test_a_challenge_without_quality_is_answered_as_rfc_2617_has_it() -> None:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    answer = answer_to(
        'Digest realm="cam", nonce="n"', Credentials("u", "p"), method="PLAY", target="*",
        client_nonce="c",
    )  # fmt: skip
    assert answer["response"] == md5(f"{md5('u:cam:p')}:n:{md5('PLAY:*')}")
    assert not {"qop", "nc", "cnonce"} & answer.keys()


def test_a_realm_in_any_encoding_is_answered() -> None:
    (read_back,) = MessageReader().feed(
        b"RTSP/1.0 401 No\r\nCSeq: 1\r\n"
        b'WWW-Authenticate: Digest realm="Cam\xe9ra", nonce="n"\r\n\r\n'
    )
    assert isinstance(read_back, Message)
    asked = session(Credentials("admin", "secret"))
    asked.from_player(message(f"DESCRIBE {DOOR} RTSP/1.0\nCSeq: 1"))
    assert b'realm="Cam\xe9ra"' in asked.from_camera(read_back).to_camera
