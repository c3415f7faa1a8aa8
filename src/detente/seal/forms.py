# SPDX-License-Identifier: Apache-2.0
"""The written forms that several formats share (protocol §1, §2, §5); each matches a whole text."""

from __future__ import annotations

import re

MAX_INT = 2**53 - 1

hex16 = re.compile(r"[0-9a-f]{32}").fullmatch
hex32 = re.compile(r"[0-9a-f]{64}").fullmatch
office = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}").fullmatch
origin = re.compile(r"detente\.log/[0-9a-f]{32}").fullmatch
receipt_name = re.compile(r"detente\.receipt/[0-9a-f]{32}").fullmatch
decimal = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII).fullmatch
