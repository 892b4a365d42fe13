"""Where the microseconds of a W2 fit go (20-100-2, softmax and cross-entropy, Adam, batches of 200 rows).

Reference: the whole fit, by `Network.fit`. From its times for 10 and for 110 epochs follow what a step takes, and what
a call takes however many steps there are (checks, copies, layout). Below that each piece of a step alone, by the
kernels that the fit calls, at its sizes padded to whole vectors; what they do not explain is calls, targets, the loop
around, and caches that a piece alone finds warmer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from harness import best, check, show  # sets one thread, so it comes first

import numpy as np  # isort: skip

from chalknet.bench import data
from chalknet.bench.sides import network
from chalknet.bench.sides import numpy as loops
from chalknet.bench.works import WORKS
from chalknet.engines.fused import batch, gemm, lowlevel, steps
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.tile import VECTOR_BYTES

ROWS, SIZES, DTYPE = 200, (20, 100, 2), "float32"
LANES = VECTOR_BYTES // 4
_KEPT: list[np.ndarray] = []  # what addresses point at


def padded(n: int) -> int:
    """Whole vectors."""
    return -(-n // LANES) * LANES


def block(*shape: int) -> int:
    """The address of a new array of random numbers."""
    _KEPT.append(np.random.default_rng(0).standard_normal(shape).astype(DTYPE))
    return int(lowlevel.pointer(_KEPT[-1]))


def step(kind: str, name: str, arguments: str) -> Callable[..., None]:
    """A formula's loop; arguments as letters: p pointer, i integer, f number."""
    types = {"p": ctypes.c_void_p, "i": ctypes.c_int64, "f": ctypes.c_float}
    return ctypes.CFUNCTYPE(None, *(types[a] for a in arguments))(steps.address_of(kind, name, DTYPE))


def pieces() -> dict[str, Callable[[], object]]:
    """Each piece of a step, ready to be called."""
    n_in, hidden, out = (padded(n) for n in SIZES)
    tile = steps.entry(gemm.product, DTYPE, gemm.product_type)
    activate, derive = step("activate", "relu", "ppiiif"), step("derive", "relu", "pppiiif")
    measure = step("measure", "softmax_cross_entropy", "ppppppiiiff")
    update = step("update", "adam", "pppppip")
    x, z, a, d = block(ROWS, n_in), block(ROWS, hidden), block(ROWS, hidden), block(ROWS, hidden)
    logits, slope, w1, w2 = block(ROWS, out), block(ROWS, out), block(n_in, hidden), block(hidden, out)
    turned, zeros = block(out, hidden), block(1, 1024)
    targets = block(ROWS, out)
    _KEPT[-1][:] = np.eye(out, dtype=DTYPE)[np.arange(ROWS) % 2]
    weights, losses, room = block(1, ROWS), block(1, ROWS), block(ROWS, 4 * out)
    size = (SIZES[0] + 1) * hidden + (SIZES[1] + 1) * out
    flat, gradient, mean, square = (block(1, size) for _ in range(4))
    _KEPT[-1][:] = 0.01
    constants = block(1, 8)
    _KEPT[-1][:] = 0.1
    return {
        "gather the rows": gather(x, n_in),
        "A1 = X W1 + b1": partial(tile, x, n_in, 1, w1, hidden, z, hidden, zeros, 0, ROWS, hidden, SIZES[0]),
        "ReLU": partial(activate, z, a, ROWS, SIZES[1], hidden, 0.0),
        "Z2 = A1 W2 + b2": partial(tile, a, hidden, 1, w2, out, logits, out, zeros, 0, ROWS, out, SIZES[1]),
        "softmax, loss, its slope": partial(
            measure, targets, logits, slope, weights, losses, room, ROWS, SIZES[2], out, 0.0, 0.005
        ),
        "dA1 = D2 W2ᵀ": partial(
            tile, slope, out, 1, turned, hidden, d, hidden, zeros, 0, ROWS, hidden, SIZES[2]
        ),
        "ReLU's slope": partial(derive, z, a, d, ROWS, SIZES[1], hidden, 0.0),
        "dW2 = A1ᵀ D2": partial(tile, a, 1, hidden, slope, out, gradient, out, zeros, 0, SIZES[1], out, ROWS),
        "dW1 = Xᵀ D1": partial(
            tile, x, 1, n_in, d, hidden, gradient, hidden, zeros, 0, SIZES[0], hidden, ROWS
        ),
        "Adam": partial(update, flat, gradient, mean, square, square, size, constants),
    }


def gather(target: int, stride: int) -> Callable[[], object]:
    """The kernel that copies a batch's rows."""
    n = SIZES[0]
    x, order = np.zeros((10_000, n), DTYPE), np.random.default_rng(0).permutation(10_000)[:ROWS]
    net, fact, knob = np.zeros(64, np.int64), np.zeros(at.N_FACTS, np.int64), np.zeros(64)
    net[at.STRIDE], fact[at.N_IN], fact[at.X] = stride, n, lowlevel.kept(x)
    _KEPT.extend((x, order, net, fact, knob))
    kernel = steps.entry(batch.gather, DTYPE, steps.kernel_type)
    fixed = [lowlevel.pointer(array) for array in (net, fact, knob)]
    return partial(kernel, *fixed, target, lowlevel.pointer(order), ROWS, 0)


def main() -> None:
    """Time the whole, then the pieces."""
    work = replace(WORKS["W2b200"], options=(("shuffle", True),))
    made = data.make(work)
    plain = replace(WORKS["W2b200"], epochs=1, options=(("engine", "numba"),))
    ours, theirs = (side.prepare(plain, made) for side in (network, loops))
    check("W2", abs(ours.read(ours.run()).loss - theirs.read(theirs.run()).loss), 1e-4)
    times = [best(network.prepare(replace(work, epochs=epochs), made).run) for epochs in (10, 110)]
    each = (times[1] - times[0]) / (100 * work.rows / ROWS)
    call = times[0] - each * 10 * work.rows / ROWS
    empty = step("activate", "relu", "ppiiif")
    nothing = best(partial(empty, 0, 0, 0, 0, 0, 0.0))  # what calling from Python costs
    parts = {name: max(0.0, best(piece) - nothing) for name, piece in pieces().items()}
    rest = {"all else in a step": each - sum(parts.values()), "one step": each}
    rows = [[name, f"{t * 1e6:.2f}", f"{t / each:.0%}"] for name, t in {**parts, **rest}.items()]
    show(f"W2, batch {ROWS}, one step in {DTYPE}", ["", "µs", "of it"], rows)
    print(f"\na fit of 10 epochs: {times[0] * 1e3:.2f} ms, of it {call * 1e3:.2f} ms outside its 500 steps")


if __name__ == "__main__":
    main()
