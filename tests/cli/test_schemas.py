# SPDX-License-Identifier: Apache-2.0
"""Every command that prints JSON publishes a schema of it, and every schema is one."""

from __future__ import annotations

from collections.abc import Iterator

import click
import jsonschema
import pytest

from detente.cli.main import cli
from detente.cli.schemas import OUTPUTS, schema_of


def _commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield before + name, command


PRINTING = [name for name, c in _commands(cli) if any(p.name == "as_json" for p in c.params)]


def test_every_command_with_json_has_a_schema_and_every_schema_a_command() -> None:
    always = {"keys card"}  # prints a credential, with or without asking
    assert set(PRINTING) | always == set(OUTPUTS) - {"say stream"}


@pytest.mark.parametrize("command", sorted(OUTPUTS))
def test_a_schema_is_valid(command: str) -> None:
    schema = schema_of(command)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"detente {command}"
    assert schema["required"]


@pytest.mark.parametrize(("name", "command"), list(_commands(cli)), ids=[name for name, _ in _commands(cli)])
def test_every_option_says_what_it_is(name: str, command: click.Command) -> None:
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not isinstance(parameter.type, click.Choice):
            assert parameter.help or parameter.name in ("signers",), f"{name}: {parameter.opts}"
