# SPDX-License-Identifier: Apache-2.0
"""Clocks in words: "42 min left, due 14:30 UTC (16:30 here)"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_EDTF = re.compile(r"([0-9]{4}|XXXX)(?:-([0-9]{2})(?:-([0-9]{2}))?)?([?~%])?", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def length(ms: int) -> str:
    """A length of time, rounded down, in one unit: ``42 min``, ``46 h``, ``3 d``."""
    ms = abs(ms)
    if ms < _MINUTE:
        return f"{ms // _SECOND} s"
    if ms < 2 * _HOUR:
        return f"{ms // _MINUTE} min"
    if ms < 3 * _DAY:
        return f"{ms // _HOUR} h"
    return f"{ms // _DAY} d"


def left(due: int, now: int) -> str:
    """``42 min left`` before ``due``, ``overdue 3 d`` after it (both milliseconds UTC)."""
    return f"{length(due - now)} left" if due >= now else f"overdue {length(now - due)}"


def moment(ms: int, now: int, *, local_offset: int | None = None) -> str:
    """A time as short as ``now`` allows: day and year only where they are not today's.

    ``local_offset``: minutes east of UTC; the local time then stands beside it.
    """
    shown = _on(ms, now, UTC) + " UTC"
    if local_offset is not None:
        shown += f" ({_on(ms, now, timezone(timedelta(minutes=local_offset)))} here)"
    return shown


def due(due_ms: int, now: int, *, local_offset: int | None = None) -> str:
    """The whole clock: ``42 min left, due 14:30 UTC (16:30 here)``."""
    return f"{left(due_ms, now)}, due {moment(due_ms, now, local_offset=local_offset)}"


def day(ms: int) -> str:
    """``14 Feb 2022`` (UTC)."""
    at = _moment(ms, UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def clock(ms: int) -> str:
    """``09:30`` (UTC)."""
    return f"{_moment(ms, UTC):%H:%M}"


def dated(edtf: str) -> str:
    """An EDTF date in words: ``about Nov 2021``, ``14 Feb, year not stated``; any other text as it is."""
    match = _EDTF.fullmatch(edtf)
    if match is None:
        return edtf
    year, month, number, doubt = match.groups()
    if month and not 1 <= int(month) <= 12:
        return edtf
    parts = [str(int(number)) if number else "", _MONTHS[int(month) - 1] if month else ""]
    parts.append("" if year == "XXXX" else year)
    shown = " ".join(part for part in parts if part)
    if year == "XXXX":
        shown = f"{shown}, year not stated" if shown else "year not stated"
    words = {"~": f"about {shown}", "?": f"{shown}, uncertain", "%": f"about {shown}, uncertain"}
    return words.get(doubt or "", shown)


def _on(ms: int, now: int, zone: timezone) -> str:
    at, today = _moment(ms, zone), _moment(now, zone)
    if at.date() == today.date():
        return f"{at:%H:%M}"
    date = f"{at.day} {_MONTHS[at.month - 1]}"
    return f"{date} {at:%H:%M}" if at.year == today.year else f"{date} {at.year} {at:%H:%M}"


def _moment(ms: int, zone: timezone) -> datetime:
    # The bounds leave a day on either side for the zone; a hostile time is shown as the nearest one.
    seconds = min(max(ms // 1000, -62_135_510_400), 253_402_214_400)
    return datetime.fromtimestamp(seconds, zone)
