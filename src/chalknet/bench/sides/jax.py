"""JAX in its best form here: the whole run is one jitted `lax.scan` over epochs, in it one over batches."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from chalknet.bench.data import Data, Outcome, Weights, judge, judge_probabilities, orders
from chalknet.bench.sides import Job, UnavailableError, repeated
from chalknet.bench.works import GRADIENT, MANY, PREDICT, TRAIN, Work

CHUNK = 4000


def version() -> str:
    """Of the package."""
    import jax

    return str(jax.__version__)


def prepare(work: Work, data: Data) -> Job:
    """A job by JAX."""
    kinds = {TRAIN: _train, PREDICT: _predict, GRADIENT: _gradient, MANY: _many}
    if work.kind not in kinds:
        raise UnavailableError("it is not compared at this")
    return kinds[work.kind](work, data)


def _forward(work: Work, weights: Any, x: Any) -> Any:
    import jax
    import jax.numpy as jnp

    for w, b in weights[:-1]:
        x = (jnp.tanh if work.activation == "tanh" else jax.nn.relu)(x @ w + b)
    return x @ weights[-1][0] + weights[-1][1]


def _loss(work: Work, weights: Any, x: Any, y: Any) -> Any:
    import jax
    import jax.numpy as jnp

    z = _forward(work, weights, x)
    if work.loss == "squared":
        return 0.5 * jnp.mean(jnp.sum((z - y) ** 2, axis=1))
    if work.loss == "logistic":
        return jnp.mean(jnp.logaddexp(0.0, z[:, 0]) - z[:, 0] * y)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


def _program(work: Work) -> Any:
    """(weights, batches, the rows left over) -> weights after all epochs, to be jitted (and vmapped).

    With orders the second is (X, y), whole, and the third the orders (epochs, rows).
    """
    import jax
    import jax.numpy as jnp
    from jax import lax

    rate = work.learning_rate

    def step(state: Any, batch: Any) -> Any:
        weights, m, v, t = state
        g = jax.grad(lambda p: _loss(work, p, *batch))(weights)
        if work.optimizer == "sgd":
            return (jax.tree.map(lambda p, q: p - rate * q, weights, g), m, v, t), None
        t = t + 1
        m = jax.tree.map(lambda a, q: 0.9 * a + 0.1 * q, m, g)
        v = jax.tree.map(lambda a, q: 0.999 * a + 0.001 * q * q, v, g)
        s = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        moved = jax.tree.map(lambda p, a, q: p - s * a / (jnp.sqrt(q) + 1e-8), weights, m, v)
        return (moved, m, v, t), None

    def run(weights: Any, batches: Any, left: Any) -> Any:
        def epoch(state: Any, _: Any) -> Any:
            if len(batches[0]) == 1:
                state, _ = step(state, (batches[0][0], batches[1][0]))
            else:
                state, _ = lax.scan(step, state, batches)
            if len(left[0]):
                state, _ = step(state, left)
            return state, None

        def shuffled(state: Any, order: Any) -> Any:
            X, y = batches[0][order], batches[1][order]
            state, _ = lax.scan(step, state, _divide(work, X, y))
            if work.rows % work.batch:
                whole = work.rows // work.batch * work.batch
                state, _ = step(state, (X[whole:], y[whole:]))
            return state, None

        zeros = jax.tree.map(jnp.zeros_like, weights)
        state = (weights, zeros, zeros, jnp.zeros((), work.dtype))
        if work.shuffle and work.batch < work.rows:
            return lax.scan(shuffled, state, left)[0][0]
        return lax.scan(epoch, state, None, length=work.epochs)[0][0]

    return run


def _arrays(work: Work, data: Data) -> tuple[Any, Any, Any]:
    import jax
    import jax.numpy as jnp

    y = jnp.asarray(data.y.astype(work.dtype) if work.loss == "logistic" else data.y)
    return jnp.asarray(data.X), y, jax.tree.map(jnp.asarray, data.first)


def _batches(work: Work, data: Data) -> tuple[Any, Any, Any]:
    """Whole batches (number, batch, …), the rows that are left over, first weights; made before the clock starts."""
    import jax.numpy as jnp

    X, y, first = _arrays(work, data)
    given = orders(work)
    if given is not None:
        return (X, y), jnp.asarray(given, jnp.int32), first
    whole = work.rows // min(work.batch, work.rows) * min(work.batch, work.rows)
    return _divide(work, X, y), (X[whole:], y[whole:]), first


def _divide(work: Work, X: Any, y: Any) -> tuple[Any, Any]:
    """Whole batches: (number, batch, …)."""
    size = min(work.batch, work.rows)
    whole = work.rows // size * size
    return X[:whole].reshape(-1, size, X.shape[1]), y[:whole].reshape(-1, size, *y.shape[1:])


def _train(work: Work, data: Data) -> Job:
    import jax

    batches, left, first = _batches(work, data)
    program = jax.jit(_program(work))
    return Job(
        lambda: jax.block_until_ready(program(first[0], batches, left)),
        lambda weights: judge(work, data, [_numbers(weights)]),
    )


def _numbers(weights: Any) -> Weights:
    return [(np.asarray(w), np.asarray(b)) for w, b in weights]


def _many(work: Work, data: Data) -> Job:
    """All members by `jax.vmap` of the whole run."""
    import jax
    import jax.numpy as jnp

    batches, left, first = _batches(work, data)
    stacked = jax.tree.map(lambda *arrays: jnp.stack(arrays), *first)
    program = jax.jit(jax.vmap(_program(work), in_axes=(0, None, None)))

    def read(out: Any) -> Outcome:
        return judge(work, data, [_numbers([(w[i], b[i]) for w, b in out]) for i in range(work.members)])

    return Job(lambda: jax.block_until_ready(program(stacked, batches, left)), read)


def _predict(work: Work, data: Data) -> Job:
    import jax
    import jax.numpy as jnp
    from jax import lax

    X, weights = jnp.asarray(data.X), jax.tree.map(jnp.asarray, data.first[0])
    plain = jax.jit(lambda w, x: jax.nn.softmax(_forward(work, w, x)))

    def chunked(w: Any, x: Any) -> Any:
        return lax.map(lambda part: jax.nn.softmax(_forward(work, w, part)), x.reshape(-1, CHUNK, x.shape[1]))

    def seconds(call: Any) -> float:
        jax.block_until_ready(call(weights, X))
        start = time.perf_counter()
        jax.block_until_ready(call(weights, X))
        return time.perf_counter() - start

    forms = (plain,) if work.rows % CHUNK else (plain, jax.jit(chunked))
    best = min(forms, key=seconds) if len(forms) > 1 else plain

    def once() -> Any:
        return jax.block_until_ready(best(weights, X))

    return Job(
        repeated(work.calls, once),
        lambda p: judge_probabilities(work, data, np.asarray(p).reshape(work.rows, work.sizes[-1])),
    )


def _gradient(work: Work, data: Data) -> Job:
    import jax

    X, y, first = _arrays(work, data)
    both = jax.jit(lambda w, x, t: jax.value_and_grad(lambda p: _loss(work, p, x, t))(w))

    def once() -> Any:
        return jax.block_until_ready(both(first[0], X, y))

    def read(out: Any) -> Outcome:
        parts = [np.asarray(part, np.float64).ravel() for pair in out[1] for part in pair]
        return Outcome(float(out[0]), np.concatenate(parts))

    return Job(repeated(work.calls, once), read)
