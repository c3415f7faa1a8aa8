# SPDX-License-Identifier: Apache-2.0
"""HTML into blocks of text with their places in the source; scripts, styles and comments are not read.

A tokenizer after the HTML standard, section 13.2.5, as far as text and its place need it: any input is
read, in time linear in its length, without recursion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from detente.press.source import Span
from detente.press.views import Builder, View

_TOKEN = re.compile(
    r"<(?:!--.*?(?:--!?>|\Z)|!\[CDATA\[.*?(?:\]\]>|\Z)|[!?][^>]*(?:>|\Z)"
    r"|(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:-]{0,40})(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*'|[\"'])*+)(?:>|\Z))",
    re.S,
)
_ATTRIBUTE = re.compile(r"([^\s=/\"'>]{1,60})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")


def _names(written: str) -> frozenset[str]:
    return frozenset(written.split())


#: Elements whose content is no text of the page, by the standard or since nobody sees it.
_UNREAD = _names(
    "script style noscript template iframe noembed noframes object svg math canvas audio video textarea"
    " select datalist xmp plaintext title"
)
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_INLINE = _names(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small"
    " span strike strong sub sup time tt u var wbr img"
)
#: What an element is by its name, where that says that it is no part of an article.
_ZONES = {
    "nav": "menu",
    "menu": "menu",
    "button": "menu",
    "dialog": "menu",
    "footer": "copyright",
    "aside": "related",
    "figcaption": "caption",
}
#: What an element is by the words of its class, id or role.
_CLASSES = (
    ("caption", r"caption|(?:photo|image|img|picture)-?(?:author|credits?|copyright|title|source|desc\w*)"),
    ("advert", r"ads?|adv|advert\w*|adsbygoogle|banners?|promo|sponsor\w*|adfox|reklama|partners?"),
    ("share", r"share|shares|sharing|socials?|soc-?(?:links|icons|buttons)|addtoany|likes?|comments?|disqus"),
    ("support", r"donat\w*|patreon|support-?us|subscri\w*|newsletter|paywall"),
    (
        "most_read",
        r"popular|most-?(?:read|viewed|popular)|trending|top-?(?:news|stories)|news-?feed|news-?line",
    ),
    ("related", r"related|recommend\w*|read-?(?:also|more|next)|see-?also|similar|more-?news|sidebar|also"),
    (
        "menu",
        r"nav|navbar|navigation|menu|breadcrumbs?|topbar|toolbar|cookies?|popup|modal|search|pagination|tags?|login",
    ),
    ("copyright", r"footer|copyrights?|imprint"),
)
#: A part of a class's name that is one of these, not one that says how the whole page is laid out.
_CLASS = [
    (
        kind,
        re.compile(rf"(?:^|(?<=\s)|(?<!has)(?<!no)(?<!with)(?<!content)(?<!without)-)(?:{words})(?=$|\s|-)"),
    )
    for kind, words in _CLASSES
]
_HIDDEN = re.compile(
    r"(?:^|\s)hidden(?=\s|$)|aria-hidden\s*=\s*[\"']?true|style\s*=[^>]{0,200}?display\s*:\s*none", re.I
)
#: Elements of an exported channel whose attributes tell of its messages.
_TELLING = re.compile(r"message\b|(?:pull_right )?date\b")
_MARK = re.compile("[\u2801-\u28ff]{3}")
#: Open elements that the marked page keeps; deeper ones go into the last, since parsers give up at 256.
_DEPTH = 100
#: Attributes by which an article is known.
_KEPT = ("class", "id", "role", "itemprop", "itemtype", "href", "rel")
#: Elements whose class is that of the whole page, not of a part.
_WHOLE = frozenset(("html", "body", "main", "article"))


@dataclass(frozen=True)
class Block:
    """A run of text between block elements: its place in the view, its element, and the zone it is in.

    ``root`` and ``parent`` number the elements that the zone began with and that holds the block's own; a
    root is negative where the element's name makes the zone, and 0 outside of zones;
    ``linked`` is how many of its code points are links.
    """

    start: int
    end: int
    tag: str
    zone: str | None
    root: int
    parent: int
    linked: int
    blank_before: bool
    classes: str


@dataclass(frozen=True)
class Tag:
    """A start tag whose attributes matter: their values with the values' places in the input."""

    name: str
    attributes: dict[str, tuple[str, Span]]
    at: int
    view: int
    zone: str | None


