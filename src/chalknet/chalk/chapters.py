"""The calculation from beginning to end, chapter by chapter."""

from __future__ import annotations

from chalknet.chalk.backward import write_backward
from chalknet.chalk.forward import write_forward
from chalknet.chalk.groups import Builder
from chalknet.chalk.ledger import Ledger
from chalknet.chalk.objective import write_loss
from chalknet.chalk.rule import write_answer, write_criterion
from chalknet.chalk.updates import write_update


def write(book: Ledger, *, jacobian: bool = False) -> Builder:
    """All groups of a ledger, in the calculation's order."""
    builder = Builder(book, jacobian=jacobian)
    for i in range(len(book.passes)):
        write_forward(builder, i)
        if book.rule:
            write_answer(builder, i)
            write_criterion(builder, i)
        else:
            write_loss(builder, i)
        if i < len(book.updates):
            write_backward(builder, i)
            write_update(builder, i)
    return builder
