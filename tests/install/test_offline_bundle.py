# SPDX-License-Identifier: Apache-2.0
"""The offline bundle, made and installed as a ministry would: with no network, never if it was changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAIN = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "PYTHON": sys.executable,
    "LANG": "C.UTF-8",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / ".venv/bin/python").exists(), reason="make test has not set up .venv"),
]


def _offline(*command: str | Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run without any network where the system allows it; pip is told to use none in any case."""
    cut = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0
    whole = [*(["unshare", "--net"] if cut else []), *map(str, command)]
    return subprocess.run(whole, env=PLAIN | extra, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked bundle for the Python that runs the tests."""
    dist = tmp_path_factory.mktemp("dist")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = os.environ | {"DIST": str(dist), "PYTHONS": version}
    made = subprocess.run(
        [ROOT / "scripts/bundle.sh"], env=environment, capture_output=True, text=True, check=False
    )
    if made.returncode and "connection" in made.stderr.lower():
        pytest.skip("no package index can be reached, so no bundle can be made")
    assert made.returncode == 0, made.stderr
    (archive,) = dist.glob("detente-*-offline.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(dist, filter="data")
    return dist / archive.name.removesuffix(".tar.gz")


def test_it_installs_and_works_without_a_network(bundle: Path, tmp_path: Path) -> None:
    installed = _offline(bundle / "install", "--prefix", tmp_path / "prefix")
    assert installed.returncode == 0, installed.stderr
    program = tmp_path / "prefix/bin/detente"
    assert _offline(program, "--version").stdout.startswith("detente ")

    made = _offline(
        *(program, "init", tmp_path / "by", "--party", "BY", "--name", "Ministry"),
        *("--endpoint", "https://127.0.0.1:8801", "--json"),
        DETENTE_PASSPHRASE="service words",
        DETENTE_OFFICE_PASSPHRASE="office words",
        DETENTE_STATE_DIR=str(tmp_path / "state"),
    )
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "by/store.db").exists()


def test_installing_again_leaves_the_running_one_alone(bundle: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert _offline(bundle / "install", "--prefix", tmp_path).returncode == 0
    folders = sorted(path.name for path in tmp_path.iterdir() if path.name != "bin")
    assert len(folders) == 2
    assert (tmp_path / "bin/detente").resolve().is_relative_to(tmp_path / folders[1])


def test_a_changed_file_stops_it_before_anything_is_installed(bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    wheel = next(copy.glob("wheels/detente-*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"x")
    refused = _offline(copy / "install", "--prefix", tmp_path / "prefix")
    assert refused.returncode == 1
    assert "nothing was installed" in refused.stderr
    assert not (tmp_path / "prefix").exists()


def test_the_sums_cannot_be_passed_over_by_changing_them(bundle: Path, tmp_path: Path) -> None:
    """Even with a matching SHA256SUMS, pip takes only wheels with the hashes of requirements.txt."""
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    wheel = next(copy.glob("wheels/idna-*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"x")
    refused = _offline(copy / "install", "--prefix", tmp_path / "prefix", "--unchecked")
    assert refused.returncode == 1
    assert not (tmp_path / "prefix/bin/detente").exists()


def test_the_list_of_parts_names_every_library(bundle: Path) -> None:
    parts = json.loads((bundle / "sbom.cdx.json").read_bytes())["components"]
    listed = {part["name"].lower().replace("_", "-") for part in parts}
    wheels = {path.name.split("-")[0].lower().replace("_", "-") for path in (bundle / "wheels").glob("*.whl")}
    assert wheels - {"detente", "pip"} <= listed
