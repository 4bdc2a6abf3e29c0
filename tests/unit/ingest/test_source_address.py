"""No address holds a password: it is refused in words, or sealed apart from the address."""

import pytest

from payesh.ingest.domain.source_address import BadAddress, filled, parted, shown


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://admin:secret@192.0.2.7/live",
        "rtsp://admin:se#cret@192.0.2.7/live",
        "rtsp://admin:se/cret@192.0.2.7/live",
        "rtsp://admin:se?cret@192.0.2.7/live",
        "rtsp://admin:/secret@192.0.2.7:554/live",
        "rtsp://admin:12#34secret@192.0.2.7/live",
        "rtsp://admin:secret%40192.0.2.7/live",
        "rtsp://admin:se%23cret@192.0.2.7/live",
        "rtsp://192.0.2.7/user=admin&password=se/cret&channel=1",
        "rtsp://192.0.2.7/user=admin&password=x&secret&channel=1",
        "rtsp://192.0.2.7/live?pwd=secret&token=secret2",
        "rtsp://192.0.2.7\r\nX: secret/live",
        "rtsp://192.0.2.7:secret/live",
        "rtsp://[2001:db8::7]secret/live",
        "rtsp://192.0.2.7/?user=admin?password=secret",
        "rtsp://192.0.2.7/user:admin;password:secret",
        "rtsp://192.0.2.7/password%3Asecret",
        "rtsp://192.0.2.7/live?u=admin&p=secret",
        "rtsp://192.0.2.7/live?p=secret&u=admin",
        "rtsp://192.0.2.7/live?user=admin&channel=1&p=secret",
        "rtsp://192.0.2.7/live?usr=admin&passw=secret",
        "rtsp://192.0.2.7/live?user=admin&pas=secret",
        "rtsp://192.0.2.7/live?user=admin&passwort=secret",
        "rtsp://192.0.2.7/live?user=admin&password1=secret",
        "rtsp://192.0.2.7/live?password[]=secret",
        "rtsp://192.0.2.7/live?password%20=secret",
        "rtsp://192.0.2.7/live?password+=secret",
        "rtsp://192.0.2.7/live?pwd64=secret",
        "rtsp://192.0.2.7/live?pass%2577ord=secret",
        "rtsp://192.0.2.7/live?password%253Dsecret",
        "rtsp://192.0.2.7/user/admin/password/secret/ch1",
        "rtsp://192.0.2.7/admin:secret/ch1",
        "rtsp://192.0.2.7/live%3Fuser%3Dadmin%26password%3Dsecret",
        "rtsp://192.0.2.7/live?user=admin%26password=secret",
        "rtsp://192.0.2.7/live?user=admin%3Bpwd%3Dsecret&channel=1",
    ],
)
def test_a_password_that_cannot_be_told_from_the_address_is_refused_in_words(url: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parted(url, None, None)
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (
            "rtsp://192.0.2.7/user=admin&password=s3cret!&channel=1&stream=0.sdp",
            "rtsp://192.0.2.7/user={username}&password={password}&channel=1&stream=0.sdp",
        ),
        (
            "rtsp://192.0.2.7/user=admin_password=s3cret!_channel=1_stream=0.sdp",
            "rtsp://192.0.2.7/user={username}_password={password}_channel=1_stream=0.sdp",
        ),
        (
            "rtsp://192.0.2.7:554/cam/realmonitor?channel=1&user=admin&Pwd=s3cret!",
            "rtsp://192.0.2.7:554/cam/realmonitor?channel=1&user={username}&Pwd={password}",
        ),
        (
            "rtsp://192.0.2.7/live?usr=admin&%70assw%6Frd%3Ds3cret!",
            "rtsp://192.0.2.7/live?usr={username}&password={password}",
        ),
    ],
)
def test_a_password_among_the_parameters_is_sealed_apart_and_the_camera_is_still_reached(
    url: str, kept: str
) -> None:
    address = parted(url, None, None)
    assert address == (kept, "admin", "s3cret!")
    assert "s3cret" not in shown(url)
    opened = filled(*address)
    assert opened.replace("password=", "%70assw%6Frd%3D") == url or opened == url
    assert parted(kept, "admin", "s3cret!") == address


