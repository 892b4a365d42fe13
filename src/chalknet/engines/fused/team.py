"""Work on one run for several threads: they take numbered pieces of it until none is left.

One thread leads: it runs the whole of `train` and calls `work` where there are pieces. The others wait for pieces in
`help_out`, spinning, for as long as a call of the engine lasts. Pieces write to places of their own, so nothing depends
on who takes which; and nobody waits for a thread that has not begun a piece.
"""

from __future__ import annotations

from numba import njit, types
from numba.extending import intrinsic

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import JIT, call_float, integers

# The board on which work is offered (int64), each number that several threads write on a cache line of its own.
OFFER = (
    0  # how many pieces there are << SHIFT | the number of the next one; in one word, so both change at once
)
DONE = 8  # pieces finished
KERNEL = 16  # address of what is called for a piece
CLOSED = 24  # 1: the helpers may go
BOARD = 32
SHIFT = 20
MASK = (1 << SHIFT) - 1

if JIT:

    def _place(builder, args):
        return builder.gep(args[0], [args[1]])

    @intrinsic
    def read(typing, board, i):
        """board[i], and whatever was written before it."""

        def codegen(context, builder, signature, args):
            return builder.load_atomic(_place(builder, args), "acquire", 8)

        return types.int64(board, types.int64), codegen

    @intrinsic
    def publish(typing, board, i, value):
        """board[i] = value, after whatever was written before it."""

        def codegen(context, builder, signature, args):
            builder.store_atomic(args[2], _place(builder, args), "release", 8)
            return context.get_dummy_value()

        return types.void(board, types.int64, types.int64), codegen

    @intrinsic
    def add(typing, board, i, value):
        """Add to board[i]; returns what it was."""

        def codegen(context, builder, signature, args):
            return builder.atomic_rmw("add", _place(builder, args), args[2], "acq_rel")

        return types.int64(board, types.int64, types.int64), codegen

else:

    def read(board, i):
        """Twin: un-jitted there is one thread."""
        return board[i]

    def publish(board, i, value):
        """Twin: the same."""
        board[i] = value

    def add(board, i, value):
        """Twin: the same."""
        was = board[i]
        board[i] += value
        return was


@njit(**INNER)
def take(net, fact, knob, buffer, board):
    """Take one piece and finish it; tells whether there was one."""
    offer = read(board, OFFER)
    if offer & MASK >= offer >> SHIFT:
        return False
    offer = add(board, OFFER, 1)  # by now the offer may be another one, or none
    k = offer & MASK
    if k >= offer >> SHIFT:
        return False
    call_float(board[KERNEL], (net, fact, knob, buffer, fact, 0, k))
    add(board, DONE, 1)
    return True


@njit(**INNER)
def work(net, fact, knob, buffer, kernel, n):
    """Call a kernel for the numbers 0 … n - 1, with whoever helps."""
    if fact[at.HELPED] == 0 or n == 1:
        for k in range(n):
            call_float(kernel, (net, fact, knob, buffer, fact, 0, k))
        return
    board = integers(fact[at.BOARD])
    board[KERNEL] = kernel
    publish(board, DONE, 0)
    publish(board, OFFER, n << SHIFT)
    while take(net, fact, knob, buffer, board):
        pass
    while (
        read(board, DONE) < n
    ):  # no `pause` instruction: virtual machines stop the processor for microseconds at it
        pass


def help_type(T):
    """The C signature of `help_out`."""
    return types.void(
        types.CPointer(types.int64),
        types.CPointer(types.int64),
        types.CPointer(types.float64),
        types.CPointer(T),
    )


def help_out(net, fact, knob, buffer):
    """Take pieces until the board is closed."""
    board = integers(fact[at.BOARD])
    while read(board, CLOSED) == 0:
        take(net, fact, knob, buffer, board)
