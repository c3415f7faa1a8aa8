# SPDX-License-Identifier: Apache-2.0
"""The vocabulary: statements, kinds and their bodies, charters, phrases. Pure data."""
