# SPDX-License-Identifier: Apache-2.0
"""What the tests of the program share: two nodes that serve."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.kit import Pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """BY and UA, serving, with a channel open: the same two for all tests of a file."""
    made = Pair(tmp_path_factory.mktemp("pair"))
    try:
        made.make()
        made.serve("by")
        made.serve("ua")
        made.open()
        yield made
    finally:
        made.close()
