# SPDX-License-Identifier: Apache-2.0
"""``detente case``: replay historical cases."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from detente.cli import common
from detente.cli.common import json_option
from detente.errors import UsageError

# What a line rests on: a page, facts with sources, the replay itself.
RESTS = {"page": "●", "facts": "◐", "replay": "○"}


@click.group(name="case")
def case() -> None:
    """Replay historical cases: what would have been seen, and when."""


@case.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the cases."""
    from detente.node.cases import list_cases

    rows = list_cases()
    if as_json:
        common.emit({"cases": rows})
    for row in [] if as_json else rows:
        common.tell(f"{row['name']:<28} {row.get('title', '')}")


@case.command()
@click.argument("name", required=False, metavar="NAME")
@click.option("--all", "every", is_flag=True, help="Every case.")
@click.option(
    "--dir", "directory", metavar="DIR", help="Where its parties' homes go; else they are thrown away."
)
@json_option
def run(name: str | None, every: bool, directory: str | None, as_json: bool) -> int:
    """Replay one case, or --all; 1 if one does not come out as it should."""
    if (name is None) != every:
        raise UsageError("name one case, or say --all; see: detente case list")
    from detente.node.cases import list_cases

    known = [row["name"] for row in list_cases()]
    if name is not None and name not in known:
        raise UsageError(f"no case {name!r}; the cases are: {', '.join(known)}")
    names = known if name is None else [name]
    results = _run(names, directory)
    if as_json:
        common.emit({"cases": results})
    for result in [] if as_json else results:
        common.tell(in_words(result))
    return 0 if all(result.get("ok", True) for result in results) else 1


def _run(names: list[str], directory: str | None) -> list[dict[str, Any]]:
    from detente.node.cases import run_case

    show = common.progress("cases")
    results = []
    with tempfile.TemporaryDirectory(prefix="detente-case-") as temporary:
        for number, name in enumerate(names, 1):
            place = Path(directory or temporary) / name
            place.mkdir(parents=True, exist_ok=True)
            results.append({"name": name} | run_case(name, place))
            show(number, len(names))
    return results


def in_words(result: Mapping[str, Any]) -> str:
    """What was seen and when, then the case's measures, each with how it was got."""
    lines = [f"\n{result['name']}: {result.get('title', '')}", *_wrapped(str(result.get("what", "")), 1)]
    lines += ["", " what is known"]
    for fact in result.get("facts", []):
        lines += _wrapped(f"{fact['text']} [{', '.join(fact['sources'])}; {fact['status']}]", 3)
    lines += [
        "",
        " what was seen, and when (UTC); resting on ● a page, ◐ facts with sources, ○ the replay itself",
    ]
    for seen in result.get("seen", []):
        when = str(seen["time"])[:19].replace("T", " ")
        lines += _wrapped(f"{when}  {RESTS.get(seen.get('basis'), ' ')} {seen['what']}", 3, 26)
    for shown in result.get("card", []):
        lines += _wrapped(f"│ {shown}", 6, 8)
    lines += ["", " measured"]
    for measure in result.get("measures", []):
        lines += _wrapped(f"{measure['name']}: {measure['value']}", 3)
        lines += _wrapped(str(measure["how"]), 8)
    lines += ["", *(f" simulated: {text}" for text in result.get("simulated", []))]
    lines += [f" not simulated: {text}" for text in result.get("real", [])]
    lines += (
        [] if result.get("ok", True) else [f"\n it does not come out as it should: {result.get('why', '')}"]
    )
    return "\n".join(lines)


def _wrapped(text: str, indent: int, hanging: int | None = None) -> list[str]:
    after = " " * (indent if hanging is None else hanging)
    return textwrap.wrap(text, 96, initial_indent=" " * indent, subsequent_indent=after)
