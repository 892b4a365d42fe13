"""The command ``chalknet``: training, prediction and evaluation of tables without writing a program."""

from __future__ import annotations

from chalknet.cli.main import main

__all__ = ["main"]
