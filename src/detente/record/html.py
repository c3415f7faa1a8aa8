# SPDX-License-Identifier: Apache-2.0
"""The timeline as one HTML file that needs nothing else: no script, no picture, no font, no network."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2

from detente.record import duration
from detente.record.entry import Entry, rfc3339
from detente.record.rows import SHAPES, Row, rows
from detente.record.standing import Scope
from detente.words.bodies.keeping import Charter


def timeline(
    entries: Sequence[Entry],
    *,
    channel: str,
    us: str,
    names: Mapping[str, str],
    now: int,
    lang: str = "en",
    charter: Charter | None = None,
    scopes: Sequence[Scope] = (),
    note: str = "",
) -> bytes:
    """The page, UTF-8. Ours stand left, theirs right, whoever they are.

    ``us``: our short party id. ``names``: party id → name. ``now`` (ms): when the page was made. ``scopes``:
    the standings to show above. ``note``: one line on what the reader holds, such as where it was exported.
    """
    shown = rows(entries, lang=lang, charter=charter)
    html = _template().render(
        channel=channel,
        us=us,
        names=dict(names),
        others=[party for party in names if party != us],
        purpose=charter.purpose if charter is not None else "",
        days=_days(shown),
        count=len(shown),
        made=f"{duration.day(now)} {duration.clock(now)} UTC",
        made_stamp=rfc3339(now),
        scopes=scopes,
        shapes=SHAPES,
        refs={row.entry.ref for row in shown},
        note=note,
        lang=lang,
    )
    return html.encode()


def _days(shown: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows under the day they were placed on, without putting any of them into another order."""
    days: list[tuple[str, list[Row]]] = []
    for row in shown:
        if not days or days[-1][0] != row.day:
            days.append((row.day, []))
        days[-1][1].append(row)
    return days


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    source = (pkgutil.get_data("detente.record", "timeline.html") or b"").decode()
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["anchor"] = _anchor
    environment.filters["dated"] = duration.dated
    return environment.from_string(source)


def _anchor(ref: Any) -> str:
    """A ref as an address within the page."""
    return "e-" + "".join(character if character.isalnum() else "-" for character in str(ref))
