# SPDX-License-Identifier: Apache-2.0
"""Detente keeps a line open between authorities that do not trust each other."""

__version__ = "0.1.0"
