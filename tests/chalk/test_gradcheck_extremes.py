"""cn.check_gradients on networks and inputs of any size: what is right passes, and what cannot be seen is told."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import chalknet as cn
from chalknet.chalk.expr import Symbol
from chalknet.chalk.running_error import running_error
from chalknet.engines import describe
from chalknet.layers import activation
from chalknet.layers.activation import CLASSES as ACTIVATIONS
from chalknet.layers.loss import CLASSES as LOSSES

SMOOTH = [name for name in ACTIVATIONS if name not in ("exp", "step")]


def extreme(seed):
    """A network of random activations under a random loss, whose numbers may be tiny or huge."""
    rng = np.random.RandomState(seed)
    objective = rng.choice([cls for cls in LOSSES.values() if not cls.row.d_p])()
    hidden = [activation.find(rng.choice(SMOOTH))() for _ in range(rng.randint(4))]
    sizes, layers = [3, *[4] * len(hidden), 3], []
    for k, layer in enumerate([*hidden, None]):
        layers += [cn.Dense(sizes[k], sizes[k + 1]), layer]
    last = [] if objective.row.pair == "identity" else [activation.find(objective.row.pair)()]
    net = cn.Network([*layers[:-1], *last], objective)
    net.parameters = 0.7 * np.random.RandomState(seed).randn(net.parameters.size) * 10 ** rng.uniform(-2, 2)
    x, row = rng.randn(4, 3) * 10 ** rng.uniform(-3, 3), objective.row
    if row.labels:
        return net, x, rng.randint(0, 3, 4)
    if row.targets[0] == -1.0:
        return net, x, rng.choice([-1.0, 1.0], (4, 3))
    if row.targets[1] == 1.0:
        return net, x, rng.dirichlet(np.ones(3), 4)
    return net, x, rng.poisson(2.0, (4, 3)) + 0.5 * row.above if row.targets[0] == 0.0 else rng.randn(4, 3)


def check(seed):
    net, x, y = extreme(seed)
    value = net.loss.forward(net.forward(x), y)
    joint = describe.joint_loss(net.layers, net.loss)  # which has no floor
    if np.isfinite(value) and (joint is None or np.isfinite(joint.forward(net.layers[-1].inputs, y))):
        report = cn.check_gradients(net, x, y)
        assert report or report.worst is None, (seed, report)


# where the second derivative jumps within the step, where the loss's own terms cancel, where it is held at its floor
@pytest.mark.parametrize("seed", [406, 693, 957, 1254, 2126, 2376, 3443, 3700, 3800, 4220, 4692, 5433])
def test_networks_that_are_hard_to_check(seed):
    check(seed)


@pytest.mark.slow
def test_two_thousand_networks_of_any_size():
    with np.errstate(over="ignore", invalid="ignore"):  # some of them overflow
        for seed in range(2000):
            check(seed)


def sure(scale, objective):
    net = cn.Network([cn.Dense(2, 3), cn.Softmax()], objective)
    net.layers[0].weights, net.layers[0].biases = scale * np.array([[1.0, 0.0, -1.0], [0.0, 0.5, 0.0]]), 0.0
    return net


def test_predictions_at_the_losss_floor_are_left_out_and_told():
    X, y = [[1.0, 0.5], [0.1, 0.0]], [[0.2, 0.3, 0.5], [0.3, 0.3, 0.4]]
    report = cn.check_gradients(sure(46.0, cn.KLDivergence()), X, y)
    assert report and report.floored == 1
    assert "1 prediction lies where the loss is held at its floor and shows no slope: left out." in str(
        report
    )
    both = cn.check_gradients(sure(46.0, cn.KLDivergence()), [X[0], X[0]], y)
    assert both and both.floored == 2 and "2 predictions lie where" in str(both)
    near = cn.check_gradients(sure(1.0, cn.KLDivergence()), X, y)
    assert near and near.floored == 0 and "floor" not in str(near)


def test_what_is_wrong_beside_a_floor_is_still_caught(monkeypatch):
    net = sure(46.0, cn.KLDivergence())
    backward = cn.Dense.backward

    def wrong(self, dvalues):
        out = backward(self, dvalues)
        self.dweights = self.dweights * (1 + 1e-4)
        return out

    monkeypatch.setattr(cn.Dense, "backward", wrong)
    assert not cn.check_gradients(net, [[1.0, 0.5], [0.1, 0.0]], [[0.2, 0.3, 0.5], [0.3, 0.3, 0.4]])


@pytest.mark.parametrize("name", [n for n, c in LOSSES.items() if not c().row.whole_row])
def test_the_bound_on_rounding_holds_and_is_not_far_off(name):
    """Each loss in float64 beside 50 digits: never farther off than the bound, and the bound is of that size."""
    row, rng, ratios = LOSSES[name]().row, np.random.RandomState(3), []
    for _ in range(200):
        low, high = (max(row.domain[0], -3.0), min(row.domain[1], 3.0))
        a = rng.uniform(low, high)
        y = float(
            rng.choice(
                np.clip([a + rng.randn() * 10.0 ** rng.randint(-8, 1), 1.0, 0.5 * row.above], *row.targets)
            )
        )
        y = max(y, 1e-3 * row.above)
        bound = float(running_error(row.f(Symbol("y", y), Symbol("a", a), row.p))) * 2.0**-53
        with mpmath.workdps(50):
            wide = row.f(Wide(y), Wide(a), row.p).v
            off = abs(float(mpmath.mpf(float(row.f(y, a, row.p))) - wide))
        assert off <= 2 * bound + 1e-300, (y, a, off, bound)
        ratios.append(bound / 2.0**-53)
    assert np.median(ratios) < 20


class Wide(np.lib.mixins.NDArrayOperatorsMixin):
    """A number of 50 digits that formulas take like any other."""

    def __init__(self, v):
        self.v = mpmath.mpf(v)

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        wide = [a.v if isinstance(a, Wide) else mpmath.mpf(float(a)) for a in args]
        own = {
            "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
            "divide": lambda a, b: a / b, "negative": lambda a: -a, "absolute": abs, "maximum": max, "minimum": min,
            "power": lambda a, b: a**b, "log": mpmath.log, "log1p": mpmath.log1p, "exp": mpmath.exp,
            "expm1": mpmath.expm1, "tanh": mpmath.tanh, "sqrt": mpmath.sqrt,
        }.get(ufunc.__name__)  # fmt: skip
        if ufunc.__name__ == "xlogy":
            return Wide(0 if wide[0] == 0 else wide[0] * mpmath.log(wide[1]))
        if own is not None:
            return Wide(own(*wide))
        return {"less": wide[0] < wide[-1], "greater": wide[0] > wide[-1], "greater_equal": wide[0] >= wide[-1],
                "less_equal": wide[0] <= wide[-1], "equal": wide[0] == wide[-1]}[ufunc.__name__]  # fmt: skip

    def __array_function__(self, func, types, args, kwargs):
        assert func.__name__ == "where"
        return args[1] if args[0] else args[2]