@dataclass(frozen=True)
class Markup:
    """A page of HTML as read: its view, its blocks, and the tags that tell of the page.

    ``marked`` is the page again, well formed, without what is not read, each text with its block's ``mark``.
    """

    view: View
    blocks: list[Block]
    tags: list[Tag]
    scripts: list[Span]
    title: Span | None
    marked: str


@dataclass
class _Open:
    """An open element: its zone and the element that began it, and the block element that it is or is in."""

    name: str
    zone: str | None
    root: int
    serial: int
    classes: str
    owner: _Open | None
    parent: int
    shown: bool = False


@dataclass
class _Reader:
    text: str
    out: Builder
    stack: list[_Open]
    counts: dict[str, int] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    scripts: list[Span] = field(default_factory=list)
    title: Span | None = None
    begin: int | None = None
    owner: _Open | None = None
    linked: int = 0
    serial: int = 0
    blank: bool = True
    marked: list[str] = field(default_factory=list)


def attributes(text: str, start: int, end: int) -> dict[str, tuple[str, Span]]:
    """The attributes of a tag in ``[start, end)``, the first of a name, each value with its place."""
    found: dict[str, tuple[str, Span]] = {}
    for match in _ATTRIBUTE.finditer(text, start, min(end, start + 20_000)):
        group = next((number for number in (2, 3, 4) if match[number] is not None), 4)
        found.setdefault(match[1].lower(), (match[group], match.span(group)))
    return found


def read_markup(text: str) -> Markup:
    """Blocks, view and telling tags of a page of HTML."""
    reader = _Reader(text, Builder(text), [_Open("", None, 0, 0, "", None, 0)])
    at, length = 0, len(text)
    while at < length:
        match = _TOKEN.search(text, at)
        _text(reader, at, match.start() if match else length)
        if match is None:
            break
        at = match.end()
        if match["name"]:
            at = _tag(reader, match)
    _flush(reader, length)
    return Markup(
        reader.out.made(), reader.blocks, reader.tags, reader.scripts, reader.title, "".join(reader.marked)
    )


