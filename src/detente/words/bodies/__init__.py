# SPDX-License-Identifier: Apache-2.0
"""One model a kind, one file a group of kinds."""
