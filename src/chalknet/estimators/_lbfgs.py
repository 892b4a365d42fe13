"""Fitting an estimator's network by L-BFGS on an engine's gradient."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from scipy import optimize
from sklearn.exceptions import ConvergenceWarning

from chalknet.engines import describe, select
from chalknet.engines import rules as r
from chalknet.engines.context import called_back
from chalknet.engines.state import Data, State
from chalknet.estimators._fitting import NOT_FINITE, listening, out_of_time, rows_of, warn_user
from chalknet.exceptions import DataError, ParameterError
from chalknet.layers.optimizer import SGD


def lbfgs(est: Any, X: Any, y: np.ndarray, weights: np.ndarray | None, ends: float | None = None) -> bool:
    """L-BFGS by SciPy on the whole data's loss and gradient, in float64; tells whether Ctrl-C stopped it.

    It must stop by `ends` (of `time.perf_counter`), by default when its own `max_time` is over.
    """
    net = est.network_
    loss: Any = net.loss
    _refuse(est)
    d = describe.training(describe.network(net.layers, net.loss), SGD(), l2=float(est.alpha), dtype="float64")
    x = rows_of(X).astype(np.float64, copy=False)
    y = describe.settle(loss, y, net.layers, np.float64)
    y = y.astype(np.float64, copy=False) if y.ndim == 2 else y
    w = None if weights is None else weights.astype(np.float64, copy=False)
    data = Data(x, y, np.arange(x.shape[0]), w)
    engine = select.load(est.engine_)
    verbose = est.verbose is True or est.verbose >= 1
    reached = net.parameters.astype(np.float64)

    state = State.start(net.parameters, d, net.seed, net.buffers)  # what callbacks are told of
    state.losses = net.loss_curve_ = est.loss_curve_
    halted = stopped = late = False
    if ends is None and est.max_time is not None:
        ends = time.perf_counter() + est.max_time
    est.n_iter_ = 0

    def told(intermediate_result: Any) -> None:
        nonlocal halted, late
        reached[...] = net.parameters[...] = intermediate_result.x
        est.loss_, est.n_iter_ = float(intermediate_result.fun), est.n_iter_ + 1
        state.losses.append(est.loss_)
        state.counts[r.DONE] = state.counts[r.FIT_STEP] = est.n_iter_
        if verbose:
            print(f"Iteration {est.n_iter_}, loss = {est.loss_:.8f}")
        late = ends is not None and time.perf_counter() > ends
        if (each is not None and each(est.n_iter_)) or late:
            halted = True
            raise StopIteration

    try:
        with called_back(listening(est), est, state, int(est.max_iter)) as each:
            found = optimize.minimize(
                engine.slope(d, data, net.buffers.astype(np.float64)),
                reached.copy(),
                method="L-BFGS-B",
                jac=True,
                callback=told,
                options={"maxfun": est.max_fun, "maxiter": est.max_iter, "gtol": est.tol},
            )
            if not halted:
                reached, est.loss_ = found.x, float(found.fun)
                est.n_iter_ = min(int(found.nit), int(est.max_iter))
                net.parameters[...] = reached
        if found.status != 0 and not halted and not est._planned:
            warn_user(
                f"lbfgs failed to converge after {est.n_iter_} iteration(s) (status={found.status}): {found.message} "
                "Increase max_iter or max_fun, or standardise the data.",
                ConvergenceWarning,
            )
        if late:
            warn_user(out_of_time(est), ConvergenceWarning)
    except KeyboardInterrupt:
        stopped = True
    net.parameters[...] = reached
    net.training_state, est._last = None, net.parameters.copy()
    if not np.isfinite(net.parameters).all():
        raise DataError(f"{NOT_FINITE} {est._remedy}")
    return stopped


def _refuse(est: Any) -> None:
    """Raise ParameterError for what has no meaning, or no gradient everywhere, on the whole data's objective."""
    if np.any(np.asarray(est.dropout) != 0):
        raise ParameterError(
            'dropout needs a stochastic solver: use solver="adam", or dropout=0 with "lbfgs".'
        )
    if est.normalization == "batch":
        raise ParameterError(
            'normalization="batch" needs a stochastic solver, which learns from batches: use solver="adam", or '
            'normalization="layer" with "lbfgs".'
        )
    for name, off in (("l1", 0.0), ("clip_norm", None), ("clip_value", None), ("max_norm", None)):
        if getattr(est, name) != off:
            raise ParameterError(
                f'{name} needs a stochastic solver: use solver="adam", or {name}={off} with "lbfgs".'
            )
