# SPDX-License-Identifier: Apache-2.0
"""Any entry's content as plain lines, for a terminal, a printout or a search index."""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from detente.errors import RefusedError
from detente.words.bodies.base import name_of
from detente.words.bodies.keeping import Charter
from detente.words.kinds import KINDS
from detente.words.phrases import clean, render_phrase

_MAIN = ("text", "concern", "what", "name", "title")
_HIDDEN = frozenset({"blobs", "sig", "phrases", "code_commitments", "code_reveals"})
_PERSON = frozenset({"name", "office", "rank", "side", "role"})
_DOC_FIELDS = ("type", "id", "name", "office", "title", "revokes", "origin", "reason")
_SECONDS = frozenset({"ack_due", "answer_due", "test_every", "readout_notice"})
_DEPTH = 4


def label(group: str, name: str, lang: str = "en") -> str:
    """A short label; ``group``: ``kinds``, ``fields``, ``values``, ``words``. Unknown ones are made."""
    known = _labels().get(group, {}).get(name, {})
    made = clean(name.replace("_", " ").replace(".", " "))[:64]
    english = known.get("en", made if group in ("values", "words") else made[:1].upper() + made[1:])
    return str(known.get(lang, english))


def plain(
    kind: str,
    body: Mapping[str, Any] | None,
    lang: str = "en",
    *,
    charter: Charter | None = None,
    limit: int = 2_000,
) -> str:
    """One or a few plain lines for a body (or data) of any kind; never raises.

    A phrase is given as its sentence where ``charter`` is. What is longer than ``limit`` ends in "…".
    """
    head = label("kinds", kind, lang)
    if kind not in KINDS:
        head = f"{clean(kind)[:64]} ({label('words', 'unknown_kind', lang)})"
    if body is None:
        return f"{head}: {label('words', 'not_here', lang)}"
    main, shown = _main(kind, body, lang, charter)
    if main and isinstance(body.get("lang"), str):
        head, shown = f"{head} ({clean(body['lang'])[:35]})", shown | {"lang"}
    rest = [name for name in _order(kind, body) if name not in shown | _HIDDEN]
    values = [(name, _value(_spoken(name, body[name]), lang)) for name in rest]
    lines = [f"{label('fields', name, lang)}: {_cut(value, limit)}" for name, value in values if value]
    if not main and not lines:
        return f"{head}: {label('words', 'nothing', lang)}"
    return "\n".join([f"{head}: {_cut(main, limit)}" if main else head, *lines])


@lru_cache(maxsize=1)
def _labels() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((pkgutil.get_data("detente.words", "labels.toml") or b"").decode())


def _main(kind: str, body: Mapping[str, Any], lang: str, charter: Charter | None) -> tuple[str, set[str]]:
    parameters = body.get("parameters", {})
    if kind == "phrase" and charter is not None and isinstance(parameters, Mapping):
        try:
            sentence = render_phrase(charter, body.get("code", ""), parameters, lang)
            return f"{clean(str(body['code']))}. {sentence}", {"code", "parameters", "book"}
        except RefusedError as refused:
            return str(refused), set()
    for name in _MAIN:
        if isinstance(body.get(name), str) and body[name].strip():
            return "\n".join(clean(line) for line in body[name].splitlines()).strip(), {name}
    return "", set()


def _order(kind: str, body: Mapping[str, Any]) -> list[str]:
    model = KINDS[kind].model.__struct_fields__ if kind in KINDS else ()
    own = [name for name in model if name in body]
    return own + sorted(name for name in body if name not in own)


def _spoken(name: str, value: Any) -> Any:
    """Seconds as people say them: a duty officer counts in minutes and hours."""
    if name not in _SECONDS or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {key: _spoken(name, inner) for key, inner in value.items()}
    if not isinstance(value, int) or value <= 0:
        return value
    for size, unit in ((3600, "h"), (60, "min")):
        if value % size == 0:
            return f"{value // size} {unit}"
    return f"{value} s"


def _value(value: Any, lang: str, depth: int = 0) -> str:
    if value is None or depth > _DEPTH:
        return "…" if depth > _DEPTH else ""
    if isinstance(value, bool):
        return label("words", "yes" if value else "no", lang)
    if isinstance(value, str):
        return label("values", value, lang) if value in _labels()["values"] else clean(value)
    if isinstance(value, (list, tuple)):
        joint = ", " if all(isinstance(v, (int, float)) for v in value) else "; "
        return joint.join(filter(None, (_value(v, lang, depth + 1) for v in value)))
    if isinstance(value, Mapping):
        return _object(value, lang, depth)
    return clean(str(value))


def _object(value: Mapping[str, Any], lang: str, depth: int) -> str:
    doc = value.get("doc")
    if isinstance(doc, Mapping):
        value = {name: doc[name] for name in _DOC_FIELDS if name in doc}
    if value and _PERSON.issuperset(value):
        return clean(name_of(dict(value)))
    if isinstance(value.get("fingerprint"), str) and isinstance(value.get("id"), str):
        return f"{clean(value['id'])} ({clean(str(value.get('name') or value['fingerprint'][:12]))})"
    if isinstance(value.get("coordinates"), list):
        return f"{_value(value.get('type'), lang, depth)} {_value(value['coordinates'], lang, depth)}".strip()
    pairs = (
        (label("fields", name, lang), _value(v, lang, depth + 1))
        for name, v in value.items()
        if name not in _HIDDEN
    )
    return ", ".join(f"{name}: {v}" for name, v in pairs if v)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit].rstrip() + "…"
