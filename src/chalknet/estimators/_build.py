"""From an estimator's parameters to objects: layers, loss, optimizer."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from inspect import Parameter, signature
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from chalknet.exceptions import ParameterError
from chalknet.layers import activation as activations
from chalknet.layers import loss as losses
from chalknet.layers import optimizer as optimizers
from chalknet.layers import schedule as schedules
from chalknet.layers.base import Layer
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.layers.loss import Loss
from chalknet.layers.normalization import BatchNorm, LayerNorm, Standardize
from chalknet.layers.optimizer import SGD, Optimizer
from chalknet.maths import initializers
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.network import Network

SKLEARN_SCHEDULES = ("constant", "invscaling", "adaptive")  # which scikit-learn applies to "sgd" alone
NORMALIZATIONS = {"batch": BatchNorm, "layer": LayerNorm}
LOGISTIC = ("logistic", "sigmoid")
OF_THREAD = threading.local()
CALLS = ("on_fit_begin", "on_epoch_end", "on_fit_end")


def hidden_sizes(given: Any) -> list[int]:
    """`hidden_layer_sizes` as a list; scikit-learn's words for sizes below 1."""
    sizes = list(given) if hasattr(given, "__iter__") else [given]
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool):
            raise ParameterError(
                f"hidden_layer_sizes must be whole numbers, one a hidden layer, such as (64, 32), but holds {size!r}."
            )
    if any(size <= 0 for size in sizes):
        raise ParameterError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [int(n) for n in sizes]


def dropout_rates(given: Any, n: int) -> list[float]:
    """`dropout` as one share for each of `n` hidden layers."""
    rates = one_each(given, n, "dropout")
    for rate in rates:
        if not isinstance(rate, Real) or isinstance(rate, bool) or not 0.0 <= float(rate) < 1.0:
            raise ParameterError(f"dropout must be shares in [0, 1), one a hidden layer, but holds {rate!r}.")
    return [float(rate) for rate in rates]


def listeners(given: Any) -> list[Any]:
    """`callbacks` as a list: None, one object, or several.

    Raises ParameterError for what cannot be called back.
    """
    if given is None:
        return []
    several = isinstance(given, Iterable) and not hasattr(given, CALLS[0])
    found = list(given) if several else [given]
    for callback in found:
        lacks = [name for name in CALLS if not callable(getattr(callback, name, None))]
        if lacks or isinstance(callback, type):
            what = "a class: make an object of it" if isinstance(callback, type) else f"without {lacks[0]}"
            if hasattr(callback, "on_fit_task_begin"):
                what = "one of scikit-learn's: register it with set_callbacks"
            raise ParameterError(
                f"callbacks must be objects with {', '.join(CALLS)}, such as cn.ProgressBar(), but {callback!r} is "
                f"{what}."
            )
    return found


def one_each(given: Any, n: int, name: str) -> list[Any]:
    """One value for each of `n` hidden layers, from one value for all or a list of them."""
    if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)):
        return [given] * n
    if len(given) != n:
        raise ParameterError(
            f"{name}={given!r} names {len(given)} values, but there are {n} hidden layers: "
            "give one for each, or one for all."
        )
    return list(given)


def build(
    sizes: Sequence[int],
    activation: Any,
    dropout: Any,
    normalization: str | None,
    standardize: bool,
    output: str,
    loss: Loss,
    dtype: Any,
    random: np.random.RandomState,
) -> Network:
    """The network, its weights drawn in scikit-learn's own order: layer by layer, weights then biases."""
    n_hidden = len(sizes) - 2
    names = one_each(activation, n_hidden, "activation")
    rates = dropout_rates(dropout, n_hidden)
    layers: list[Layer] = [Standardize(sizes[0], dtype=dtype)] if standardize else []
    for i in range(len(sizes) - 1):
        name = names[i] if i < n_hidden else names[-1] if names else activation
        row = initializers.get("sklearn_logistic" if name in LOGISTIC else "sklearn")
        w, b = row.weights(random, sizes[i], sizes[i + 1]), row.biases(random, sizes[i], sizes[i + 1])
        layers.append(Dense.over(w.astype(dtype), b.astype(dtype)))
        if i < n_hidden:
            if normalization is not None:
                layers.append(NORMALIZATIONS[normalization](sizes[i + 1], dtype=dtype))
            if name != "identity":
                layers.append(activations.find(name)())
            if rates[i] > 0:
                layers.append(Dropout(rates[i]))
    if output != "identity":
        layers.append(activations.find(output)())
    return Network(layers, loss)


