"""Slips are named rightly on random networks.

They are made by the NumPy below, which fills in a sheet as a learner would, with one slip that is carried on; numbers
are rounded to two to four decimals, either on the way (`written`) or only on the sheet (`digits`). Nothing here is
shared with the table that detects them.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import chalknet as cn
from chalknet.chalk.slips import SLIPS

ACT = {
    "ReLU": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "LeakyReLU": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "Sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "Tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "Softplus": (lambda z: np.log1p(np.exp(z)), lambda z: 1 / (1 + np.exp(-z))),
}
KINDS = (
    "factor_two", "mean_forgotten", "new_weights", "derivative_of_output", "mask_forgotten", "transposed", "sign",
    "bias_forgotten", "input_forgotten", "prediction_for_error", "activation_forgotten", "arithmetic",
)  # fmt: skip


class ByHand:
    """A sheet filled in by hand: arrays by name, in the calculation's order."""

    def __init__(self, problem, slip="", how=None, decimals=None, carry="written"):
        self.p, self.slip, self.how, self.decimals, self.carry = problem, slip, how or {}, decimals, carry
        self.sheet = {}
        with np.errstate(all="ignore"):
            self.fill()

    def made(self, slip, layer=None, where=None, tick=""):
        """Whether the slip is made here."""
        return (
            self.slip == slip
            and layer in (None, self.how.get("layer"))
            and where in (None, self.how.get("where"))
            and tick in self.how.get("passes", ("",))
        )

    def put(self, name, value):
        """Write down an array; what one goes on with."""
        value = np.array(value, float)
        if self.slip == "arithmetic" and self.how["name"] == name:
            value.flat[self.how["place"]] += self.how["by"]
        rounded = value if self.decimals is None else np.round(value, self.decimals)
        self.sheet[name] = rounded
        return rounded if self.carry == "written" else value

    def forward(self, W, b, tick):
        p, L = self.p, len(W)
        a, Z, A = p["x"], [], [p["x"]]
        for n, (w, c, act) in enumerate(zip(W, b, p["acts"], strict=True), 1):
            w = w.T if self.made("transposed", n, "forward", tick) else w
            c = 0 * c if self.made("bias_forgotten", n, None, tick) else c
            if self.made("input_forgotten", n, "forward", tick):
                a = a * (np.arange(a.shape[1]) != self.how["k"])
            z = self.put(f"z{n}{tick}", a @ w + c)
            a = z
            if act:
                a = self.put(
                    f"a{n}{tick}", z if self.made("activation_forgotten", n, None, tick) else ACT[act][0](z)
                )
            Z, A = [*Z, z], [*A, a]
        y, m, n_out = p["y"], len(p["x"]), W[-1].shape[1]
        if p["loss"] == "softmax":
            e = np.exp(a - a.max(1, keepdims=True))
            q = e / e.sum(1, keepdims=True)
            a = self.put(f"a{L}{tick}", a if self.made("activation_forgotten", L, None, tick) else q)
            rows = -np.sum(y * np.log(a), 1)
        elif p["loss"] == "mse":
            error = a if self.made("prediction_for_error", None, "both", tick) else a - y
            rows = np.sum(error**2, 1) / n_out
        else:
            rows = -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a), 1) / n_out
        factor = self.how["by"] if self.made("factor_two", None, "both", tick) else 1.0
        forgot = self.made("mean_forgotten", None, "both", tick)
        if m > 1:
            rows = self.put(f"l{tick}", rows)
        share = (1 if forgot else m) if m > 1 else (1 / n_out if forgot and p["loss"] != "softmax" else 1)
        self.put(f"L{tick}", factor * np.sum(rows) / share)
        return Z, A, a

    def fill(self):
        p, L = self.p, len(self.p["W"])
        Z, A, q = self.forward(p["W"], p["b"], "")
        error = q if self.made("prediction_for_error") else q - p["y"]
        error = -error if self.made("sign", None, "error") else error
        share = len(q) if p["loss"] == "softmax" else q.size
        d = (
            error
            / (1 if self.made("mean_forgotten") else share)
            * (self.how["by"] if self.made("factor_two") else 1)
        )
        if p["loss"] == "mse":
            d = 2 * d
        if p["loss"] == "bce":
            d = d / (q * (1 - q))
        d = self.put(f"dL/d{'a' if p['acts'][-1] else 'z'}{L}", d)
        new_W, new_b = list(p["W"]), list(p["b"])
        for n in range(L, 0, -1):
            if act := p["acts"][n - 1]:
                slope = ACT[act][1](A[n] if self.made("derivative_of_output", n) else Z[n - 1])
                left_out = self.made("mask_forgotten", n) or self.made("activation_forgotten", n, "backward")
                d = self.put(f"dL/dz{n}", d if left_out else d * slope)
            g = A[n - 1].T @ d
            g = g.T if self.made("transposed", n, "gradient") else g
            g = np.ones_like(A[n - 1]).T @ d if self.made("input_forgotten", n, "gradient") else g
            g, h = self.put(f"dL/dW{n}", g), self.put(f"dL/db{n}", d.sum(0, keepdims=True))
            rate = -p["rate"] if self.made("sign", None, "update") else p["rate"]
            new_W[n - 1], new_b[n - 1] = p["W"][n - 1] - rate * g, p["b"][n - 1] - rate * h
            w = new_W[n - 1] if self.made("new_weights", n) else p["W"][n - 1]
            if self.made("new_weights", n) and self.decimals is not None and self.carry == "written":
                w = np.round(w, self.decimals)
            w = w.T if self.made("transposed", n, "backward") else w
            d = self.put("dL/dx" if n == 1 else f"dL/d{'a' if p['acts'][n - 2] else 'z'}{n - 1}", d @ w.T)
        for n in range(1, L + 1):
            new_W[n - 1] = self.put(f"W{n}'", new_W[n - 1])
            new_b[n - 1] = self.put(f"b{n}'", new_b[n - 1])
        self.forward(new_W, new_b, "'")

    def answers(self):
        """The numbers under their symbols."""
        out = {}
        for name, value in self.sheet.items():
            bare = name.removeprefix("dL/d")
            for i in np.ndindex(value.shape):
                alone = bare[0] == "b" or (bare[0] != "W" and value.ndim == 2 and len(value) == 1)
                place = ",".join(map(str, i[1:] if alone else i))
                out[f"{name}[{place}]" if i else name] = float(value[i])
        return out


