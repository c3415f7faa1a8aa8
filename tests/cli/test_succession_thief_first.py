# SPDX-License-Identifier: Apache-2.0
"""The member heard the copy before the original: the line goes on, and its record is valid, fork and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.kit import Pair
from tests.cli.test_succession import (
    ROOT,
    copied,
    goes_on,
    log,
    pair,
    proven,
    say,
    serve_copy,
    until,
)

pytestmark = pytest.mark.slow
__all__ = ["pair"]  # the fixture


@pytest.fixture
def heard_the_copy(pair: Pair, tmp_path: Path) -> Pair:
    """UA has an entry by the copy at the place where the original has another one."""
    variables = copied(pair)
    assert pair.stop("ua") == 0
    say(pair, "by", "by the original", "kept")
    assert pair.stop("by") == 0
    say(pair, "copy", "by the copy", "kept", **variables)
    pair.serve("ua")
    serve_copy(pair, variables)
    until(lambda: "by the copy" in log(pair, "ua"), "UA did not hear the copy")
    assert pair.stop("copy") == 0
    return pair


def test_the_line_goes_on_for_the_original(heard_the_copy: Pair) -> None:
    pair = heard_the_copy
    pair.serve("by")
    for home in ("ua", "by"):
        until(lambda home=home: proven(pair, home), f"{home} has no proof")  # type: ignore[misc]
    assert pair.stop("by") == 0
    pair.run.ok("keys", "succeed", "by", "--root", ROOT, "--reason", "a copy was put to work")
    pair.serve("by")
    goes_on(pair)
    report = pair.json("verify", "ua.zip")
    assert any("two histories" in note for note in report["notes"])
    assert "by the original" in log(pair, "by") and "by the original" not in log(pair, "ua")
