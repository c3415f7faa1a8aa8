# SPDX-License-Identifier: Apache-2.0
"""Numbered, pre-agreed sentences: each side reads the code in its own language."""

from __future__ import annotations

import hashlib
import json
import pkgutil
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from detente.errors import RefusedError
from detente.words.bodies.keeping import Charter, PhraseEntry

_PLACE = re.compile(r"\{([a-z_]+)\}")
# Control and direction characters could make a parameter look like another line or read backwards.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@lru_cache(maxsize=1)
def _default_json() -> str:
    raw = pkgutil.get_data("detente.words", "phrases.toml") or b""
    return json.dumps(tomllib.loads(raw.decode())["phrases"])


def default_book() -> list[dict[str, Any]]:
    """The phrase book of the program as it goes into a charter: ``code``, ``text``, ``life_saving``."""
    return [
        {"code": p["code"], "life_saving": p.get("life_saving", False), "text": p["text"]}
        for p in json.loads(_default_json())
    ]


def book_id(phrases: Iterable[PhraseEntry | Mapping[str, Any]]) -> str:
    """What a ``phrase`` names as its ``book``: SHA-256, in hex, of the book's RFC 8785 JSON."""
    plain = [msgspec.to_builtins(p) if isinstance(p, PhraseEntry) else p for p in phrases]
    raw = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(raw.encode()).hexdigest()


def find(charter: Charter, code: str | int) -> PhraseEntry:
    """The phrase of a number. Raises RefusedError if the charter's book has none."""
    for phrase in charter.phrases:
        if phrase.code == str(code):
            return phrase
    raise RefusedError(f"phrase {clean(str(code))[:32]!r} is not in the charter's phrase book")


def parameters(phrase: PhraseEntry) -> list[str]:
    """The names of a phrase's parameters, in the order of its first language."""
    first = next(iter(phrase.text.values()), "")
    return list(dict.fromkeys(_PLACE.findall(first)))


def render_phrase(charter: Charter, code: str | int, parameters: Mapping[str, Any], lang: str) -> str:
    """The sentence in ``lang`` (English, then any, if the book lacks it), on one line.

    Raises RefusedError for a code that is not in the book or a parameter that is missing.
    """
    phrase = find(charter, code)
    template = phrase.text.get(lang) or phrase.text.get("en") or next(iter(phrase.text.values()), "")
    missing = [name for name in _PLACE.findall(template) if parameters.get(name) in (None, "")]
    if missing:
        raise RefusedError(f"phrase {phrase.code}: parameter {missing[0]!r} is missing")
    return clean(_PLACE.sub(lambda place: clean(str(parameters[place[1]])), template))


def clean(text: str) -> str:
    """One line without characters that change how the rest of it reads."""
    return _UNSAFE.sub(" ", text).strip()
