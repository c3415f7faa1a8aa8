# SPDX-License-Identifier: Apache-2.0
"""What the documents tell people to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from detente.cli.main import cli
from tests.docs import tree

NOT_BUILT = ("due", "regime", "undertakings", "dossier", "pouch")
CALL = re.compile(r"(?:^|[|;&] *|sudo -u \w+ )(detente .*)")
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```", re.M | re.S)


def _calls(path: Path) -> list[str]:
    lines = "\n".join(SHELL.findall(path.read_text(encoding="utf-8"))).splitlines()
    found = (
        re.search(r"(?:^|[|;&] *|sudo -u \w+ )(detente .*)", line.split("#")[0].strip()) for line in lines
    )
    return [match.group(1).split(">")[0].strip() for match in found if match]


CALLS = [(path.name, call) for path in tree.DOCS for call in _calls(path)]


def test_the_documents_show_commands() -> None:
    assert len(CALLS) > 20


@pytest.mark.parametrize(("where", "call"), CALLS, ids=[f"{w}: {c}" for w, c in CALLS])
def test_a_command_in_the_documents_is_one_of_the_program(where: str, call: str) -> None:
    words = shlex.split(call)[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="detente")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"{where}: no command {words[0]} in: {call}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.split("=")[0] for word in words if word.startswith("--")}
    assert used <= known, f"{where}: {call}"


def test_make_targets_in_the_documents_exist() -> None:
    makefile = (tree.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    for path in tree.DOCS:
        for block in SHELL.findall(path.read_text(encoding="utf-8")):
            assert set(re.findall(r"^ *make ([a-z-]+)", block, re.M)) <= targets, path


def test_every_command_has_help_in_words() -> None:
    context = click.Context(cli, info_name="detente")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(), name


def test_what_is_called_not_built_yet_is_not_there() -> None:
    readme = (tree.ROOT / "README.md").read_text(encoding="utf-8")
    said = readme.split("## Not built yet")[1].split("\n## ")[0]
    context = click.Context(cli, info_name="detente")
    for name in NOT_BUILT:
        assert f"`{name}`" in said
        assert cli.get_command(context, name) is None, f"{name} is built: README.md says it is not"
