# SPDX-License-Identifier: Apache-2.0
"""A group of commands whose modules are imported only when one of them is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Lazy(NamedTuple):
    """Where a command is, under ``detente.cli``, and its line in the list of commands."""

    module: str
    attribute: str
    help: str


class LazyGroup(click.Group):
    """Lists its commands from a table: help must answer within 0.2 s, whatever the commands import."""

    def __init__(self, *args: Any, table: Mapping[str, Mapping[str, Lazy]], **kwargs: Any) -> None:
        """``table``: title of a section of the help → name → command."""
        super().__init__(*args, **kwargs)
        self.sections = table
        self.table = {name: lazy for section in table.values() for name, lazy in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None if there is none of this name."""
        lazy = self.table.get(cmd_name)
        if lazy is None:
            return None
        command = getattr(importlib.import_module(f"detente.cli.{lazy.module}"), lazy.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{lazy.module}.{lazy.attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections, from the table alone."""
        width = max(map(len, self.table))
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), lazy.help) for name, lazy in section.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names from the table, else every module would be imported at a press of the tab key."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=lazy.help) for name, lazy in self.table.items()]
        own = [item for item in names if item.value.startswith(incomplete)]
        return own + click.Command.shell_complete(self, ctx, incomplete)
