# SPDX-License-Identifier: Apache-2.0
"""The project's own files, as the tests of this folder see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE_HERE = {".git", ".venv", ".make", "build", "dist", "__pycache__", ".hypothesis"}
DOCS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "scripts/offline/README",
]


def files() -> Iterator[Path]:
    """Every file of the project that is not made by a build, a test or a tool."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(p in MADE_HERE or p.endswith(("_cache", ".egg-info")) for p in parts):
            yield path


def text(path: Path) -> str | None:
    """The file's text, or None for a picture or another binary."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
