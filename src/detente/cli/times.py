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


class Times(click.ParamType[tuple[int, int]]):
    """A time, or an interval as two of them with a slash between; given on as two milliseconds."""

    name = "times"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """First and last instant in ms; a usage error otherwise, also where the last is before the first."""
        if isinstance(value, tuple):
            return value
        first, _, last = str(value).partition("/")
        start = Time().convert(first, param, ctx)
        end = Time().convert(last, param, ctx) if last else start
        if end < start:
            self.fail(f"{value} ends before it begins", param, ctx)
        return start, end


at_option = click.option(
    "--at", type=Time(), metavar="TIME", help="The time to calculate with; now by default."
)
