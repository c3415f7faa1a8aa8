# SPDX-License-Identifier: Apache-2.0
"""The program itself: fast help, one line for each error, one status for each cause."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from detente import __version__
from detente.cli import common, main
from detente.cli.main import COMMANDS, cli
from detente.errors import (
    DetenteError,
    FatalError,
    MalformedError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from tests.cli.kit import Program, first_fast

LISTED = [(name, lazy) for section in COMMANDS.values() for name, lazy in section.items()]


@pytest.fixture
def detente(tmp_path: Path) -> Program:
    return Program(tmp_path)


def test_help_answers_at_once(detente: Program) -> None:
    took = []
    for _ in range(5):
        begun = time.monotonic()
        assert "channel" in detente.ok("--help").out
        took.append(time.monotonic() - begun)
    assert min(took) < 0.2


def test_help_imports_nothing_heavy(detente: Program) -> None:
    code = "import sys; from detente.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted(n for n in sys.modules if n.startswith('detente')), 'asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=detente.env, check=True)
    wanted = ["detente", "detente.cli", "detente.cli.lazy", "detente.cli.main", "detente.errors"]
    assert done.stdout.decode().splitlines()[-1] == f"{wanted} False"


@pytest.mark.parametrize(("name", "lazy"), LISTED, ids=[name for name, _ in LISTED])
def test_a_listed_command_is_there_and_says_what_it_does(name: str, lazy: object) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.help


def test_the_version() -> None:
    context = click.Context(cli, info_name="detente")
    with pytest.raises(click.exceptions.Exit):
        cli.parse_args(context, ["--version"])
    assert __version__


WRONG: list[tuple[list[str], str]] = [
    (["nonsense"], "No such command 'nonsense'"),
    (["--nonsense"], "No such option"),
    (["init", "x"], "Missing option"),
    (["card", "no-such-home"], "no party at no-such-home"),
    (["say", "no-such-home"], "Missing argument"),
    (["channel", "assent", "home"], "Missing argument 'CHANNEL'"),
    (["log", "home", "12345678", "--since", "yesterday"], "not a time"),
    (["standing", "home", "12345678", "--at", "2022-02-14T10:00:00"], "has no zone"),
    (["ack", "home", "12345678", "UA-1", "--state", "loved"], "'loved' is not one of"),
    (["readouts", "compare", "one.txt", "two.txt"], "no file one.txt"),
    (["press", "import", "missing.txt"], "cannot read the page missing.txt"),
    (["verify", "missing.zip"], "neither a bundle nor a home"),
    (["restore", "missing", "home"], "no backup at missing"),
    (["schema", "nonsense"], "no command 'nonsense' prints JSON"),
    (["completion", "tcsh"], "'tcsh' is not one of"),
    (["demo", "--pages", "missing.txt"], "no page at missing.txt"),
    (["demo", "page.txt"], "pages come after --pages"),
    (["case", "run"], "name one case"),
    (["init", "x", "--party", "lower", "--name", "N"], "capital letters"),
    (["init", "x", "--party", "BY", "--name", "N", "--endpoint", "ftp://x"], "https://HOST:PORT"),
]


@pytest.mark.parametrize(
    ("call", "says"),
    first_fast(WRONG),
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_call_is_one_line_and_status_2(detente: Program, call: list[str], says: str) -> None:
    result = detente(*call)
    assert says in result.line()
    assert (result.status, result.out) == (2, "")


def test_json_errors_stay_off_standard_output(detente: Program) -> None:
    result = detente("log", "no-such-home", "12345678", "--json")
    assert result.line()
    assert (result.status, result.out) == (2, "")


def test_no_passphrase_is_said_and_not_asked_for_without_a_terminal(detente: Program) -> None:
    result = detente("init", "by", "--party", "BY", "--name", "N")
    assert "set DETENTE_PASSPHRASE" in result.line()
    assert result.status == 2
    assert not (detente.place / "by").exists()


def test_debug_shows_where_an_error_comes_from_wherever_it_stands(detente: Program) -> None:
    for call in (["--debug", "card", "nowhere"], ["card", "nowhere", "--debug"]):
        assert "Traceback" in detente(*call).err


def test_a_bare_call_shows_help_and_fails(detente: Program) -> None:
    result = detente()
    assert result.status == 2
    assert "The line:" in result.out
    assert result.line()


def test_a_closed_pipe_is_no_news(detente: Program) -> None:
    kinds = [*detente.command("schema", "--kinds")]
    with subprocess.Popen(kinds, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=detente.env) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == b""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("wrong"), 2),
        (RefusedError("no"), 1),
        (MalformedError("bad"), 1),
        (UnreachableError("away"), 3),
        (FatalError("unsafe"), 1),
        (DetenteError("any"), 1),
        (click.Abort(), 1),
        (click.BadParameter("bad"), 2),
        (PermissionError(13, "Permission denied", "store.db"), 1),
        (ZeroDivisionError("division"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_one_status_and_one_line(
    error: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main._complain(error) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("detente: ")
    assert said.err.count("\n") == 1


def test_an_error_of_several_lines_becomes_one(capsys: pytest.CaptureFixture[str]) -> None:
    main._complain(RefusedError("first\n  second\n"))
    assert capsys.readouterr().err == "detente: first second\n"


def test_what_a_peer_writes_does_not_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    common.tell("a\x1b[2Jb\u202ec\nd")
    assert capsys.readouterr().out == "a\\u001b[2Jb\\u202ec\nd\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_scripts(detente: Program, shell: str) -> None:
    assert "_DETENTE_COMPLETE" in detente.ok("completion", shell).out


def test_completion_of_commands_and_kinds(detente: Program) -> None:
    zsh = {"_DETENTE_COMPLETE": "zsh_complete"}
    commands = detente("", COMP_WORDS="detente st", COMP_CWORD="1", **zsh)
    assert "standing" in commands.out
    kinds = detente("", COMP_WORDS="detente say h 123456 explanation", COMP_CWORD="4", **zsh)
    assert "explanation.request" in kinds.out
