# SPDX-License-Identifier: Apache-2.0
"""Links lead somewhere, decisions are listed, libraries have reasons, and nothing names one machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs import tree

ROOT: Path = tree.ROOT
DECISIONS = ROOT / "docs" / "decisions"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted(ROOT.glob("requirements*.txt"))


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", tree.DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.name} links to {target}, which is not there"
        if anchor:
            assert anchor in _anchors(file), f"{path.name} links to {target}: no such heading"


def test_every_decision_is_in_the_index_and_has_its_parts() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    records = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [record.name[:4] for record in records] == [f"{n:04d}" for n in range(1, len(records) + 1)]
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert f"({record.name})" in index
        assert re.match(rf"# {record.name[:4]} \S", text)
        for part in ("Status: ", "## Context", "## Decision", "## Considered", "## What follows"):
            assert part in text, f"{record.name}: {part}"


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_.-]", one)[0].lower() for one in requirements}


def test_every_library_has_a_reason_and_a_locked_version() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name in _names(PROJECT["project"]["dependencies"]):
        assert f"| `{name}` |" in index, f"{name} has no reason in docs/decisions"
        assert re.search(rf"^{re.escape(name)}==", lock, re.M), f"{name} is not locked: make lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_every_locked_library_has_hashes(lock: Path) -> None:
    for block in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip()):
        assert re.match(r"[a-z0-9][a-z0-9.-]*==", block), block.splitlines()[0]
        assert "--hash=sha256:" in block


def test_the_test_lock_has_the_run_locks_versions() -> None:
    pins = [dict(re.findall(r"^(\S+)==(\S+)", lock.read_text(encoding="utf-8"), re.M)) for lock in LOCKS]
    for one in pins:
        for other in pins:
            assert all(other.get(name, version) == version for name, version in one.items())


# A path that exists on one machine only, and an address that something is fetched from.
MACHINE = re.compile(r"(?<![A-Za-z0-9_.~])/(?:root|home|Users|work|mnt)/[A-Za-z.]")
ADDRESS = re.compile(
    r'--(?:extra-)?index[-]url|--find[-]links|"resolved": *"http|registry *= *"http'
    r"|files\.pythonhosted\.|pypi\.org/simple|registry\.npmjs"
)


def test_no_file_names_one_machine_or_a_download_address() -> None:
    here = Path(__file__).resolve()
    bad = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tree.files()
        if path != here and (text := tree.text(path)) is not None
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE.search(line) or ADDRESS.search(line)
    ]
    assert not bad, "\n".join(bad)


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
