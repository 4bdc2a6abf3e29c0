"""Passwords that are refused because others guess them first."""

import hashlib
from pathlib import Path

import pytest

from payesh.access.adapters.guessable_passwords import GuessablePasswords
from payesh.kit.errors import SettingsError


@pytest.mark.parametrize(
    "password",
    ["Password1234!", "passwordpassword", "qwertyuiop123", "iloveyou12345", "reza.karimi1402"],
)
def test_a_password_that_is_guessed_early_is_refused(password: str) -> None:
    assert "easy to guess" in (GuessablePasswords().fault(password, "reza.karimi") or "")


@pytest.mark.parametrize("password", ["correct horse battery", "گذرواژهٔ بلند و خوب", "x7Kq-" * 60])
def test_a_long_phrase_of_unrelated_words_is_taken(password: str) -> None:
    assert GuessablePasswords().fault(password, "reza.karimi") is None


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def test_every_password_of_the_deployments_list_is_refused(tmp_path: Path) -> None:
    breached = [f"correct horse battery {n}" for n in range(500)]
    file = tmp_path / "breached.txt"
    lines = [f"{digest}:{10 ** (n % 7)}" for n, digest in enumerate(sorted(map(sha1, breached)))]
    file.write_bytes("\r\n".join(lines).encode())
    passwords = GuessablePasswords(file)
    assert all("breach" in (passwords.fault(each, "u") or "") for each in breached)
    assert not any(passwords.fault(f"{each}, unheard of", "u") for each in breached[:50])


@pytest.mark.parametrize(
    "content", [b"", b"123456\n", b"B" * 40 + b"\n" + b"A" * 40 + b"\n", b"a" * 40 + b"\n"]
)
def test_another_file_is_refused_at_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "breached.txt"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="breached"):
        GuessablePasswords(file)