def problem(rng, kind):
    """A random network with a sample or three, and a way to make the slip in it (None: there is none)."""
    L = rng.randint(1, 4)
    sizes = [rng.randint(2, 4)] * (L + 1) if kind == "transposed" else list(rng.randint(1, 5, L + 1))
    loss = rng.choice(["mse", "softmax", "bce"])
    hidden = rng.choice(list(ACT))
    hidden = "ReLU" if kind == "mask_forgotten" else hidden
    if kind == "derivative_of_output":
        hidden = rng.choice(["Sigmoid", "Tanh", "Softplus"])
    acts = [hidden] * (L - 1) + [
        "Sigmoid" if loss == "bce" else hidden if loss == "mse" and rng.rand() < 0.2 else None
    ]
    if loss == "softmax":
        sizes[-1] = max(sizes[-1], 2)
    m = rng.choice([1, 1, 2, 3])
    scale = rng.choice([0.5, 1, 2])
    W = [np.round(scale * rng.randn(a, b), 1) for a, b in pairwise(sizes)]
    y = {
        "mse": np.round(2 * rng.randn(m, sizes[-1]), 1),
        "softmax": np.eye(sizes[-1])[rng.randint(0, sizes[-1], m)],
        "bce": rng.randint(0, 2, (m, sizes[-1])).astype(float),
    }[loss]
    made = {
        "W": W, "b": [np.round(rng.randn(1, n), 1) for n in sizes[1:]], "x": np.round(2 * rng.randn(m, sizes[0]), 1),
        "y": y, "acts": acts, "loss": loss, "rate": rng.choice([0.01, 0.1, 0.5]),
    }  # fmt: skip
    active = [n for n in range(1, L + 1) if acts[n - 1]]
    if kind == "mask_forgotten":
        active = [n for n in active if acts[n - 1] == "ReLU"]
    if kind == "activation_forgotten":
        active = [n for n in active if n < L or loss == "mse"] + ([L] if loss == "softmax" else [])
    needs = kind in ("mask_forgotten", "activation_forgotten", "derivative_of_output")
    if (needs and not active) or (
        kind == "mean_forgotten" and m * (1 if loss == "softmax" else sizes[-1]) == 1
    ):
        return None
    layer = rng.choice(active) if needs else rng.randint(1, L + 1)
    where = {
        "transposed": ["forward", "backward", "gradient"], "sign": ["error", "update"],
        "input_forgotten": ["forward", "forward", "gradient"], "factor_two": ["both", "gradient"],
        "mean_forgotten": ["both", "gradient"], "prediction_for_error": ["gradient"] + ["both"] * (loss == "mse"),
    }  # fmt: skip
    how = {"layer": layer, "by": rng.choice([0.5, 2.0]), "k": rng.randint(sizes[layer - 1])}
    how["where"] = rng.choice(where[kind]) if kind in where else None
    if kind in ("bias_forgotten", "input_forgotten", "activation_forgotten") and rng.rand() < 0.5:
        how["passes"] = ("", "'")
    return made, how


