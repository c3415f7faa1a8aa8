# SPDX-License-Identifier: Apache-2.0
"""All targets, by room."""

from __future__ import annotations

from tests.fuzz import (
    fuzz_formats,
    fuzz_line,
    fuzz_log,
    fuzz_node,
    fuzz_press,
    fuzz_record,
    fuzz_seal,
    fuzz_web,
    fuzz_words,
)
from tests.fuzz.kit import TARGETS

__all__ = ["ROOMS", "TARGETS"]
ROOMS = (
    fuzz_seal,
    fuzz_log,
    fuzz_words,
    fuzz_line,
    fuzz_record,
    fuzz_press,
    fuzz_formats,
    fuzz_node,
    fuzz_web,
)
