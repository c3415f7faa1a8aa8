# SPDX-License-Identifier: Apache-2.0
"""The judge, built once a run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

GOPATH = Path("/usr/share/gocode")


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go with golang.org/x/mod is not installed (Debian: golang-go, golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("judge")
    env = {"GOCACHE": str(folder / "cache")} | os.environ | {"GO111MODULE": "off", "GOPATH": str(GOPATH)}
    sources = [Path(__file__).with_name(name) for name in ("main.go", "fork.go")]
    subprocess.run(["go", "build", "-o", folder / "judge", *sources], env=env, check=True)
    return folder / "judge"