def trace_of(made):
    layers = []
    for w, b, act in zip(made["W"], made["b"], made["acts"], strict=True):
        dense = cn.Dense(*w.shape)
        dense.weights, dense.biases = w, b
        layers += [dense, getattr(cn, act)()] if act else [dense]
    loss = {"mse": cn.MSE, "softmax": cn.SoftmaxCrossEntropy, "bce": cn.BinaryCrossEntropy}[made["loss"]]()
    return cn.explain(
        cn.Network(layers, loss, random_state=0), made["x"], made["y"], learning_rate=made["rate"]
    )


def tried(kind, seed):
    """(the report of a sheet with the slip, the first number that shows it); None where none does."""
    rng = np.random.RandomState(seed)
    drawn = problem(rng, kind)
    if drawn is None:
        return None
    made, how = drawn
    options = {"decimals": int(rng.randint(2, 5)), "carry": rng.choice(["written", "digits"])}
    right = ByHand(made, **options).answers()
    trace = trace_of(made)
    if not np.isfinite(list(right.values())).all():
        return None
    report = cn.check_work(trace, right)
    assert report, f"right answers called wrong: {kind}, {seed}\n{report}"
    if kind == "arithmetic":
        exact = ByHand(made).sheet
        how["name"] = rng.choice(list(exact))
        how["place"] = rng.randint(exact[how["name"]].size)
        size = abs(exact[how["name"]].flat[how["place"]])
        how["by"] = rng.choice([-1, 1]) * (
            rng.uniform(0.02, 0.3) * size if rng.rand() < 0.5 else rng.uniform(0.3, 3)
        )
    wrong = ByHand(made, kind, how, **options).answers()
    if not np.isfinite(list(wrong.values())).all():
        return None
    report = cn.check_work(trace, wrong)
    return None if report else (report, next(s for s in wrong if wrong[s] != right[s]))


@pytest.mark.parametrize(
    "kind", [*KINDS[:3], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[3:])]
)
def test_an_injected_slip_is_named(kind):
    rate(kind, range(24), 0.9)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_an_injected_slip_is_named_on_hundreds_of_networks(kind):
    rate(kind, range(150), 0.95)


def rate(kind, seeds, least):
    found = [f for f in (tried(kind, seed) for seed in seeds) if f is not None]
    assert len(found) >= 0.3 * len(seeds)
    named = []
    for report, _ in found:
        rows = {row.symbol: row for row in report.rows}
        first = rows[report.first_wrong]
        named.append(first.slip == kind or f"({kind})" in first.reason)
        assert not first.ok
        assert not first.follows
    assert np.mean(named) >= least, f"{kind}: {np.mean(named):.3f} of {len(named)}"
    # what comes after the slip follows from it, but where the very first sign of it was rounded away
    others = [
        any(not (r.ok or r.follows or r.slip == kind or kind in r.reason) for r in report.rows)
        for report, _ in found
    ]
    assert np.mean(others) <= 0.15
    # in the array where it shows first (of its own numbers, some are too near to the right ones to be called wrong)
    early = [report.first_wrong.split("[")[0] == symbol.split("[")[0] for report, symbol in found]
    assert np.mean(early) >= 0.9


def test_every_slip_of_the_contract_has_a_row():
    assert {slip.name for slip in SLIPS} | {"arithmetic"} == set(KINDS)
    assert len(SLIPS) == len(KINDS) - 1