def make_optimizer(est: Any) -> Optimizer:
    """The optimizer that `solver` and its companions ask for."""
    solver = est.solver
    if isinstance(solver, Optimizer):
        return solver
    schedule = schedules.resolve(est.learning_rate)
    if schedule.name == "invscaling":
        schedule = schedules.find("invscaling")(power=est.power_t)
    if solver == "sgd":
        return SGD(est.learning_rate_init, est.momentum, bool(est.nesterovs_momentum), schedule)
    if solver == "adam" and schedule.name in SKLEARN_SCHEDULES:
        schedule = schedules.find("constant")()
    row = OPTIMIZERS[solver]
    given = {name: getattr(est, name) for name in row.hyper if shares(est, name, row.hyper[name])}
    if row.decay is not None:
        given[row.decay] = float(est.alpha) if solver == "adamw" else 0.0
    return optimizers.find(solver)(learning_rate=est.learning_rate_init, schedule=schedule, **given)


def shares(est: Any, name: str, default: float) -> bool:
    """Tell whether the estimator has this constant as a parameter, with the same default."""
    kind: Any = type(est)
    parameter = parameters_of(kind).get(name)
    return parameter is not None and bool(parameter.default == default)


@cache
def parameters_of(kind: type) -> Mapping[str, Parameter]:
    """The constructor's parameters."""
    return signature(kind).parameters


def l2_of(est: Any) -> float:
    """`alpha` as L2 penalty; "adamw" takes it as decoupled decay instead."""
    return 0.0 if est.solver == "adamw" else float(est.alpha)


def limits_of(est: Any) -> dict[str, Any]:
    """Penalties and clipping, as `describe.training` takes them."""
    names = ("l1", "clip_norm", "clip_value", "max_norm")
    return {"l2": l2_of(est)} | {name: getattr(est, name) for name in names}


def make_loss(name: str, given: Any = None, label_smoothing: float = 0.0) -> Loss:
    """The loss of that name: the given object as it is, if it is one; else outputs summed and rows averaged.

    The latter is the objective whose gradient scikit-learn uses. Raises ParameterError where labels are to be smoothed
    by a loss that has no shares for targets, or twice.
    """
    if label_smoothing and isinstance(given, Loss) and given.smoothing:
        raise ParameterError(
            f"label_smoothing={label_smoothing:g} and loss={given!r} both smooth the labels: give one of the two."
        )
    if isinstance(given, Loss) and given.row.name == name:
        own = copy.copy(given)
        own.forget()
        return smoothing(own, label_smoothing)
    kind, options = losses.find(name), dict[str, Any]()
    if isinstance(given, Loss) and kind.row.p_name and given.row.p_name == kind.row.p_name:
        options[kind.row.p_name] = given.p  # the same loss for another number of classes
    share = given.smoothing if isinstance(given, Loss) else 0.0
    return smoothing(kind(reduction="mean_rows", **options), label_smoothing or share)


def smoothing(loss: Loss, share: float) -> Loss:
    """The loss with its labels smoothed by that share, where it is above 0."""
    if share and not loss.row.smooths:
        allowed = ", ".join(sorted(name for name, row in LOSSES.items() if row.smooths))
        raise ParameterError(
            f"label_smoothing={share:g} needs a loss whose targets are shares from 0 to 1, but loss={loss.name!r} has "
            f"none: use one of {allowed}, or label_smoothing=0."
        )
    if share:
        loss.label_smoothing = share
    return loss


def says_yes(row: Any, linked: bool) -> float:
    """The output above which it means yes: before (or after) the loss's link has made it a probability."""
    margin = row.targets == (-1.0, 1.0) or (row.link == "sigmoid" and not linked)
    return 0.0 if margin else 0.5


def draw_seed(random_state: Any) -> tuple[np.random.RandomState, Any]:
    """scikit-learn's random state, and a function that draws the counters' seed after the weights.

    A whole number seeds the one generator of this thread, for until the next call: making one takes 0.1 ms.
    """
    if isinstance(random_state, (int, np.integer)):
        random = getattr(OF_THREAD, "random", None)
        if random is None:
            random = OF_THREAD.random = np.random.RandomState()
        random.seed(random_state)
    else:
        random = check_random_state(random_state)
    return random, lambda: int(random.randint(np.iinfo(np.int32).max))
