# SPDX-License-Identifier: Apache-2.0
"""Text that others wrote, made safe to look at; times in UTC first, then as it is here."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from detente.errors import RefusedError
from detente.record import duration
from detente.record.entry import Entry, rfc3339
from detente.words.charter import Charter
from detente.words.phrases import render_phrase
from detente.words.render import label, plain

LIST_LIMIT = 600
# A clock with less than this left is running out (ms).
SOON = 7_200_000
ROWS, LIST_ROWS = 200, 8
PAGE_LIMIT = 60_000
# The first of these that a body has is what it says; the rest is shown as a table.
MAIN = ("text", "concern", "what", "name", "title")
_LOCAL_DAY = re.compile(r"(\d+ \w+ (?:\d{4} )?)(\d\d:\d\d) UTC \(\1(\d\d:\d\d) here\)")
_LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
# Format characters, surrogates, private use: none is needed to read a text, each can make it lie.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_KEPT = frozenset("\n\t")
# More marks on one letter than any script needs would run over the lines around it.
_MARKS = re.compile(r"((?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]){4})"
                    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")  # fmt: skip


@dataclass(frozen=True)
class Content:
    """What an entry says: ``main`` its words, ``rows`` the rest, ``cut`` characters left out."""

    kind: str
    main: str
    lang: str
    rows: tuple[tuple[str, str], ...]
    cut: int = 0


def visible(text: str) -> Markup:
    """Escaped, with every control, direction and invisible character written out as ``U+202E``."""
    shown: list[Markup | str] = []
    for run, hidden in _runs(_MARKS.sub(r"\1", text.replace("\r\n", "\n"))):
        shown.append(
            Markup('<span class="hidden-char">U+{:04X}</span>').format(ord(run)) if hidden else escape(run)
        )
    return Markup("").join(shown)


def _runs(text: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    start = 0
    for place, character in enumerate(text):
        if character not in _KEPT and unicodedata.category(character) in _HIDDEN:
            if start < place:
                found.append((text[start:place], False))
            found.append((character, True))
            start = place + 1
    if start < len(text):
        found.append((text[start:], False))
    return found


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters, with an ellipsis where more was there."""
    return text if len(text) <= limit else text[:limit].rstrip() + "…"


def lang_of(value: object) -> str:
    """A language tag fit for a ``lang`` attribute, or ""."""
    return value if isinstance(value, str) and len(value) <= 35 and _LANG.fullmatch(value) else ""


def content_of(
    kind: str, body: Mapping[str, Any] | None, charter: Charter | None, limit: int = PAGE_LIMIT
) -> Content:
    """The words of a body of any kind, known or not; never raises."""
    name = label("kinds", kind)
    if kind == "phrase" and body is not None:
        name = f"{name} {clip(str(body.get('code', '')), 16)}"
    if body is None:
        return Content(name, "", "", ())
    whole = limit > LIST_LIMIT
    main, used = _main(kind, body, charter)
    rest = {field: value for field, value in body.items() if field not in used}
    lines = plain(kind, rest, limit=2_000 if whole else 160).splitlines()[1:]
    pairs = (line.partition(": ") for line in lines[: ROWS if whole else LIST_ROWS])
    rows = tuple((head, duration.dated(value)) for head, _, value in pairs if value)
    lang = lang_of(body.get("lang"))
    if kind == "charter" and not whole:
        rows = ()
    return Content(name, clip(main, limit), lang, rows, max(0, len(main) - limit))


def entry_content(entry: Entry, charter: Charter | None, limit: int = PAGE_LIMIT) -> Content:
    """The words of an entry."""
    return content_of(entry.kind, entry.body, charter, limit)


def _main(kind: str, body: Mapping[str, Any], charter: Charter | None) -> tuple[str, set[str]]:
    parameters = body.get("parameters", {})
    if kind == "phrase" and charter is not None and isinstance(parameters, Mapping):
        try:
            sentence = render_phrase(charter, str(body.get("code", "")), parameters, "en")
        except RefusedError:
            return "", set()
        return sentence, {"code", "parameters", "book"}
    if kind == "charter":
        return str(body.get("purpose") or ""), {"purpose"}
    if kind in ("genesis", "credential", "epoch.grant"):
        return "", set()
    for field in MAIN:
        value = body.get(field)
        if isinstance(value, str) and value.strip():
            return value.strip(), {field, "lang"}
    return "", set()


# Times ---------------------------------------------------------------------------------------------------


def offset_minutes(ms: int) -> int:
    """How far this machine's clock zone is east of UTC at that time."""
    try:
        return int(time.localtime(ms // 1000).tm_gmtoff // 60)
    except (OverflowError, ValueError, OSError):
        return 0


def at(ms: int | None, now: int) -> str:
    """``14:30 UTC (16:30 here)``; only UTC where that is the time here."""
    if ms is None:
        return "not known"
    offset = offset_minutes(ms)
    return _same_day(duration.moment(ms, now, local_offset=offset or None))


def exact(ms: int | None, now: int) -> str:
    """The same to the second and with its day: ``22 Nov 2026, 14:30:05 UTC (16:30:05 here)``."""
    if ms is None:
        return "not known"
    offset = offset_minutes(ms)
    utc = f"{duration.day(ms)}, {rfc3339(ms)[11:19]} UTC"
    return f"{utc} ({rfc3339(ms + offset * 60_000)[11:19]} here)" if offset else utc


def _same_day(text: str) -> str:
    """A local time needs its day only where that is another one."""
    return _LOCAL_DAY.sub(r"\1\2 UTC (\3 here)", text)


def due(ms: int, now: int) -> str:
    """``42 min left, due 14:30 UTC (16:30 here)``."""
    offset = offset_minutes(ms)
    return _same_day(duration.due(ms, now, local_offset=offset or None))


def ago(ms: int | None, now: int) -> str:
    """``3 min ago``."""
    if ms is None:
        return "never"
    return "just now" if now - ms < 2_000 else f"{duration.length(now - ms)} ago"


def rtt(ms: float | None) -> str:
    """``0.2 s`` or ``14 ms``."""
    if ms is None:
        return ""
    if ms < 1:
        return "under 1 ms"
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms"
