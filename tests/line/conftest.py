# SPDX-License-Identifier: Apache-2.0
"""Whatever a test of this room does, no write may do what the state tables do not have."""

from __future__ import annotations

import pytest

from tests.line.observed import Observer, watch


@pytest.fixture(autouse=True)
def observed(monkeypatch: pytest.MonkeyPatch) -> Observer:
    """The transitions of this test."""
    return watch(monkeypatch)
