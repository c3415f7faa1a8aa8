# SPDX-License-Identifier: Apache-2.0
"""How a page stands to those that are there already: the same text, a version of one, a correction."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detente.press.source import fold
from detente.press.views import View

#: Share of a page's lines that another must have in common with it to be a version of it.
NEAR = 0.6
#: Pages of fewer lines are told apart by address and text alone; a line on more pages tells nothing.
FEWEST_LINES = 3
COMMON_LINE = 50
_ADDRESS = re.compile(
    r"(?i:https?://)?(?:www\.|m\.)?(?P<host>[^/?#]+)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"
)
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|yclid|from|ref)=.*")
#: A page that says itself that it was corrected. Folded.
_CORRECTED = re.compile(
    r"(?<!\w)(?:исправлен[оа]?|уточнение|поправка|внесены изменения|в предыдущей версии"
    r"|в первоначальной версии|выпраўлен[аы]|удакладненне|у папярэдняй версіі"
    r"|виправлено|уточнення|виправлення|у попередній версії"
    r"|corrections?|corrected|clarification|an earlier version|a previous version)(?!\w)"
)


@dataclass(frozen=True)
class Mark:
    """What two pages are compared by: ``page`` its id, ``text`` a digest of its body's words."""

    page: str
    url: str | None
    title: str | None
    text: str
    lines: frozenset[str]
    corrected: bool


@dataclass(frozen=True)
class Relation:
    """``kind``: ``same_text``, ``version`` or ``correction`` of the page ``of``."""

    kind: str
    of: str


def address(url: str | None) -> str | None:
    """A page's address without what does not tell pages apart: scheme, ``www.``, trackers, fragment."""
    match = _ADDRESS.match(url or "")
    if match is None:
        return None
    query = "&".join(one for one in (match["query"] or "").split("&") if one and not _TRACKING.fullmatch(one))
    return f"{match['host'].lower()}{match['path'].rstrip('/')}{'?' + query if query else ''}"


def mark(page: str, view: View, source: Mapping[str, Any]) -> Mark:
    """The mark of a page; its SOURCE's spans are those of the input, ``view`` is what a person reads."""
    spans = [view.span(*span) for span in source["body"]]
    body = fold("\n".join(view.text[start:end] for start, end in spans))
    lines = [" ".join(line.split()) for line in body.split("\n")]
    kept = [line for line in lines if line]
    digest = hashlib.sha256("\n".join(kept).encode()).hexdigest()
    short = frozenset(hashlib.sha256(line.encode()).hexdigest()[:12] for line in kept)
    corrected = any(_CORRECTED.search(line[:200]) for line in [*kept[:3], *kept[-2:]])
    return Mark(page, address(source.get("url")), source.get("title"), digest, short, corrected)


class Known:
    """The pages that are there, found by address, text and lines without looking at each."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}
        self._by_url: dict[str, str] = {}
        self._by_text: dict[str, str] = {}
        self._by_line: dict[str, list[str]] = {}

    def add(self, new: Mark) -> None:
        """Take a page in; of two with one address or text the later is found."""
        self._marks[new.page] = new
        if new.url:
            self._by_url[new.url] = new.page
        if new.lines:
            self._by_text[new.text] = new.page
        for line in new.lines:
            self._by_line.setdefault(line, []).append(new.page)

    def relate(self, new: Mark) -> Relation | None:
        """How ``new`` stands to the latest page that it belongs with; None for a page of its own."""
        same = self._by_text.get(new.text) if new.lines else None
        if same is not None and same != new.page:
            return Relation("same_text", same)
        of = self._by_url.get(new.url) if new.url else None
        of = of if of is not None and of != new.page else self._nearest(new)
        if of is None:
            return None
        correction = new.corrected and not self._marks[of].corrected
        return Relation("correction" if correction else "version", of)

    def _nearest(self, new: Mark) -> str | None:
        if len(new.lines) < FEWEST_LINES:
            return None
        common: Counter[str] = Counter()
        for line in new.lines:
            pages = self._by_line.get(line, [])
            if len(pages) <= COMMON_LINE:
                common.update(pages)
        near = [
            (count / max(len(new.lines), len(self._marks[page].lines)), number, page)
            for number, (page, count) in enumerate(common.items())
            if page != new.page and len(self._marks[page].lines) >= FEWEST_LINES
        ]
        best = max(near, default=None)
        return best[2] if best is not None and best[0] >= NEAR else None


def changes(old: str, new: str) -> list[tuple[str, str]]:
    """The lines of two bodies beside each other: ``(" ", line)``, ``("-", gone)``, ``("+", come)``."""
    return [
        (line[0], line[2:])
        for line in difflib.ndiff(old.splitlines(), new.splitlines(), charjunk=None)
        if line[0] in " -+"
    ]
