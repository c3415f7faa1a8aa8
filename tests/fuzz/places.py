# SPDX-License-Identifier: Apache-2.0
"""Where the corpus stands. Imports nothing of the program: what a run instruments is imported after this."""

from __future__ import annotations

import hashlib
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).resolve().parent / "corpus"
# Seeds and what a run adds stay small: a corpus is read at every test run.
MAX_SEED = 4096
MAX_SEEDS = 30


def name_of(raw: bytes) -> str:
    """A corpus file is named after its content."""
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()[:12]
