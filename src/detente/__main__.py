# SPDX-License-Identifier: Apache-2.0
"""``python -m detente`` is the ``detente`` program."""

from __future__ import annotations

from detente.cli.main import main

if __name__ == "__main__":
    main()
