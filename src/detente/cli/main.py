# SPDX-License-Identifier: Apache-2.0
"""The ``detente`` program: the list of commands, and what becomes of errors."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from detente import __version__
from detente.cli.lazy import Lazy, LazyGroup
from detente.errors import DetenteError

# What a shell reports for a program that SIGINT ended; scripts stop on it.
INTERRUPTED = 130
COMPLETION = "_DETENTE_COMPLETE"

COMMANDS = {
    "Try it": {
        "demo": Lazy("demo", "demo", "Two parties on this machine replay the exchange of the pages."),
        "case": Lazy("case", "case", "Replay historical cases."),
    },
    "A party": {
        "init": Lazy("party", "init", "Make a party: keys, first office, store."),
        "card": Lazy("party", "card", "Print the party's public card."),
        "meet": Lazy("party", "meet", "Take in another party's card."),
        "office": Lazy("office", "office", "Offices and their mandates."),
        "keys": Lazy("keys", "keys", "Root key, prepared logs, succession."),
        "serve": Lazy("serve", "serve", "Run the node."),
    },
    "The line": {
        "channel": Lazy("channel", "channel", "Channels, registers and their charters."),
        "say": Lazy("say", "say", "Author, sign and release an entry."),
        "draft": Lazy("draft", "draft", "The desk: sign, release, return, recall."),
        "ack": Lazy("say", "ack", "Acknowledge an entry."),
        "watch": Lazy("watch", "watch", "Keep watch: alarms without a browser."),
    },
    "The record": {
        "log": Lazy("log", "log", "The timeline of all parties, with states."),
        "show": Lazy("log", "show", "One entry with its proof."),
        "search": Lazy("log", "search", "Search the entries."),
        "standing": Lazy("standing", "standing", "Each side's standing, the floor, the line's health."),
        "readouts": Lazy("readouts", "readouts", "Compare two read-outs."),
        "press": Lazy("press", "press", "Read pages of the public record."),
        "export": Lazy("bundle", "export", "Write a channel's record as a bundle."),
        "verify": Lazy("bundle", "verify", "Verify a bundle or a home."),
        "evidence": Lazy("evidence", "evidence", "Proofs against a log, for third parties."),
    },
    "Upkeep": {
        "backup": Lazy("backup", "backup", "Write an encrypted backup of a party."),
        "restore": Lazy("backup", "restore", "Make a party from a backup."),
        "doctor": Lazy("backup", "doctor", "What is wrong, and how to mend it."),
        "schema": Lazy("meta", "schema", "The JSON Schema of a command's output."),
        "completion": Lazy("meta", "completion", "The completion script for a shell."),
    },
}


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show where an error comes from. May stand anywhere.")
@click.version_option(__version__, prog_name="detente", message="%(prog)s %(version)s")
def cli(debug: bool) -> None:
    """Keep a line open, and the same provable record on both sides.

    HOME is a party's directory; DETENTE_HOME stands in where it is left out. DETENTE_PASSPHRASE unlocks
    the service keys, DETENTE_OFFICE_PASSPHRASE the key of the office at the terminal; else they are asked
    for.

    \b
    Status: 0 done, 1 the answer is no,
    2 the call is wrong, 3 the other side could not be reached.
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the program on ``argv`` (else the process's arguments) and exit with its status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = _take_debug(arguments)
    _complete()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a Latin terminal must not hide a Cyrillic text
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away; what is left in the buffer has no place to go, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:
        if debug:
            raise
        status = _complain(error)
    except KeyboardInterrupt:
        if debug:
            raise
        print("detente: interrupted; what was kept stays kept", file=sys.stderr)
        status = INTERRUPTED
    sys.exit(status)


def _complete() -> None:
    """Answer the shell if it asks for a completion, and end."""
    asked = os.environ.get(COMPLETION)
    if asked:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(cli, {}, "detente", COMPLETION, asked))


def _run(arguments: list[str]) -> int:
    try:
        with cli.make_context("detente", arguments) as context:
            result = cli.invoke(context)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    return result if isinstance(result, int) else 0


def _take_debug(arguments: list[str]) -> bool:
    """Whether ``--debug`` stands among the options; it is taken out, so that every command may have it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    found = "--debug" in arguments[:end]
    arguments[:end] = [argument for argument in arguments[:end] if argument != "--debug"]
    return found


def _complain(error: Exception) -> int:
    """Write the one line that an error comes down to; returns the exit status."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        print(
            f"detente: no command was given to {error.ctx.command_path}",
            file=sys.stderr,
        )
        return 2
    message, status = _explain(error)
    print("detente: " + " ".join(message.split()), file=sys.stderr)
    return status


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, DetenteError):
        return str(error), error.exit_status
    if isinstance(error, click.Abort):
        return "nothing was answered; nothing was done", 1
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "detente"
        return f"{error.format_message().rstrip('.')}; see: {path} --help", 2
    if isinstance(error, click.ClickException):
        return error.format_message(), 2
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or error}", 1
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"fault in the program itself ({what}); run it again with --debug and report what it prints", 1


if __name__ == "__main__":
    main()
