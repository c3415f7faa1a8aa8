# SPDX-License-Identifier: Apache-2.0
"""One party's side of a channel as a state machine: what comes in, what must go out. No I/O, no clock."""