@pytest.mark.parametrize(
    "parameter",
    ["loginpas", "userpwd", "userpass", "user_pass", "login_pass", "accesstoken", "secretkey",
     "accessKey", "key", "passcode", "psd", "pin", "signature", "Userpasswd"],
)  # fmt: skip
def test_what_may_be_a_password_is_sealed_under_any_name(parameter: str) -> None:
    url = f"rtsp://192.0.2.7/live?channel=1&{parameter}=s3cret&subtype=0"
    address = parted(url, None, None)
    assert address == (url.replace("s3cret", "{password}"), None, "s3cret")
    assert filled(*address) == url


@pytest.mark.parametrize("before", ["%3F", "%2F", "%26", "%2f"])
def test_a_password_behind_an_escaped_sign_is_sealed_too(before: str) -> None:
    url = f"rtsp://192.0.2.7/live{before}password=s3cret"
    assert parted(url, None, None) == (url.replace("s3cret", "{password}"), None, "s3cret")
    assert "s3cret" not in shown(url)


def test_short_names_are_taken_with_places_for_name_and_password() -> None:
    url = "rtsp://192.0.2.7/live?u={username}&p={password}"
    address = parted(url, "admin", "s3cret")
    assert address == (url, "admin", "s3cret")
    assert filled(*address) == "rtsp://192.0.2.7/live?u=admin&p=s3cret"


def test_a_password_in_its_field_goes_into_the_place_that_the_address_names() -> None:
    address = parted("rtsp://192.0.2.7/u?password={password}", None, "a&b/c")
    assert filled(*address) == "rtsp://192.0.2.7/u?password=a%26b%2Fc"
    with pytest.raises(BadAddress):
        parted("rtsp://192.0.2.7/u?password=one", None, "another")


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://192.0.2.7/admin/s3cret!/ch1",
        "rtsp://192.0.2.7/admin/s3cret%21/ch1",
        "rtsp://192.0.2.7/live?x=s3cret!&y=1",
        "rtsp://192.0.2.7/admin_s3cret!_ch1",
    ],
)
def test_an_address_that_holds_the_password_of_its_field_is_refused_in_words(url: str) -> None:
    with pytest.raises(BadAddress, match=r"\{password\}") as refused:
        parted(url, "admin", "s3cret!")
    assert "s3cret" not in str(refused.value)
    assert parted(url, "admin", "another").password == "another"
    assert parted("rtsp://192.0.2.7/ch/1", "admin", "1").password == "1"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (" rtsp://192.0.2.7/live ", "rtsp://192.0.2.7/live"),
        ("RTSP://192.0.2.7/Live", "rtsp://192.0.2.7/Live"),
        ("rtsp://192.0.2.7/تصویر ۱", "rtsp://192.0.2.7/%D8%AA%D8%B5%D9%88%DB%8C%D8%B1%20%DB%B1"),
        ("rtsp://[2001:db8::7]:554/live", "rtsp://[2001:db8::7]:554/live"),
        ("rtsp://192.0.2.7/bypass=1&compass=2", "rtsp://192.0.2.7/bypass=1&compass=2"),
        (
            "rtsp://192.0.2.7/a?profile=Profile_1&user=x",
            "rtsp://192.0.2.7/a?profile=Profile_1&user=x",
        ),
    ],
)
def test_other_addresses_stay_as_they_are(url: str, kept: str) -> None:
    assert parted(url, "viewer", "a secret") == (kept, "viewer", "a secret")


@pytest.mark.parametrize("url", ["rtsp://admin:se/cret@192.0.2.7/", "rtsp://a/?password=secret"])
def test_an_address_stored_with_a_password_is_shown_without(url: str) -> None:
    assert "secret" not in shown(url)
    assert "cret" not in shown(url)
