# SPDX-License-Identifier: Apache-2.0
"""Canonical bytes, keys, signatures, commitments and packets: pure functions over bytes."""
