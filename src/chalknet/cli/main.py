"""The command group: sub-commands found by name, errors cut down to one line, pipes and Ctrl-C ended quietly.

Only click is imported here, so that ``chalknet --help`` answers at once; each sub-command is a module of its own
that is imported when it is called.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from chalknet.cli.errors import DEBUG, nearest, os_error, sentence

COMMANDS = {  # name (and module) -> what `chalknet --help` says about it
    "train": "Train a network on a table and write it to a file.",
    "predict": "Predict the target of each row of a table.",
    "evaluate": "Score a model on a table whose target is known.",
    "explain": "Show one row's update as arithmetic, check it, or check your own answers.",
    "exercise": "Make a sheet to work by hand, or its solution.",
    "plot": "Draw a model.",
    "lecture": "Work out an item of the lecture, with every number.",
    "bench": "Run networks here and in other libraries, side by side.",
    "warmup": "Compile ahead what the first fit would compile.",
    "demo": "Train on bundled real data and show what was learned.",
}
_EPILOG = "Begin with `chalknet demo`. `chalknet COMMAND --help` explains a command and its options."


class _Group(click.Group):
    """Sub-commands by name, without importing those that are not called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            hint, allowed = nearest(cmd_name, COMMANDS), ", ".join(COMMANDS)
            raise click.UsageError(f"There is no command {cmd_name!r}{hint}; there are {allowed}")
        return import_module(f"chalknet.cli.{cmd_name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from chalknet import __version__

        click.echo(f"chalknet {__version__}")
        ctx.exit()


@click.group(cls=_Group, name="chalknet", invoke_without_command=True, epilog=_EPILOG)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show it and exit.",
)
@click.option("--debug", is_flag=True, expose_value=False, help=DEBUG)
@click.pass_context
def group(ctx: click.Context) -> None:
    """Neural networks you can check on a chalkboard, at compiled speed."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with its exit status: 0 done, 1 the answer is no, 2 wrong use."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show must not end the command
            stream.reconfigure(errors="backslashreplace")
    try:
        status = run(sys.argv[1:] if args is None else list(args))
    except KeyboardInterrupt:  # pressed a second time
        status = 130
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is Python's own end, and the status stands
    # CPython remembers a Ctrl-C that left an `exec` of text, as there are many in imports, and would end by the signal
    # though it was caught; the next `exec` makes it forget.
    exec("")  # noqa: S102
    sys.exit(status)


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit status; nothing but the sentences meant for people is printed.

    Remarks that a command collects in its context's ``obj``, and warnings raised below it, go to standard error once
    it has succeeded: after a refusal the one line is all that stands there.
    """
    # Looked up by hand, since a wrong option ends click's parsing before it reaches --debug.
    debug = "--debug" in (list(args)[: list(args).index("--")] if "--" in args else args)
    remarks: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)  # what is odd about the data is always said
            status = _invoke(args, remarks)
        for text in dict.fromkeys([*remarks, *(str(warning.message) for warning in caught)]):
            click.echo(f"chalknet: warning: {sentence(text)}", err=True)
    except BrokenPipeError:
        forget_output()
        return 141  # as a shell reports a process that SIGPIPE ended
    except KeyboardInterrupt as error:
        _complain(str(error) or "Interrupted; nothing was written", debug)
        return 130
    except Exception as error:  # noqa: BLE001 - a fault of ours is one line, too
        _complain(_words(error), debug)
    else:
        return status
    return 2


def _words(error: Exception) -> str:
    """What an error says to a person."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError):
        return os_error(error)
    if isinstance(error, MemoryError):
        return f"Not enough memory: {error}".removesuffix(": ")
    from chalknet.exceptions import ChalknetError  # with scikit-learn behind it, so not at the top

    if isinstance(error, (ValueError, ChalknetError)):
        return str(error)
    return f"Unexpected {type(error).__name__}: {error} (--debug shows where; please report it)"


def _invoke(args: Sequence[str], remarks: list[str]) -> int:
    """Parse, run and return the exit status: 0, or 1 where the command ran and its answer is no.

    click's own `main` would print its usage block and a blank line on Ctrl-C.
    """
    status = 0
    try:
        ctx = group.make_context("chalknet", list(args), obj=remarks)
        with ctx.scope():
            group.invoke(ctx)
    except click.exceptions.Exit as end:  # --help, --version, and the answer no
        status = end.exit_code
    if sys.stdout is not None:
        sys.stdout.flush()  # a closed pipe or a full disk shows here, not while Python shuts down
    return status


def _complain(message: str, debug: bool) -> None:
    if debug:
        import traceback

        click.echo(traceback.format_exc(), err=True, nl=False)
    with contextlib.suppress(OSError):  # nobody reads standard error either
        click.echo(f"chalknet: {sentence(message)}", err=True)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        forget_output()


def forget_output() -> None:
    """Send what is still buffered nowhere, so that Python's own flush at exit does not complain."""
    with contextlib.suppress(OSError, ValueError):  # standard output is closed, or is no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
