# SPDX-License-Identifier: Apache-2.0
"""What a page of HTML says of itself: when published, by which outlet, its title and address."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from detente.press.markup import Markup, Tag
from detente.press.source import Span

_DAY = re.compile(r"\s*((?:19|20)\d\d)-(\d\d)-(\d\d)(?!\d)")
#: Names of meta tags for the day of publication, the surer first: Open Graph, schema.org, Dublin Core, CMS.
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "dcterms.date",
    "parsely-pub-date",
    "sailthru.date",
    "publishdate",
    "pubdate",
    "publish_date",
    "date",
)
_JSON_DAY = re.compile(r'"datePublished"\s*:\s*"([^"\\]{10,40})"')
_JSON_ARTICLE = re.compile(r'"@type"\s*:\s*\[?\s*"[A-Za-z]*(?:Article|Posting|Report)')


@dataclass(frozen=True)
class Facts:
    """Values with their places in the input; published is a day in EDTF."""

    published: tuple[str, Span] | None = None
    outlet: tuple[str, Span] | None = None
    title: tuple[str, Span] | None = None
    url: tuple[str, Span] | None = None
    lang: str | None = None


#: Of a page that says nothing of itself.
NOTHING = Facts()


def facts(text: str, markup: Markup, body: Span | None) -> Facts:
    """The facts of a page whose article stands at ``body`` in its view."""
    named: dict[str, tuple[str, Span]] = {}
    for tag in markup.tags:
        for key in ("property", "name", "itemprop"):
            if tag.name == "meta" and key in tag.attributes and "content" in tag.attributes:
                named.setdefault(tag.attributes[key][0].lower(), tag.attributes["content"])
    canonical = [
        tag.attributes["href"]
        for tag in markup.tags
        if tag.name == "link"
        and "href" in tag.attributes
        and tag.attributes.get("rel", ("",))[0] == "canonical"
    ]
    title = named.get("og:title") or _title(text, markup)
    langs = [
        tag.attributes["lang"][0][:2].lower()
        for tag in markup.tags
        if tag.name == "html" and "lang" in tag.attributes
    ]
    return Facts(
        published=next(_days(text, markup, named, body), None),
        outlet=_shown(named.get("og:site_name")),
        title=_shown(title),
        url=_shown(next(iter(canonical), None) or named.get("og:url")),
        lang=langs[0] if langs and langs[0] in ("ru", "be", "uk", "en") else None,
    )


def _value(tag: Tag, name: str) -> str:
    return tag.attributes[name][0] if name in tag.attributes else ""


def _title(text: str, markup: Markup) -> tuple[str, Span] | None:
    return (text[slice(*markup.title)], markup.title) if markup.title else None


def _shown(value: tuple[str, Span] | None) -> tuple[str, Span] | None:
    written = " ".join(html.unescape(value[0][:2_000]).split()) if value else ""
    return (written, value[1]) if value and written else None


def _days(
    text: str, markup: Markup, named: dict[str, tuple[str, Span]], body: Span | None
) -> Iterator[tuple[str, Span]]:
    """Every day of publication that the page states, the surest first."""
    values = [named[name] for name in _PUBLISHED if name in named]
    for start, end in markup.scripts:
        if _JSON_ARTICLE.search(text, start, end):
            values += [(match[1], match.span(1)) for match in _JSON_DAY.finditer(text, start, end)]
    values += [
        tag.attributes["datetime"]
        for tag in markup.tags
        if tag.name == "time" and "datetime" in tag.attributes and _of_article(tag, markup, body)
    ]
    for value, span in values:
        match = _DAY.match(value)
        if match and 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31:
            start = span[0] + match.start(1)
            yield f"{match[1]}-{match[2]}-{match[3]}", (start, start + 10)


def _of_article(tag: Tag, markup: Markup, body: Span | None) -> bool:
    """A time is that of the article where it says so, or stands between its heading and its text."""
    if _value(tag, "itemprop").lower() == "datepublished":
        return True
    headings = [block.start for block in markup.blocks if block.tag == "h1"]
    return tag.zone is None and body is not None and bool(headings) and min(headings) <= tag.view < body[1]
