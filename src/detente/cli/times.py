# SPDX-License-Identifier: Apache-2.0
"""Times on the command line: RFC 3339 in UTC outside, milliseconds inside."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def now_ms() -> int:
    """The clock of this machine, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def show(ms: int | None) -> str:
    """RFC 3339 in UTC; a dash for no time."""
    from detente.record.entry import rfc3339

    return "-" if ms is None else rfc3339(ms)


class Time(click.ParamType[int]):
    """An RFC 3339 time (a date alone is its first instant in UTC), given on as milliseconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds since 1970; a usage error otherwise."""
        from detente.errors import UsageError
        from detente.record.entry import parse_rfc3339

        if isinstance(value, int):
            return value
        try:
            return parse_rfc3339(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


at_option = click.option(
    "--at", type=Time(), metavar="TIME", help="The time to calculate with; now by default."
)
