"""Where the microseconds of a W2 fit go (20-100-2, softmax and cross-entropy, Adam, batches of 200 rows).

Reference: the whole fit, by `Network.fit`. From its times for 10 and for 110 epochs follow what a step takes, and what
a call takes however many steps there are (checks, copies, layout). Below that each kernel of a step alone, called at
the addresses and with the buffers of a session that has just trained; what they do not explain is the loop around
them, and caches that a kernel alone finds warmer.
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
from chalknet.engines import describe, state
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.engine import FusedSession
from chalknet.layers.optimizer import Adam

WORK = replace(WORKS["W2b200"], options=(("engine", "numba"),))
KERNEL = ctypes.CFUNCTYPE(
    ctypes.c_double, *[ctypes.c_void_p] * 5, ctypes.c_int64, ctypes.c_int64
)  # net, fact, knob, buffer, rows' numbers, how many, where the layer's record begins


def session(made: data.Data) -> FusedSession:
    """A run of one epoch, done, with everything still in its buffers."""
    net = network.build(WORK, made)
    told = describe.training(
        describe.network(net.layers, net.loss), Adam(1e-3), batch_size=WORK.batch, max_epochs=1, shuffle=False
    )
    rows = state.Data(made.X, made.y, np.arange(WORK.rows))
    run = FusedSession(told, state.State.start(net.parameters, told, 0), rows)
    run.run(state.Until(1))
    return run


def pieces(run: FusedSession) -> dict[str, Callable[[], object]]:
    """Each kernel of a step, ready to be called."""
    net, fact = run.layout.nets[0], run.layout.facts[0]
    fixed, order, m = run.arguments[:4], run.arguments[4], int(fact[at.COUNT])
    last, ranges, first = int(fact[at.LAST]), int(fact[at.RANGES]), int(fact[at.FIRST])

    def kernel(address: int, rows: int, count: int, place: int) -> Callable[[], object]:
        return partial(KERNEL(int(address)), *fixed, rows, count, place)

    names = [
        f"{spec.kind} {spec.n_in}-{spec.n_out}" if spec.kind == "dense" else spec.name
        for spec in run.layout.specs
    ]
    made = {
        "gather the rows": kernel(fact[at.GATHER], order, m, 0),
        "targets": kernel(fact[at.TARGETS], order, m, 0),
    }
    for i, name in enumerate(names):
        made[f"forward, {name}"] = kernel(net[i, at.FORWARD], order, m, at.NEXT * i)
    made["softmax, loss and its slope"] = kernel(fact[at.LOSS], order, m, last)
    for i in range(len(names) - 1, first // at.NEXT, -1):
        made[f"backward, {names[i]}"] = kernel(net[i, at.BACKWARD], order, m, at.NEXT * i)
    for k in range(int(fact[at.N_RANGES])):
        span = ranges + 32 * k  # four int64 each: layer, from, to, with its biases
        layer = ctypes.c_int64.from_address(span).value
        text = f"gradient of {names[layer // at.NEXT]}"
        made[text if text not in made else f"{text} ({k})"] = kernel(
            net[layer // at.NEXT, at.LEARN], span, 0, layer
        )
    return {**made, "Adam": kernel(fact[at.UPDATE], order, m, 0)}


def main() -> None:
    """Time the whole, then the pieces."""
    made = data.make(WORK)
    once = replace(WORK, epochs=1)
    ours, theirs = (side.prepare(once, made) for side in (network, loops))
    check("W2", abs(ours.read(ours.run()).loss - theirs.read(theirs.run()).loss), 1e-4)
    epochs = WORK.rows // WORK.batch
    times = [best(network.prepare(replace(WORK, epochs=n), made).run) for n in (10, 110)]
    each = (times[1] - times[0]) / (100 * epochs)
    run = session(made)
    parts = pieces(run)
    nothing = best(partial(parts["targets"].func, *run.arguments[:5], 0, 0))  # what a call from Python costs
    seconds = {name: max(0.0, best(piece) - nothing) for name, piece in parts.items()}
    rest = {"all else": each - sum(seconds.values()), "one step": each}
    rows = [[name, f"{t * 1e6:.2f}", f"{t / each:.0%}"] for name, t in {**seconds, **rest}.items()]
    show(f"W2, batch {WORK.batch}, one step in {WORK.dtype}", ["", "µs", "of it"], rows)
    call = times[0] - each * 10 * epochs
    print(
        f"\na fit of 10 epochs: {times[0] * 1e3:.2f} ms, of it {call * 1e3:.2f} ms outside its {10 * epochs} steps"
    )


if __name__ == "__main__":
    main()
