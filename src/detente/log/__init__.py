# SPDX-License-Identifier: Apache-2.0
"""The log as others' tools know it: Merkle tree, signed notes, checkpoints, receipts, tiles, proofs."""
