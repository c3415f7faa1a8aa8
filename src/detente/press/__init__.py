# SPDX-License-Identifier: Apache-2.0
"""The public record: a page in, findings with spans out, and their comparison."""
