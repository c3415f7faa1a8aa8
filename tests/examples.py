# SPDX-License-Identifier: Apache-2.0
"""How much is tried where the slow tests are left out, as by `make test-fast`."""

from __future__ import annotations

from hypothesis import settings

FAST = "fast"


def fast() -> bool:
    """Whether this is such a run."""
    return settings.get_current_profile_name() == FAST


def examples(all_of_them: int) -> int:
    """With how many examples a property is tried: a fifth where it is to be fast."""
    return all_of_them // 5 if fast() else all_of_them
