# SPDX-License-Identifier: Apache-2.0
"""What bodies are made of: bounded texts, dates, places, people. ``null`` and missing both mean unknown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
_EDTF = r"[0-9X]{4}(-[0-9X]{2}(-[0-9X]{2})?)?[?~%]?"

Text = Annotated[str, Meta(min_length=1, max_length=500_000)]
Short = Annotated[str, Meta(max_length=2_000)]
Side = Annotated[str, Meta(min_length=1, max_length=120)]
"""A short party id, a fingerprint, or a side's code or name where it has no node."""
Ref = Annotated[str, Meta(min_length=1, max_length=120)]
"""An entry: its id in hex, or its ref such as ``UA-57``."""
Lang = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)]
"""A BCP 47 language tag."""
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hex: an entry id or a fingerprint."""
Day = Annotated[str, Meta(pattern=rf"^{_DAY}({_CLOCK})?$", max_length=40)]
"""A calendar date, or an RFC 3339 time."""
# msgspec 0.22 frees a pattern twice when a text with one stands in a union with a list or an object:
# texts with patterns stand alone, or beside numbers and null.
When = Annotated[str, Meta(pattern=rf"^({_DAY}{_CLOCK}|{_EDTF}(/({_EDTF}|\.\.)?)?)$", max_length=60)]
"""An RFC 3339 time, or an EDTF date that may be uncertain: ``2022-02-14``, ``XXXX-02-14``, ``2021-11~``."""
Time = Annotated[int, Meta(ge=0, le=2**53 - 1)] | Day
"""Milliseconds since 1970 UTC, or an RFC 3339 time."""
Count = Annotated[int, Meta(ge=0, le=100_000_000)]
Seconds = Annotated[int, Meta(ge=1, le=315_360_000)]
Shorts = Short | Annotated[list[Short], Meta(max_length=1_000)]
"""One text or a list of them; ``as_list`` makes it a list."""
Sides = Side | Annotated[list[Side], Meta(max_length=200)]
Languages = Annotated[list[Lang], Meta(max_length=32)]
Facts = dict[str, Any]


def about(text: str) -> Meta:
    """A field's meaning, for its schema and its page in the docs."""
    return Meta(description=text)


def as_list(value: Any) -> list[Any]:
    """A field that may be one value or a list, as a list; nothing gives the empty list."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def name_of(person: Any) -> str:
    """A participant on one line: rank, name, office, side; for a bare text, the text."""
    if not isinstance(person, dict):
        return str(person)
    parts: Iterable[Any] = (person.get(k) for k in ("rank", "name", "office", "side"))
    return ", ".join(str(p) for p in parts if p)


class GeoJson(msgspec.Struct, frozen=True, kw_only=True):
    """A place on the map (RFC 7946); further members as that standard has them."""

    type: Literal[
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
        "Feature",
        "FeatureCollection",
    ]


Area = Short | GeoJson
"""Geographic features in words, or GeoJSON."""


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a contact: the office matters, the name may be missing."""

    name: Annotated[Short | None, about("Name as the side itself writes it.")] = None
    office: Annotated[Short | None, about("Office held.")] = None
    rank: Annotated[Short | None, about("Rank or title.")] = None
    side: Annotated[Side | None, about("Whose.")] = None
    role: Annotated[Short | None, about("Part played: head, interpreter, observer, escort.")] = None


People = Annotated[list[Side | Participant], Meta(max_length=1_000)]


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that belongs to the body, by its hash."""

    sha256: Annotated[Hash, about("SHA-256 of the file.")]
    name: Annotated[Short | None, about("File name.")] = None
    size: Annotated[Annotated[int, Meta(ge=0, le=2**53 - 1)] | None, about("Bytes.")] = None
    media_type: Annotated[Short | None, about("IANA media type.")] = None


class Data(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Content in clear (protocol §3)."""


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every sealed body may carry besides its own fields."""

    means: Annotated[
        Short | None, about("In a register: how it passed, such as telephone, fax, note, in person.")
    ] = None
    at: Annotated[When | None, about("When it happened, where that is not when it was released.")] = None
    cites: Annotated[
        Annotated[list[Short], Meta(max_length=100)] | None, about("Agreement and paragraph it rests on.")
    ] = None
    remarks: Annotated[Text | None, about("Anything else the reader should know.")] = None
    attachments: Annotated[
        Annotated[list[Attachment], Meta(max_length=200)] | None, about("Files that belong to it, by hash.")
    ] = None


class TextBody(Body, frozen=True, kw_only=True):
    """A body whose point is a text."""

    text: Annotated[Text, about("The words, in the author's language; that language is authentic.")]
    lang: Annotated[Lang | None, about("Language of the text.")] = None


class Worded(Body, frozen=True, kw_only=True):
    """A form that may also be explained in words."""

    text: Annotated[Text | None, about("In words.")] = None
    lang: Annotated[Lang | None, about("Language of the text.")] = None
