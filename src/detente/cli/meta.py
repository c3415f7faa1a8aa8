# SPDX-License-Identifier: Apache-2.0
"""``detente schema`` and ``detente completion``: the program about itself."""

from __future__ import annotations

import click

from detente.cli import common
from detente.cli.common import json_option
from detente.errors import RefusedError, UsageError

SHELLS = ("bash", "zsh", "fish")


def _complete_command(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from detente.cli.schemas import OUTPUTS

    return sorted({name.split()[0] for name in OUTPUTS if name.startswith(incomplete)})


@click.command()
@click.argument("command", nargs=-1, metavar="[COMMAND]", shell_complete=_complete_command)
@click.option("--kind", metavar="KIND", help="The schema of this kind's body instead.")
@click.option("--kinds", is_flag=True, help="List the kinds.")
@json_option
def schema(command: tuple[str, ...], kind: str | None, kinds: bool, as_json: bool) -> None:
    """Print the JSON Schema of a command's --json output, such as: schema channel propose.

    Without COMMAND, list the commands that have one.
    """
    if kinds or kind is not None:
        _kinds(kind, as_json)
        return
    from detente.cli.schemas import OUTPUTS, schema_of

    name = " ".join(command).replace("-", " ").strip()
    if not name:
        if as_json:
            common.emit({"commands": sorted(OUTPUTS)})
        else:
            common.tell("\n".join(sorted(OUTPUTS)))
        return
    name = next((known for known in OUTPUTS if known.replace("-", " ") == name), name)
    if name not in OUTPUTS:
        within = [other for other in sorted(OUTPUTS) if other.startswith(name + " ")]
        hint = f"one of: {', '.join(within)}" if within else "see: detente schema"
        raise UsageError(f"no command {name!r} prints JSON; {hint}")
    common.emit(schema_of(name))


def _kinds(kind: str | None, as_json: bool) -> None:
    from detente.words import kinds as known

    if kind is None:
        if as_json:
            common.emit({"kinds": {group: list(names) for group, names in known.GROUPS.items()}})
        else:
            common.tell("\n".join(f"{group}: {', '.join(names)}" for group, names in known.GROUPS.items()))
    elif kind in known.KINDS:
        common.emit(known.schema(kind))
    else:
        raise RefusedError(f"no kind {kind!r}; see: detente schema --kinds")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script for SHELL, as in: eval "$(detente completion bash)"."""
    from click.shell_completion import get_completion_class

    from detente.cli.main import cli

    engine = get_completion_class(shell)
    if engine is None:
        raise UsageError(f"no completion for {shell}; there is one for {', '.join(SHELLS)}")
    click.echo(engine(cli, {}, "detente", "_DETENTE_COMPLETE").source())