def mark(number: int) -> str:
    """Three braille patterns that name a block; they pass for signs, not for letters, and pages have none."""
    return "".join(chr(0x2801 + number // 255**place % 255) for place in (2, 1, 0))


def marks_in(text: str) -> set[int]:
    """The numbers of the blocks whose marks stand in a text."""
    return {
        sum((ord(char) - 0x2801) * 255**place for place, char in zip((2, 1, 0), found, strict=True))
        for found in _MARK.findall(text)
    }


def _text(reader: _Reader, start: int, end: int) -> None:
    if start >= end:
        return
    if reader.begin is None:
        while start < end and reader.text[start] in " \t\r\n\f":
            start += 1
        if start == end:
            return
        if reader.blocks:
            reader.out.gap("\n\n" if reader.blank else "\n", start)
        reader.begin = reader.out.length
        reader.owner = reader.stack[-1].owner or reader.stack[0]
        reader.out.spaced = True
    before = reader.out.length
    reader.out.flow(start, end)
    shown = _MARK.sub("", reader.text[start:end]).replace("<", "&lt;")
    reader.marked.append(f"{mark(len(reader.blocks))}{shown}")
    if "a" in reader.counts:
        reader.linked += reader.out.length - before


def _flush(reader: _Reader, at: int, blank: bool = True) -> None:
    """End of a block."""
    if reader.begin is not None and reader.owner is not None:
        begin, end = reader.begin, reader.out.length
        owner = reader.owner
        if any(part.strip() for part in reader.out.parts[-1:]) or end > begin:
            reader.blocks.append(
                Block(
                    begin,
                    end,
                    owner.name,
                    owner.zone,
                    owner.root,
                    owner.parent,
                    reader.linked,
                    reader.blank,
                    owner.classes,
                )
            )
            reader.blank = False
    reader.begin, reader.linked = None, 0
    reader.blank = reader.blank or blank


def _tag(reader: _Reader, match: re.Match[str]) -> int:
    """One tag; where to read on."""
    name = match["name"].lower()
    if match["close"]:
        _close(reader, name, match.end())
        return match.end()
    if name in ("meta", "link", "time", "html", "base"):
        reader.tags.append(
            Tag(
                name,
                attributes(reader.text, *match.span("attributes")),
                match.start(),
                reader.out.length,
                reader.stack[-1].zone,
            )
        )
    if name in _UNREAD:
        return _unread(reader, name, match)
    if name not in _INLINE:
        _flush(reader, match.start(), blank=name != "br")
    if name == "br":
        reader.marked.append("<br>")
    if name not in _VOID and not match["attributes"].rstrip().endswith("/"):
        _open(reader, name, match)
    return match.end()


def _unread(reader: _Reader, name: str, match: re.Match[str]) -> int:
    end = re.compile(rf"</{name}(?=[\s/>]|\Z)", re.I).search(reader.text, match.end())
    until = end.start() if end else len(reader.text)
    if name == "script" and "json" in match["attributes"].lower():
        reader.scripts.append((match.end(), until))
    if name == "title" and reader.title is None:
        reader.title = (match.end(), until)
    return until


def _open(reader: _Reader, name: str, match: re.Match[str]) -> None:
    if name == "p" and reader.stack[-1].name == "p":
        _close(reader, "p", match.start())
    above = reader.stack[-1]
    own, classes = _ZONES.get(name), above.classes if name in _INLINE else ""
    found: dict[str, tuple[str, Span]] = {}
    if match["attributes"]:
        found = attributes(reader.text, *match.span("attributes"))
        written = " ".join(found[key][0] for key in ("class", "id", "role") if key in found).lower()
        classes = written or classes
        if name == "div" and _TELLING.match(written):
            reader.tags.append(Tag(name, found, match.start(), reader.out.length, above.zone))
        if _HIDDEN.search(match["attributes"]) and name not in _INLINE and name not in _WHOLE:
            own = "hidden"
        elif own is None and name not in _WHOLE:
            own = _zone(written)
    if name == "header" and own is None and "article" not in reader.counts and "main" not in reader.counts:
        own = "menu"
    reader.serial += 1
    zone, root = above.zone, above.root
    if own is not None and above.zone != "hidden":
        zone, root = own, -reader.serial if name in _ZONES else reader.serial
    opened = _Open(name, zone, root, reader.serial, classes, above.owner, above.parent)
    if name not in _INLINE:
        opened.owner, opened.parent = opened, above.owner.serial if above.owner else 0
    if len(reader.stack) <= _DEPTH:
        kept = (f' {key}="{escape(found[key][0])}"' for key in _KEPT if key in found)
        reader.marked.append(f"<{name}{''.join(kept)}>")
        opened.shown = True
    reader.stack.append(opened)
    reader.counts[name] = reader.counts.get(name, 0) + 1


def _zone(written: str) -> str | None:
    if not written or len(written) > 400:
        return None
    words = re.sub(r"_+", "-", written)
    return next((kind for kind, pattern in _CLASS if pattern.search(words)), None)


def _close(reader: _Reader, name: str, at: int) -> None:
    if name not in _INLINE:
        _flush(reader, at)
    if not reader.counts.get(name):
        return
    while True:
        last = reader.stack.pop()
        if last.shown:
            reader.marked.append(f"</{last.name}>")
        left = reader.counts[last.name] - 1
        if left:
            reader.counts[last.name] = left
        else:
            del reader.counts[last.name]
        if last.name == name:
            return
