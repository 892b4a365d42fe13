"""Fitting an estimator's network by L-BFGS on an engine's gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize
from sklearn.exceptions import ConvergenceWarning

from chalknet.engines import describe, select
from chalknet.engines.base import Data
from chalknet.estimators._fitting import INTERRUPTED, NOT_FINITE, rows_of, warn_user
from chalknet.exceptions import DataError, ParameterError
from chalknet.layers.optimizer import SGD


def lbfgs(est: Any, X: Any, y: np.ndarray, weights: np.ndarray | None) -> bool:
    """L-BFGS by SciPy on the whole data's loss and gradient, in float64; tells whether Ctrl-C stopped it."""
    net = est.network_
    if np.any(np.asarray(est.dropout) != 0):
        raise ParameterError(
            'dropout needs a stochastic solver: use solver="adam", or dropout=0 with "lbfgs".'
        )
    d = describe.training(describe.network(net.layers, net.loss), SGD(), l2=float(est.alpha), dtype="float64")
    x = rows_of(X).astype(np.float64, copy=False)
    y = y.astype(np.float64, copy=False) if y.ndim == 2 else y
    w = None if weights is None else weights.astype(np.float64, copy=False)
    data = Data(x, y, np.arange(x.shape[0]), w)
    engine = select.load(est.engine_)
    verbose = est.verbose is True or est.verbose >= 1
    reached = net.parameters.astype(np.float64)

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        return engine.loss_and_gradient(d, theta, data)

    def told(intermediate_result: Any) -> None:
        reached[...] = intermediate_result.x
        est.loss_, est.n_iter_ = float(intermediate_result.fun), est.n_iter_ + 1
        if verbose:
            print(f"Iteration {est.n_iter_}, loss = {est.loss_:.8f}")

    est.n_iter_, stopped = 0, False
    try:
        found = optimize.minimize(
            objective,
            reached.copy(),
            method="L-BFGS-B",
            jac=True,
            callback=told,
            options={"maxfun": est.max_fun, "maxiter": est.max_iter, "gtol": est.tol},
        )
        reached, est.loss_ = found.x, float(found.fun)
        est.n_iter_ = min(int(found.nit), int(est.max_iter))
        if found.status != 0:
            warn_user(
                f"lbfgs failed to converge after {est.n_iter_} iteration(s) (status={found.status}): {found.message} "
                "Increase max_iter or max_fun, or standardise the data.",
                ConvergenceWarning,
            )
    except KeyboardInterrupt:
        warn_user(INTERRUPTED)
        stopped = True
    net.parameters[...] = reached
    net.training_state, est._last = None, net.parameters.copy()
    if not np.isfinite(net.parameters).all():
        raise DataError(NOT_FINITE)
    return stopped
