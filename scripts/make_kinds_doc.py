# SPDX-License-Identifier: Apache-2.0
"""Write docs/kinds.md and docs/schemas/<kind>.json from the models; `--check` only compares."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from detente.words.bodies import base
from detente.words.kinds import GROUPS, KINDS, Kind, schema

DOCS = Path(__file__).resolve().parent.parent / "docs"
HEAD = """\
# Kinds of entries

Made by `scripts/make_kinds_doc.py` from the models in `src/detente/words/bodies/`; do not edit.
Each kind's JSON Schema (2020-12) is in [`schemas/`](schemas/). Further fields are allowed everywhere, kept,
and covered by the signatures. A field that is missing or `null` is unknown, never zero.
**Bold** fields are required.

*Signed by an office*: by any office whose mandate has the kind; *by the node*: by the node's own key.
*Data* stands in clear in the leaf; a *body* is sealed. *Always open*: no standing closes it. *Floor*: open
whatever the standing, unless the charter says otherwise; of phrases, only the life-saving ones.
"""


def named_types() -> dict[str, str]:
    """Patterns that have a name of their own, so that the tables need not print them."""
    names = {
        "When": "time or EDTF date",
        "Day": "date or time",
        "Lang": "language tag",
        "Hash": "SHA-256, hex",
    }
    return {getattr(base, name).__metadata__[0].pattern: text for name, text in names.items()}


PATTERNS = named_types()


def type_text(part: dict[str, Any]) -> str:
    """A schema fragment in a few words."""
    if "anyOf" in part:
        texts = [type_text(p) for p in part["anyOf"] if p.get("type") != "null"]
        return " or ".join(dict.fromkeys(t for t in texts if t != "null"))
    if "enum" in part:
        return ", ".join(f"`{v}`" for v in part["enum"] if v is not None)
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if part.get("type") == "array":
        if "prefixItems" in part:
            return "[" + ", ".join(type_text(p) for p in part["prefixItems"]) + "]"
        return f"list of {type_text(part.get('items', {}))}"
    if part.get("type") == "object":
        values = part.get("additionalProperties")
        return f"object of {type_text(values)}" if isinstance(values, dict) and values else "object"
    pattern = part.get("pattern")
    if pattern in PATTERNS:
        return PATTERNS[str(pattern)]
    names = {"string": "text", "boolean": "true or false"}
    return names.get(part.get("type", ""), str(part.get("type", "anything")))


def rows(model: dict[str, Any], leave_out: frozenset[str] = frozenset()) -> list[str]:
    """The table of one model's fields."""
    required = set(model.get("required", ()))
    lines = []
    for name, part in model["properties"].items():
        if name in leave_out:
            continue
        shown = f"**`{name}`**" if name in required else f"`{name}`"
        if part.get("default") not in (None, "", [], {}):
            shown += f" = `{json.dumps(part['default'], ensure_ascii=False)}`"
        lines.append(f"| {shown} | {type_text(part)} | {part.get('description', '')} |")
    return ["| field | type | meaning |", "| --- | --- | --- |", *lines, ""] if lines else []


def kind_lines(kind: Kind, common: frozenset[str]) -> list[str]:
    """One kind's section."""
    model = schema(kind.name)
    facts = [
        "signed by the node" if kind.office == "node" else "signed by an office",
        "data" if kind.in_data else "body",
        "always open, also before the charter is in force"
        if kind.keeping
        else "floor"
        if kind.floor_default
        else "closed by a suspension",
        *([] if kind.acked else ["never acknowledged"]),
    ]
    about = " ".join(model["description"].split())
    return [
        f"### `{kind.name}`",
        "",
        about,
        "",
        f"*{'; '.join(facts)}.*",
        "",
        *rows(model, frozenset() if kind.in_data else common),
    ]


def page() -> str:
    """The whole of docs/kinds.md."""
    shared = schema("withdrawal")
    common = frozenset(base.Body.__struct_fields__)
    parts: dict[str, Any] = {}
    lines = [HEAD, "## In every body", "", "Besides its own fields every sealed body may carry:", ""]
    lines += rows({"properties": {n: p for n, p in shared["properties"].items() if n in common}})
    for group, names in GROUPS.items():
        lines += [f"## {group[:1].upper()}{group[1:]}", ""]
        for name in names:
            lines += kind_lines(KINDS[name], common)
            parts |= schema(name).get("$defs", {})
    lines += ["## Parts", ""]
    for name in sorted(parts):
        about = " ".join(parts[name].get("description", "").split())
        lines += [f"### {name}", "", about, "", *rows(parts[name], common)]
    return "\n".join(lines).rstrip() + "\n"


def files() -> dict[Path, str]:
    """Every generated file with its text."""
    made = {DOCS / "kinds.md": page()}
    for name in KINDS:
        text = json.dumps(schema(name), ensure_ascii=False, indent=2)
        made[DOCS / "schemas" / f"{name}.json"] = text + "\n"
    return made


def main(arguments: list[str]) -> int:
    stale = [p for p, text in files().items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        print("\n".join(f"not up to date: {p}" for p in stale) or "up to date")
        return 1 if stale else 0
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
