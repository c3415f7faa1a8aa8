# SPDX-License-Identifier: Apache-2.0
"""Reads the list of mutants that no test notices, each with the reason why that is right."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOMS = ("seal", "log", "line")
LIST = Path(__file__).with_name("survivors.toml")


def accepted() -> dict[str, dict[str, str]]:
    """File to what is changed to why nobody need notice."""
    held = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return {str(file): {str(key): str(why) for key, why in lines.items()} for file, lines in held.items()}
