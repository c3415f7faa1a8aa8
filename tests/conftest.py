# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# Nothing is tested with a clock: a busy machine is slow, not wrong.
settings.register_profile("detente", deadline=None)
settings.load_profile("detente")
