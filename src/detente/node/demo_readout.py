# SPDX-License-Identifier: Apache-2.0
"""A side's read-out in the replay's own sentences, made from what its words on the page were found to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from detente.node.demo_plan import Found, Plan, gist, own_name, readout_words, side_name

_OBJECT = "agreed-object"
"""The rule of findings that begin with the verb: "agreed on an algorithm"."""


@dataclass(frozen=True)
class Written:
    """A read-out: its text and language, and the findings that it was made from."""

    text: str
    lang: str
    title: str
    findings: tuple[str, ...]


def write_readout(plan: Plan, side: str, page_lang: str | None) -> Written:
    """What ``side`` says: a sentence for its purposes, one for its topics, one for each other finding."""
    lang, words = readout_words(page_lang)
    kind = words["kinds"].get(plan.kind(), plan.kind().replace("_", " "))
    a, b = (own_name(one, lang) for one in plan.sides)
    lines = [words["head"].format(a=a, b=b, kind=kind, date=plan.date or words["undated"])]
    used: list[str] = []
    for name, part in (("purpose", "purpose"), ("topics", "topics")):
        own = [one for one in plan.parts(part) if one.side == side]
        if own:
            lines.append(words[name].format(all=", ".join(str(one.value["text"]) for one in own)))
            used += [one.id for one in own]
    for one, line in sorted(_sentences(plan, side, lang, words), key=lambda pair: pair[0].value["span"][0]):
        lines.append(line)
        used.append(one.id)
    return Written("\n\n".join(lines), lang, words["title"].format(side=own_name(side, lang)), tuple(used))


def _sentences(plan: Plan, side: str, lang: str, words: Mapping[str, Any]) -> Iterator[tuple[Found, str]]:
    for one in plan.of("statements", page=plan.contact.page):
        reporter, maker = one.value.get("reported_by"), one.value.get("side")
        if (reporter or maker) == side:
            form = "reported" if reporter not in (None, maker) else str(one.value.get("type"))
            yield (
                one,
                words[form].format(
                    who=one.value.get("speaker") or own_name(side, lang),
                    side=side_name(maker),
                    type=one.value.get("type"),
                    gist=gist(one.words, lang) or words["nothing"],
                ),
            )
    for one in plan.of("measures", page=plan.contact.page):
        if (one.value.get("reported_by") or one.value.get("follows")) == side:
            form = "object" if one.value.get("rule") == _OBJECT else "clause"
            yield one, words[form].format(what=one.value["what"])