def test_where_two_slips_give_one_number_both_are_named():
    net = cn.Network([cn.Dense(1, 2)], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[1.5, 2.0]], 0.0
    trace = cn.explain(net, [[2.0]], [[1.0, 1.0]], learning_rate=0.1)
    row = cn.check_work(trace, {"dL/dz1[0]": 4.0}).rows[0]
    assert row.slip in ("factor_two", "mean_forgotten")
    assert "(factor_two)" in row.reason
    assert "(mean_forgotten)" in row.reason


def slip_of(trace, symbol, value, **more):
    return cn.check_work(trace, {symbol: value, **more}).rows[-1]


def test_slips_elsewhere():
    """What the networks above do not have: dropout, momentum, softmax layers, given numbers."""
    net = cn.Network(
        [cn.Dense(2, 2), cn.Dropout(0.5), cn.Dense(2, 2), cn.Softmax()], loss=cn.MSE(), random_state=3
    )
    net.layers[0].weights = [[0.5, -1.5], [2.0, 1.0]]
    net.layers[0].biases = [[0.25, 0.5]]
    trace = cn.explain(net, [[1.0, 2.0]], [[1.0, 0.0]], optimizer=cn.SGD(0.1, momentum=0.9))
    mask = trace.array("mask1")[0]
    off, on = int(np.argmin(mask)), int(np.argmax(mask))
    z1, dh = trace.array("z1")[0], trace.array("dL/dh1")[0]
    assert mask[off] == 0
    assert slip_of(trace, f"h1[{off}]", round(float(z1[off]), 4)).slip == "mask_forgotten"
    assert slip_of(trace, f"dL/dz1[{off}]", round(float(dh[off]), 4)).slip == "mask_forgotten"
    q, d = trace.array("a2")[0], trace.array("dL/da2")[0]
    again = np.exp(q) / np.exp(q).sum()
    wrong = again * (d - (again * d).sum())
    assert slip_of(trace, "dL/dz2[0]", round(float(wrong[0]), 4)).slip == "derivative_of_output"
    assert slip_of(trace, "dL/dz2[1]", round(float(d[1]), 4)).slip == "activation_forgotten"
    assert slip_of(trace, "W1[0,1]", 2.0).slip == "transposed"
    assert slip_of(trace, "W1[0,1]", 1.5).slip == "sign"
    assert slip_of(trace, "x[1]", 2.01).slip == "arithmetic"
    assert slip_of(trace, "x[1]", 999.0).slip is None
    g = float(trace.array("dL/dW2")[on, 0])
    v = trace.value(f"vW2'[{on},0]")
    assert slip_of(trace, f"vW2'[{on},0]", round(-v, 5)).slip == "sign"
    assert slip_of(trace, f"vW2'[{on},0]", round(-0.2 * g, 5)).slip == "factor_two"


def test_a_transposed_gradient_in_the_update_and_a_table_in_the_other_order():
    net = cn.Network([cn.Dense(2, 2), cn.Dense(2, 3)], loss=cn.HalfSquaredError(), random_state=1)
    trace = cn.explain(net, [[1.0, -3.0]], [[1.0, 0.0, 2.0]], learning_rate=0.5)
    W, g = trace.array("W1"), trace.array("dL/dW1")
    assert slip_of(trace, "W1'[0,1]", round(float(W[0, 1] - 0.5 * g[1, 0]), 4)).slip == "transposed"
    wide = np.outer(trace.array("dL/dz2"), trace.array("z1")).reshape(2, 3)  # (out, in) in reading order
    report = cn.check_work(
        trace, {f"dL/dW2[{i},{j}]": round(float(wide[i, j]), 4) for i in range(2) for j in range(3)}
    )
    assert all(row.ok or row.slip == "transposed" for row in report.rows)
    assert not report


def test_mean_and_two_at_once():
    net = cn.Network([cn.Dense(1, 3)], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[1.0, 2.0, 4.0]], 0.0
    trace = cn.explain(net, [[1.0]], [[0.5, 0.5, 1.0]], learning_rate=0.1)
    report = cn.check_work(trace, {"dL/dz1[0]": 0.5, "dL/dz1[1]": 1.5, "dL/dz1[2]": 3.0})  # ŷ − y
    assert {row.slip for row in report.rows} == {"mean_forgotten"}
