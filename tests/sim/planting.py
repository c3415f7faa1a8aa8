# SPDX-License-Identifier: Apache-2.0
"""What a planted bug is, and how it gets into a copy of the program.

A plant changes a few characters of the source, as somebody would who breaks the program on purpose or by
mistake; or it patches the running code where a few characters do not suffice. Beside it stands what has to
find it: the simulation, from a seed, or named tests.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "detente"


@dataclass(frozen=True)
class Edit:
    """In ``file`` (below ``src/detente``) the text ``old``, which stands there once, becomes ``new``."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Plant:
    """One bug. ``edits`` or ``patch`` (a name in ``planted.PLANTS``); ``finds``: node ids of tests, or
    ``sim`` with a seed, a number of parties and how many worlds it takes at most: ``sim:seed:2:40``."""

    name: str
    finds: tuple[str, ...]
    edits: tuple[Edit, ...] = ()
    patch: str = ""

    @property
    def room(self) -> str:
        """Where it is planted."""
        return self.edits[0].file.partition("/")[0] if self.edits else "line"


def plant(name: str, where: str, old: str, new: str, *finds: str) -> Plant:
    """A plant of one edit; tests are named from ``tests/`` on."""
    named = (one if one.startswith("sim:") else f"tests/{one}" for one in finds)
    return Plant(name, tuple(named), (Edit(where, old, new),))


def changed(edit: Edit, source: Path = SOURCE) -> str:
    """The text of the file with the edit in it. Raises ValueError where ``old`` does not stand there once:
    the program was changed, and the plant has to follow."""
    text = (source / edit.file).read_text()
    if text.count(edit.old) != 1:
        raise ValueError(f"{edit.file} has {text.count(edit.old)} times, not once: {edit.old!r}")
    return text.replace(edit.old, edit.new)


def copy_with(edits: tuple[Edit, ...], folder: Path) -> None:
    """The package in ``folder``, made of links to the files of this one, but for those that are edited.

    Compiled files are linked too: only what was edited is compiled again.
    """
    target = folder / "detente"
    for place, _, names in os.walk(SOURCE):
        inside = target / Path(place).relative_to(SOURCE)
        inside.mkdir(parents=True, exist_ok=True)
        for name in names:
            (inside / name).symlink_to(Path(place, name))
    for edit in edits:
        file = target / edit.file
        text = changed(edit, target)
        file.unlink()
        file.write_text(text)
        for stale in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            stale.unlink()
