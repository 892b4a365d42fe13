"""Kinds of option values, checked while the command line is parsed, and options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import click

from chalknet.cli.errors import DEBUG, nearest


class Number(click.ParamType):
    """A finite number within bounds: above ``low`` (or at it, if ``closed``) and below ``high``."""

    name = "number"

    def __init__(self, low: float, high: float = math.inf, *, closed: bool = False) -> None:
        self.low, self.high, self.closed = low, high, closed

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse ``value``, or refuse it naming the bounds."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if (
            math.isfinite(number)
            and (self.low < number or (self.closed and number == self.low))
            and number < self.high
        ):
            return number
        least = f"{'of at least' if self.closed else 'above'} {self.low:g}"
        most = f" and below {self.high:g}" if self.high < math.inf else ""
        self.fail(f"{value!r} is not a finite number {least}{most}.", param, ctx)


class Whole(click.ParamType):
    """A whole number from ``low`` to ``high``."""

    name = "whole number"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse ``value``, or refuse it naming the bounds."""
        if isinstance(value, int):
            return value
        if value.isascii() and value.isdigit() and len(value) <= 20 and self.low <= int(value) <= self.high:
            return int(value)
        self.fail(f"{value!r} is not a whole number from {self.low} to {self.high}.", param, ctx)


class Sizes(click.ParamType):
    """Comma-separated whole numbers of at least 1, such as ``64,32``."""

    name = "sizes"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Parse ``value`` into a tuple of sizes."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in value.split(",")]
        if all(part.isascii() and part.isdigit() and len(part) <= 9 and int(part) >= 1 for part in parts):
            return tuple(int(part) for part in parts)
        self.fail(f"{value!r} is not a list of whole numbers of at least 1, such as 64,32.", param, ctx)


class Name(click.ParamType):
    """One name of a table that is imported only when a name is given, or an alias of one."""

    name = "name"

    def __init__(
        self, names: Callable[[], list[str]], aliases: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        self.names, self.aliases = names, aliases

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept a name of the table, turn an alias into it, or refuse it listing them all."""
        allowed, aliases = self.names(), self.aliases()
        value = aliases.get(value, value)
        if value in allowed:
            return value
        self.fail(
            f"{value!r} is not one of {', '.join(allowed)}{nearest(value, [*allowed, *aliases])}.", param, ctx
        )


class Separator(click.ParamType):
    r"""One ASCII character; a tab may be written ``\t`` or ``tab``."""

    name = "character"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept one character that can separate fields."""
        character = {"\\t": "\t", "tab": "\t"}.get(value, value)
        if len(character) == 1 and character.isascii() and character not in '"\r\n\0':
            return character
        self.fail(f"{value!r} is not one character, such as , or ; or \\t.", param, ctx)


class Encoding(click.ParamType):
    """A text encoding that Python knows."""

    name = "encoding"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept an encoding's name."""
        try:
            "".encode(value)  # base64 and the like are codecs too, but not of text
        except (LookupError, ValueError):
            pass
        else:
            return value
        self.fail(
            f"{value!r} is no text encoding that Python knows; try utf-8, latin-1, cp1252 or utf-16.",
            param,
            ctx,
        )


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--sep``, ``--encoding`` and ``--debug``, which every command with a table has."""
    command = debug_option(command)
    command = click.option(
        "--encoding", type=Encoding(), default="utf-8", show_default=True, help="Encoding of text in DATA."
    )(command)
    return click.option(
        "--sep", type=Separator(), help="Character between the fields of DATA.  [default: , or a tab in .tsv]"
    )(command)


def debug_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--debug``; `chalknet.cli.main.run` looks for it by itself."""
    return click.option("--debug", is_flag=True, expose_value=False, help=DEBUG)(command)
