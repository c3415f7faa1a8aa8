# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests."""

from __future__ import annotations

import gc
import sys

import pytest
from hypothesis import settings

from tests.examples import FAST

# Nothing is tested with a clock: a busy machine is slow, not wrong.
settings.register_profile("detente", deadline=None)
# Without the slow tests a property is tried with fewer examples too; all of them are for `make test`.
settings.register_profile(FAST, deadline=None, max_examples=20)

# Rewriting the asserts of all tests takes seconds in each process. It is kept in __pycache__, where it is
# looked for anyway, also where Python was told to keep nothing.
sys.dont_write_bytecode = False

# For the format "iri", which no schema here has, jsonschema has it build grammars for seconds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile(FAST if "not slow" in config.getoption("markexpr") else "detente")


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
