# SPDX-License-Identifier: Apache-2.0
"""Whatever a test of this room does, no write may do what the state tables do not have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.examples import fast
from tests.line.observed import Observer, watch
from tests.sim import memo


@pytest.fixture(autouse=True)
def observed(monkeypatch: pytest.MonkeyPatch) -> Observer:
    """The transitions of this test."""
    return watch(monkeypatch)


@pytest.fixture(autouse=True)
def computed_once() -> Iterator[None]:
    """Within a test a signature is verified once, by whichever party comes first; if it is to be fast, the
    results of the other pure functions are shared too."""
    with contextlib.ExitStack() as stack:
        if fast():
            stack.enter_context(memo.shared())
        else:
            memo.signatures(stack)
        yield
