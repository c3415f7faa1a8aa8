# SPDX-License-Identifier: Apache-2.0
"""A running party: store, keystore, paths, desk, watch (the only room below the console that does I/O)."""
