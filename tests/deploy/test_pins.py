"""Every package is installed with a hash, and no committed file names a package index."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.container import ROOT, SERVICES
from tests.deploy.image import UV, stages

LOCKS = ("pins/installer.lock", "pins/packages.lock")
MEMBERS = sorted(
    str(path.parent.relative_to(ROOT))
    for pattern in ("contracts", "libs/*", "services/*", "deploy/local")
    for path in ROOT.glob(f"{pattern}/pyproject.toml")
)


def project(folder: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))


def named(requirement: str) -> str:
    """The normal form of the name that a requirement begins with."""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def own_names() -> set[str]:
    lines = (ROOT / "pins/members.txt").read_text("utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def locked(lock: str) -> dict[str, list[str]]:
    """Name to hashes. Fails on a line that is neither a pin, a hash nor a comment."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        pin = re.fullmatch(r"([a-z0-9-]+)==\S+ \\", line)
        digest = re.fullmatch(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?", line)
        if pin:
            found[pin[1]] = []
        else:
            assert digest, f"{lock}: {line}"
            found[list(found)[-1]].append(digest[1])
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_has_a_hash(lock: str) -> None:
    assert all(locked(lock).values())


def test_every_requirement_is_in_the_lock() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    wanted = [requirement for group in groups.values() for requirement in group]
    for member in MEMBERS:
        described = project(member)["project"]
        wanted += described["dependencies"]
        for extra in described.get("optional-dependencies", {}).values():
            wanted += extra
    missing = {named(each) for each in wanted} - own_names() - locked("pins/packages.lock").keys()
    assert not missing, "run make pins"


def test_notices_are_of_the_locked_versions() -> None:
    text = (ROOT / "THIRD_PARTY_NOTICES.md").read_text("utf-8").split("## Packages")[1]
    versions = dict(re.findall(r"^\| ([a-z0-9-]+) \| (\d\S*) \|", text, re.MULTILINE))
    assert len(versions) > 80
    locks = "\n".join((ROOT / lock).read_text("utf-8") for lock in LOCKS)
    for name, version in versions.items():
        assert f"\n{name}=={version} \\\n" in locks, f"{name}: make setup, then make generate"


def test_what_members_are_built_with_is_in_the_lock() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    for member in MEMBERS:
        assert set(project(member)["build-system"]["requires"]) <= set(groups["build"]), member


def test_members_are_never_looked_for_in_an_index() -> None:
    assert own_names() == {project(member)["project"]["name"] for member in MEMBERS}


def test_a_package_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    """As images install: a hash that no file of the package has stops the installation."""
    lock = (ROOT / "pins/packages.lock").read_text("utf-8")
    pin, entry = r"iniconfig==.+ \\\n", r"(?:    --hash=.+\n)+"
    false = re.sub(rf"(?<=\n)({pin})({entry})", rf"\1    --hash=sha256:{'0' * 64}\n", lock)
    assert false != lock
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\nversion = "1"\ndependencies = ["iniconfig>=1"]\n'
    )
    subprocess.run([str(UV), "venv", "--quiet"], cwd=tmp_path, check=True)
    for given, refused in ((lock, False), (false, True)):
        (tmp_path / "packages.lock").write_text(given)
        done = subprocess.run(
            [str(UV), "pip", "install", "--python", ".venv", "--reinstall", "--require-hashes",
             "-c", "packages.lock", "-r", "pyproject.toml"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ("Hash mismatch" in done.stderr) == refused == bool(done.returncode), done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_images_install_by_hash_alone(service: str) -> None:
    build, final = stages(service)
    commands = [c for word, rest in build if word == "RUN" for c in rest.split("&&")]
    installs = [command for command in commands if " install " in command]
    assert len(installs) == 3
    for command in installs:
        by_hash = "--require-hashes" in command
        assert by_hash or ("--no-deps" in command and "--require-build-hashes" in command), command
    assert not [rest for word, rest in final if word == "RUN" and "install -" not in rest
                and " install" in rest]  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_the_base_image_takes_a_digest(service: str) -> None:
    text = (ROOT / f"services/{service}/Dockerfile").read_text("utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases == ["${PYTHON_IMAGE}${PYTHON_DIGEST}"] * 2
    assert "ARG PYTHON_DIGEST=\n" in text and re.search(r"^ARG PYTHON_IMAGE=\S+:\S+$", text, re.M)


def test_no_committed_file_names_a_package_index() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files are ours is not known")
    index = re.compile(rb"--(?:extra-|default-)?index(?:-url)?[ =]+\S*://|find-links[ =]+\S*/"
                       rb"|pythonhosted\.org|pypi\.org/simple")  # fmt: skip
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            assert not index.search(path.read_bytes()), name
    assert not (ROOT / "uv.lock").exists() or "uv.lock" not in listed.stdout.decode()
