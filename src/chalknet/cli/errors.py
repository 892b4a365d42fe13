"""How a command refuses: one sentence on one line, whatever the names in it hold."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

import click

DEBUG = "On an error, show the traceback too."  # the help of --debug


class Refused(click.ClickException):
    """Wrong use or bad input: the sentence is shown and the command exits with 2."""

    exit_code = 2


def one_line(text: str) -> str:
    r"""Escape what would break the line or move the cursor.

    >>> print(one_line("no column 'a\nb'"))
    no column 'a\nb'
    """
    breaks = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in breaks else c for c in text.strip())


def sentence(text: str) -> str:
    """One line that ends as a sentence does.

    >>> sentence("no such file"), sentence("Why?")
    ('no such file.', 'Why?')
    """
    line = one_line(text)
    return line if line.endswith((".", "!", "?")) else f"{line}."


def some(names: Iterable[object], limit: int = 12) -> str:
    """List names, but never hundreds of them.

    >>> some("abc"), some("abc", limit=2)
    ("'a', 'b', 'c'", "'a', 'b' and 1 more")
    """
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number} {noun}{'s' * (number != 1)}"


def nearest(name: str, names: Iterable[str]) -> str:
    """A suggestion to append to a sentence, or nothing.

    >>> nearest("specis", ["island", "species"])
    " (did you mean 'species'?)"
    >>> nearest("x", ["island"])
    ''
    """
    match = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""


def os_error(error: OSError) -> str:
    """An operating system's error as a sentence that names the file.

    >>> os_error(FileNotFoundError(2, "No such file or directory", "a.csv"))
    "No such file or directory: 'a.csv'"
    """
    what = (error.strerror or str(error) or type(error).__name__).strip()
    return what if error.filename is None else f"{what}: {str(error.filename)!r}"
